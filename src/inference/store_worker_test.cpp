#include "inference/store_worker.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "inference/store_record.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

class StoreWorker : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/tomograd-store-XXXXXX";
    ASSERT_TRUE(::mkdtemp(path));
    folder_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Network network() {
    ModelSpec spec;
    spec.kind = "msd", spec.in_channels = 1, spec.out_channels = 3, spec.patch = cube(16), spec.depth = 3;
    Network made(build_graph(spec), 5, {"a"});
    torch::NoGradGuard no_grad;
    int64_t number = 0;                          // the last layer starts at zero, which would choose class 0 everywhere
    for (auto& [name, tensor] : made.parameters()) tensor.copy_(at::sin(at::arange(tensor.numel(), at::kFloat) * 1.7 + double(++number)).reshape(tensor.sizes()) * 0.4);
    return made;
  }

  std::string store(Extent size, uint64_t seed) {
    std::string path = folder_ + "/store" + std::to_string(seed) + to_string(size);
    ZarrArrayInfo info;
    info.shape = {1, size.z, size.y, size.x}, info.chunk.shape = info.shard = {1, 16, 16, 16}, info.chunk.order = {0, 1, 2, 3}, info.chunk.codecs = {ZarrCodec{}};
    create_zarr_array(system_env(), path, info);
    ZarrWriter writer(system_env(), path);
    std::vector<ZarrIndex> chunks;
    ZarrIndex grid = info.chunk_grid();
    for (int64_t z = 0; z < grid[1]; ++z)
      for (int64_t y = 0; y < grid[2]; ++y)
        for (int64_t x = 0; x < grid[3]; ++x) chunks.push_back({0, z, y, x});
    writer.put(chunks, [&](size_t i, unsigned char* into) {
      for (uint64_t v = 0; v < 4096; ++v) {
        float value = float(((i * 4096 + v + 1) * 2654435761u + seed * 40503u) % 4093) / 1024 - 2;
        std::memcpy(into + v * 4, &value, 4);
      }
    });
    return path;
  }

  StorePlan plan_of(StoreSource& source, Extent tile, Extent halo) {
    StorePlan plan{StoreTiles(source.array->size(), tile, halo), "m", source.path, source.digest, "f32", "any", {ChannelConstants{}}, {0, 1, 7}, 0, 0};
    return plan;
  }

  // Labels of the whole volume by tiles of this size.
  std::vector<uint8_t> predicted(Network& network, const std::string& store, Extent tile, Extent halo, const std::string& out) {
    StoreSource source = open_store_source(system_env(), store);
    StorePlan plan = plan_of(source, tile, halo);
    ThreadPool pool(2);
    publish_plan(system_env(), out, plan);
    for (int64_t worker : {2, 0, 1}) run_store_worker(system_env(), network, plan, source, out, worker, 3, pool);
    merge_store(system_env(), plan, source, out, {"background", "a", "b"}, pool);
    ZarrReadOptions options;
    options.missing_is_error = true;
    ZarrArray array(system_env(), output_folder(out), options);
    std::vector<uint8_t> labels(size_t(source.array->size().voxels()));
    array.read_raw(0, {{}, source.array->size()}, labels.data());
    return labels;
  }

  std::string folder_;
};

// A halo of half the receptive field (1 + 2 + 3 voxels for three layers) reaches all that a core voxel depends on.
TEST_F(StoreWorker, TilesGiveTheBytesOfTheUntiledPrediction) {
  Network network = this->network();
  ASSERT_EQ(receptive_field(network.graph()), cube(13));
  int number = 0;
  for (Extent size : {Extent{31, 37, 41}, Extent{17, 50, 23}, Extent{40, 19, 33}}) {
    std::string path = store(size, 1), run = folder_ + "/out" + std::to_string(++number);
    std::vector<uint8_t> whole = predicted(network, path, size, cube(0), run);
    EXPECT_GT(std::count(whole.begin(), whole.end(), 0), 0);
    EXPECT_LT(std::count(whole.begin(), whole.end(), 0), int64_t(whole.size()));
    for (Extent tile : {Extent{16, 13, 20}, Extent{9, 24, 16}}) EXPECT_EQ(predicted(network, path, tile, cube(6), run + to_string(tile)), whole) << to_string(size) << " in tiles of " << to_string(tile);
    EXPECT_NE(predicted(network, path, {9, 24, 16}, cube(0), run + "seams"), whole);  // the comparison can fail
  }
}

