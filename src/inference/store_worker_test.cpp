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
    merge_store(system_env(), plan, source, out, {"background", "a", "b"});
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
    merge_store(system_env(), plan, source, out, {"background", "a", "b"});
    FAIL() << "a merge of a damaged tile";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("2 of 8 tiles cannot be merged: tile 3 differs from its digest; tile 6 is missing"), std::string::npos) << error.message();
  }
  EXPECT_EQ(run_store_worker(system_env(), network, plan, source, out, 0, 1, pool).done, 2);
  EXPECT_EQ(read_text(system_env(), shard), bytes);
  EXPECT_NE(open_store_source(system_env(), store({20, 21, 22}, 2)).digest, source.digest);
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