TEST_F(StoreWorker, ReadyTilesAreLeftAndDamagedOnesDoneAgain) {
  Network network = this->network();
  std::string out = folder_ + "/out";
  std::string path = store({20, 21, 22}, 1);
  std::vector<uint8_t> labels = predicted(network, path, cube(16), cube(6), out);
  StoreSource source = open_store_source(system_env(), path);
  StorePlan plan = plan_of(source, cube(16), cube(6));
  ThreadPool pool(1);
  EXPECT_EQ(run_store_worker(system_env(), network, plan, source, out, 0, 1, pool).skipped, 8);
  std::string shard = shard_path(out, plan, 3);
  std::string bytes = read_text(system_env(), shard);
  std::string damaged = bytes;
  damaged[5] ^= 1;
  publish_text(system_env(), shard, damaged);
  system_env().remove_file(record_path(out, 6));
  try {
    merge_store(system_env(), plan, source, out, {"background", "a", "b"}, pool);
    FAIL() << "a merge of a damaged tile";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("2 of 8 tiles cannot be merged: tile 3 differs from its digest; tile 6 is missing"), std::string::npos) << error.message();
  }
  EXPECT_EQ(run_store_worker(system_env(), network, plan, source, out, 0, 1, pool).done, 2);
  EXPECT_EQ(read_text(system_env(), shard), bytes);
  EXPECT_NE(open_store_source(system_env(), store({20, 21, 22}, 2)).digest, source.digest);
}

// A network of somebody else: class 1 where the voxels `reach` before and behind along the axes sum up to more than 0. It returns that
// many voxels less on each side, or takes what lies beyond its window for 0.
RegionForward sum_network(int64_t reach, bool valid) {
  return [=](const float* window, Extent size, float* logits) {
    int64_t cut = valid ? reach : 0, number = 0;
    Extent out = size - cube(2 * cut);
    auto at = [&](int64_t z, int64_t y, int64_t x) { return z >= 0 && y >= 0 && x >= 0 && z < size.z && y < size.y && x < size.x ? window[(z * size.y + y) * size.x + x] : 0.0f; };
    for (int64_t z = cut; z < cut + out.z; ++z)
      for (int64_t y = cut; y < cut + out.y; ++y)
        for (int64_t x = cut; x < cut + out.x; ++x, ++number) {
          logits[number] = 0;
          logits[number + out.voxels()] = at(z - reach, y, x) + at(z + reach, y, x) + at(z, y - reach, x) + at(z, y + reach, x) + at(z, y, x - reach) + at(z, y, x + reach);
        }
  };
}

// Windows of one size give what the network gives for the whole volume, whether they fit into it or not.
TEST_F(StoreWorker, WindowsOfOneSizeGiveTheUntiledPrediction) {
  ThreadPool pool(2);
  int number = 0;
  for (Extent size : {Extent{31, 37, 41}, Extent{5, 50, 23}, Extent{40, 3, 16}}) {
    std::string path = store(size, 1);
    for (bool valid : {true, false}) {
      StoreSource source = open_store_source(system_env(), path);
      Buffer<float> voxels(size.voxels()), logits(2 * size.voxels());
      source.array->read(0, {{}, size}, voxels.data());
      sum_network(2, false)(voxels.data(), size, logits.data());  // beyond the volume is 0, as the channel's outside value
      std::vector<uint8_t> whole;
      for (int64_t v = 0; v < size.voxels(); ++v) whole.push_back(logits.data()[v + size.voxels()] > 0 ? 9 : 4);
      for (auto [tile, halo] : {std::pair{Extent{8, 13, 20}, cube(2)}, {cube(16), Extent{3, 2, 5}}, {cube(64), cube(2)}, {cube(12), cube(valid ? 3 : 0)}}) {
        StorePlan plan = plan_of(source, tile, halo);
        plan.values = {4, 9}, plan.window = {tile + halo + halo, cube(valid ? 2 : 0), "none", "auto", "zyx"};
        std::string out = folder_ + "/window" + std::to_string(++number);
        publish_plan(system_env(), out, plan);
        StorePlan read = parse_plan(read_text(system_env(), plan_path(out)), "plan.json");
        for (int64_t worker : {1, 0}) run_window_worker(system_env(), sum_network(2, valid), read, source, out, worker, 2, pool);
        merge_store(system_env(), read, source, out, {"background", "class 1"}, pool);
        ZarrArray array(system_env(), output_folder(out), {true, 1 << 16, ""});
        std::vector<uint8_t> labels(whole.size());
        array.read_raw(0, {{}, size}, labels.data());
        EXPECT_EQ(labels == whole, halo.z > 0) << to_string(size) << " in tiles of " << to_string(tile) << " with " << to_string(halo) << (valid ? ", valid" : "");
      }
    }
  }
}

TEST_F(StoreWorker, TheMergeMakesCoarserLevelsOnceAndRepairsThem) {
  Network network = this->network();
  std::string out = folder_ + "/out", path = store({20, 70, 90}, 1);
  predicted(network, path, {20, 35, 45}, cube(6), out);
  ZarrImage image = read_zarr_image(system_env(), out);
  ASSERT_EQ(image.levels.size(), 2u);
  EXPECT_TRUE(image.labels);
  EXPECT_EQ(image.levels[1].scale, (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(ZarrArray(system_env(), out + "/s1").size(), (Extent{10, 35, 45}));
  StoreSource source = open_store_source(system_env(), path);
  StorePlan plan = plan_of(source, {20, 35, 45}, cube(6));
  ThreadPool pool(2);
  std::string shard = out + "/s1/c/0/0/0", bytes = read_text(system_env(), shard), manifest = read_text(system_env(), out + "/manifest.json");
  int slabs = 0;
  auto merge = [&] { merge_store(system_env(), plan, source, out, {"background", "a", "b"}, pool, usual_label_slab, {}, [&](double) { ++slabs; }); };
  merge();
  EXPECT_EQ(slabs, 0);                           // they were there
  publish_text(system_env(), shard, bytes.substr(0, bytes.size() / 2));
  merge();
  EXPECT_GT(slabs, 0);
  EXPECT_EQ(read_text(system_env(), shard), bytes);
  system_env().remove_file(out + "/s1/zarr.json"), system_env().remove_file(out + "/manifest.json"), system_env().remove_file(out + "/complete");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(merge_store(system_env(), plan, source, out, {"background", "a", "b"}, pool, usual_label_slab, stop.get_token()), Error);
  EXPECT_FALSE(std::filesystem::exists(out + "/complete"));
  merge();
  EXPECT_EQ(read_text(system_env(), shard), bytes);
  EXPECT_EQ(read_text(system_env(), out + "/manifest.json"), manifest);
}

TEST_F(StoreWorker, ABudgetTooSmallNamesATileThatFits) {
  Network network = this->network();
  StoreTiles tiles({256, 256, 256}, cube(256), cube(6));
  int64_t need = store_tile_bytes(network.graph(), tiles, 4, 2);
  EXPECT_NO_THROW(check_store_memory(network.graph(), tiles, 4, 2, 1000, need + 1000));
  try {
    check_store_memory(network.graph(), tiles, 4, 2, 1000, need);
    FAIL() << "more than the limit";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::budget);
    EXPECT_EQ(error.hint().rfind("--tile 240,256,256 needs ", 0), 0u) << error.hint();
  }
}

}  // namespace
}  // namespace tomograd
