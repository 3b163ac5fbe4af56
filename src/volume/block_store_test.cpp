#include "volume/block_store.h"

#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "base/random.h"
#include "support/fault_env.h"
#include "volume/block_store_counts.h"
#include "volume/block_store_pyramid.h"
#include "volume/block_store_source.h"
#include "volume/zarr_array.h"
#include "volume/zarr_test_files.h"

namespace tomograd {
namespace {

class MemorySlabs : public SlabSource {          // u16; counts what is asked for and whether it is in order
 public:
  MemorySlabs(Extent size, int64_t channels, std::function<uint16_t(int64_t, int64_t, int64_t, int64_t)> voxel) : size_(size), channels_(channels), voxel_(std::move(voxel)) {}
  Geometry geometry() const override { return {size_, {{{0.5, 0, 0, -3}, {0, 0.5, 0, 4}, {0, 0, 1.5, 7}}}}; }
  int64_t channels() const override { return channels_; }
  VoxelType type() const override { return VoxelType::u16; }
  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    EXPECT_EQ(std::pair(channel, z_begin), next_);
    next_ = z_end == size_.z ? std::pair{channel + 1, int64_t{0}} : std::pair{channel, z_end};
    most_planes_ = std::max(most_planes_, z_end - z_begin);
    uint16_t* to = static_cast<uint16_t*>(into);
    for (int64_t z = z_begin; z < z_end; ++z)
      for (int64_t y = 0; y < size_.y; ++y)
        for (int64_t x = 0; x < size_.x; ++x) *to++ = voxel_(channel, z, y, x);
  }
  int64_t most_planes() const { return most_planes_; }

 private:
  Extent size_;
  int64_t channels_, most_planes_ = 0;
  std::function<uint16_t(int64_t, int64_t, int64_t, int64_t)> voxel_;
  std::pair<int64_t, int64_t> next_{0, 0};
};

uint16_t image_voxel(int64_t c, int64_t z, int64_t y, int64_t x) { return uint16_t(c * 30000 + z * 700 + y * 20 + x); }
uint16_t label_voxel(int64_t, int64_t z, int64_t y, int64_t x) { return uint16_t(z < 5 && y < 6 ? 1 : x > 20 ? 3 : 0); }

std::vector<uint16_t> all_of(const std::string& folder, int64_t lead = 0) {
  ZarrArray array(system_env(), folder, {true, 1 << 16, ""});
  std::vector<uint16_t> voxels(size_t(array.size().voxels()));
  array.read_labels(lead, {{0, 0, 0}, array.size()}, voxels.data());
  return voxels;
}

TEST(BlockStore, LevelsHoldMeansAndMajorities) {
  ThreadPool pool(3);
  for (Extent block : {Extent{4, 8, 8}, Extent{5, 7, 9}, Extent{3, 64, 64}}) {
    SCOPED_TRACE(to_string(block));
    TemporaryFolder folder;
    Extent size{11, 15, 27};
    MemorySlabs image(size, 2, image_voxel), label(size, 1, label_voxel);
    BlockStoreOptions options;
    options.block = block, options.levels = 3;
    auto report = write_block_store(system_env(), image, {{"label", &label}}, folder / "s.zarr", options, pool);
    EXPECT_EQ(report.levels, (std::vector<Extent>{size, {11, 8, 14}, {6, 4, 7}}));  // 0.5 mm along y and x, 1.5 along z: z is halved later
    EXPECT_LE(image.most_planes(), block.z);
    for (bool majority : {false, true})
      for (int64_t c = 0; c < (majority ? 1 : 2); ++c) {
        std::string group = folder / (majority ? "s.zarr/labels/label" : "s.zarr");
        std::vector<uint16_t> fine = all_of(group + "/s0", c);
        for (size_t i = 0; i < fine.size(); ++i) {
          int64_t x = int64_t(i) % size.x, y = int64_t(i) / size.x % size.y, z = int64_t(i) / size.x / size.y;
          ASSERT_EQ(fine[i], (majority ? label_voxel : image_voxel)(c, z, y, x));
        }
        for (size_t k = 1; k < 3; ++k) {         // each level against the one before it, the obvious way
          Extent from = report.levels[k - 1], to = report.levels[k];
          std::vector<uint16_t> coarse = all_of(text(group, "/s", k), c);
          Extent factor{from.z == to.z ? 1 : 2, 2, 2};
          for (int64_t z = 0; z < to.z; ++z)
            for (int64_t y = 0; y < to.y; ++y)
              for (int64_t x = 0; x < to.x; ++x) {
                std::map<int, int> seen;
                double sum = 0, count = 0;
                for (int64_t dz = 0; dz < factor.z; ++dz)
                  for (int64_t dy = 0; dy < 2; ++dy)
                    for (int64_t dx = 0; dx < 2; ++dx) {
                      int64_t fz = z * factor.z + dz, fy = y * 2 + dy, fx = x * 2 + dx;
                      if (fz >= from.z || fy >= from.y || fx >= from.x) continue;
                      int value = fine[size_t((fz * from.y + fy) * from.x + fx)];
                      ++seen[value], sum += value, ++count;
                    }
                int most = 0, wanted = 0;
                for (auto [value, times] : seen)
                  if (times > most) most = times, wanted = value;
                if (!majority) wanted = int(std::nearbyint(sum / count));
                ASSERT_EQ(int(coarse[size_t((z * to.y + y) * to.x + x)]), wanted) << k << " " << z << " " << y << " " << x;
              }
          fine = coarse;
        }
      }
  }
}

TEST(BlockStore, GeometryOfEveryLevel) {
  TemporaryFolder folder;
  ThreadPool pool(1);
  MemorySlabs image({8, 16, 16}, 1, image_voxel);
  BlockStoreOptions options;
  options.block = {4, 4, 4}, options.levels = 3;
  auto report = write_block_store(system_env(), image, {}, folder / "s", options, pool);
  ZarrImage read = read_zarr_image(system_env(), folder / "s");
  EXPECT_TRUE(read.orientation_known);
  Geometry fine = read.geometry(0, report.levels[0]), coarse = read.geometry(2, report.levels[2]);
  EXPECT_EQ(fine.affine, image.geometry().affine);
  auto a = coarse.world(0, 0, 0), b = fine.world(0.5, 1.5, 1.5);  // the centre of what voxel 0 was made of
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
  auto slabs = open_slabs(system_env(), folder / "s");
  EXPECT_EQ(slabs->geometry().affine, image.geometry().affine);
}

TEST(BlockStore, LayoutsAndCodecsHoldTheSame) {
  ThreadPool pool(2);
  TemporaryFolder folder;
  int number = 0;
  for (bool shards : {true, false})
    for (int kind = -1; kind < 3; ++kind) {
      MemorySlabs image({9, 20, 30}, 1, image_voxel);
      BlockStoreOptions options;
      options.block = {4, 8, 8}, options.shards = shards, options.shard_bytes = 6000;
      ZarrCodec codec;
      codec.kind = kind == 1 ? ZarrCodec::Kind::blosc : kind == 2 ? ZarrCodec::Kind::gzip : ZarrCodec::Kind::zstd;
      options.codecs = kind < 0 ? std::vector<ZarrCodec>{} : std::vector<ZarrCodec>{codec};
      std::string store = folder / text("s", number++);
      auto report = write_block_store(system_env(), image, {}, store, options, pool);
      EXPECT_EQ(report.blocks, 3 * 3 * 4);
      EXPECT_LE(report.shard.voxels() * 2, 6000);
      std::vector<uint16_t> voxels = all_of(store + "/s0");
      EXPECT_EQ(voxels[size_t((8 * 20 + 19) * 30 + 29)], image_voxel(0, 8, 19, 29));
      EXPECT_EQ(voxels, all_of(folder / "s0/s0"));
    }
}

TEST(BlockStore, CountsAndSelection) {
  TemporaryFolder folder;
  ThreadPool pool(2);
  Extent size{11, 15, 27};
  MemorySlabs image(size, 1, image_voxel), label(size, 1, label_voxel), mask(size, 1, [](int64_t, int64_t z, int64_t, int64_t) { return uint16_t(z >= 4); });
  BlockStoreOptions options;
  options.block = {4, 8, 8};
  std::string store = folder / "s";
  write_block_store(system_env(), image, {{"label", &label}, {"mask", &mask}}, store, options, pool);
  LabelCounts counts = read_label_counts(system_env(), store, "label");
  EXPECT_EQ(counts.values, (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(counts.grid, (Extent{3, 2, 4}));
  std::vector<Extent> by_share, by_count, by_mask;
  for (int64_t b = 0; b < counts.grid.voxels(); ++b) {
    Extent at{b / 8, b / 4 % 2, b % 4};
    int64_t ones = 0, threes = 0, all = 0;
    for (int64_t z = at.z * 4; z < std::min<int64_t>(11, at.z * 4 + 4); ++z)
      for (int64_t y = at.y * 8; y < std::min<int64_t>(15, at.y * 8 + 8); ++y)
        for (int64_t x = at.x * 8; x < std::min<int64_t>(27, at.x * 8 + 8); ++x) {
          uint16_t value = label_voxel(0, z, y, x);
          ones += value == 1, threes += value == 3, ++all;
        }
    EXPECT_EQ(counts.counts[1][size_t(b)], ones);
    EXPECT_EQ(counts.counts[2][size_t(b)], threes);
    EXPECT_EQ(counts.block_voxels(b), all);
    if (100.0 * double(ones) / double(all) >= 5) by_share.push_back(at);
    if (ones + threes > 60) by_count.push_back(at);
    if (at.z >= 1 && ones > 0) by_mask.push_back(at);
  }
  ASSERT_FALSE(by_share.empty());
  EXPECT_EQ(select_blocks(system_env(), store, "label1 >= 5 %"), by_share);
  EXPECT_EQ(select_blocks(system_env(), store, "label1>=5%"), by_share);
  EXPECT_EQ(select_blocks(system_env(), store, "label > 60"), by_count);
  EXPECT_EQ(select_blocks(system_env(), store, "mask1 == 100 % and label1 > 0"), by_mask);
  EXPECT_TRUE(select_blocks(system_env(), store, "label7 > 0").empty());
  for (auto [bad, part] : {std::pair{"", "the name"}, {"label1", "one of < <="}, {"label1 => 3", "one of < <="}, {"label1 > x", "a number"}, {"label1 > 3 or mask > 1", "\"and\""}, {"label1 > 3 and", "the name"},
                           {"other > 3", "label images: \"label\", \"mask\""}, {"label99999999999 > 0", "below 2^32"}, {"label1 > 1.2.3", "a number"}})
    expect_refused(error_of([&, bad = bad] { select_blocks(system_env(), store, bad); }), part);
}

TEST(BlockStore, ManyValuesAreCountedTogether) {
  std::vector<ValueCounts> blocks(2);
  for (uint32_t value = 1; value < 400; ++value) blocks[value % 2][value] = 1;
  blocks[0][0] = 10;
  LabelCounts counts = gather_label_counts({4, 8, 16}, {4, 8, 8}, blocks);
  EXPECT_FALSE(counts.complete);
  TemporaryFolder folder;
  write_label_counts(system_env(), folder / "labels/cells/counts", counts);
  EXPECT_EQ(select_blocks(system_env(), folder.path(), "cells > 250").size(), 1u);
  expect_refused(error_of([&] { select_blocks(system_env(), folder.path(), "cells7 > 0"); }), "more than 256 values");
}

TEST(BlockStore, BadInputIsRefusedAndLeavesNothing) {
  TemporaryFolder folder;
  ThreadPool pool(2);
  BlockStoreOptions options;
  options.block = {4, 8, 8};
  auto attempt = [&](SlabSource& image, const std::vector<NamedSlabs>& labels) { return error_of([&] { write_block_store(system_env(), image, labels, folder / "s", options, pool); }); };
  MemorySlabs image({8, 9, 10}, 1, image_voxel), other({8, 9, 11}, 1, label_voxel), two({8, 9, 10}, 2, label_voxel);
  expect_refused(attempt(image, {{"label", &other}}), "has 8x9x11 voxels");
  expect_refused(attempt(image, {{"label1", &image}}), "no name for a label image");
  expect_refused(attempt(image, {{"../x", &image}}), "no name for a label image");
  expect_refused(attempt(image, {{"label", &two}}), "has 2 channels");
  MemorySlabs image2({8, 9, 10}, 1, image_voxel);
  options.block = {0, 8, 8};
  expect_refused(attempt(image2, {}), "--block has 0");
  options.block = {4, 8, 8};
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  std::filesystem::create_directory(folder / "s");
  expect_refused(attempt(image2, {}), "exists already");
}

TEST(BlockStore, AFullDiskLeavesNoStore) {
  ThreadPool pool(1);
  BlockStoreOptions options;
  options.block = {4, 8, 8};
  for (int64_t number = 0, failed = 1; failed > 0; number += 3) {
    TemporaryFolder folder;
    FaultEnv env(system_env());
    env.fail_at(number, false);
    MemorySlabs image({8, 9, 10}, 1, image_voxel), label({8, 9, 10}, 1, label_voxel);
    std::string error = error_of([&] { write_block_store(env, image, {{"label", &label}}, folder / "s", options, pool); });
    failed = env.failed();
    bool there = std::filesystem::exists(folder / "s");
    EXPECT_EQ(error.empty(), failed == 0);
    EXPECT_TRUE(there || failed > 0);
    if (there) {                                 // only the last sync of the parent folder can fail after the rename
      EXPECT_EQ(all_of(folder / "s/s0").size(), 720u);
    } else {
      EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    }
    ASSERT_LT(number, 400);
  }
}

TEST(BlockStore, MemoryStaysWithinWhatIsForeseen) {
  TemporaryFolder folder(true);
  ThreadPool pool(2);
  MemorySlabs image({128, 256, 256}, 1, image_voxel);     // 16.8 MB; a slab of 16 planes is 2.1 MB
  BlockStoreOptions options;
  options.block = {16, 32, 32};
  int64_t foreseen = block_store_memory(image, {}, options, 2), before = counted_bytes();
  write_block_store(system_env(), image, {}, folder / "s", options, pool);
  EXPECT_EQ(counted_bytes(), before);
  int64_t planes = 16 * 256 * 256 * 2;
  EXPECT_GE(foreseen, planes * 4 / 3);
  EXPECT_LE(foreseen, planes * 2 + (int64_t{100} << 20));
  set_memory_budget(before + foreseen);           // a Buffer beyond it throws
  MemorySlabs again({128, 256, 256}, 1, image_voxel);
  EXPECT_NO_THROW(write_block_store(system_env(), again, {}, folder / "s2", options, pool));
  set_memory_budget(0);
}

TEST(SlabSource, NiftiPlanesAreTheVolumesVoxels) {
  const std::string golden = TOMOGRAD_SOURCE_DIR "/tests/golden/volume/";
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    std::string path = entry.path().string();
    if (!path.ends_with(".nii") && !path.ends_with(".nii.gz") && !path.ends_with(".hdr")) continue;
    SCOPED_TRACE(path);
    auto slabs = open_slabs(system_env(), path);
    Extent size = slabs->geometry().size;
    int64_t plane = size.y * size.x, unit = voxel_bytes(slabs->type());
    for (bool backwards : {false, true})
      for (int64_t step = 0; step < slabs->channels() * size.z; ++step) {
        int64_t i = backwards ? slabs->channels() * size.z - 1 - step : step, channel = i / size.z, z = i % size.z;
        std::vector<unsigned char> raw(size_t(plane * unit));
        slabs->read_planes(channel, z, z + 1, raw.data());
        Buffer<float> wanted = read_nifti_region(system_env(), path, {{z, 0, 0}, {1, size.y, size.x}}, channel);
        for (int64_t v = 0; v < plane; ++v) {
          float got = 0;
          switch (slabs->type()) {
            case VoxelType::u8: got = float(raw[size_t(v)]); break;
            case VoxelType::i16: { int16_t value; std::memcpy(&value, &raw[size_t(v * 2)], 2); got = float(value); break; }
            case VoxelType::u16: { uint16_t value; std::memcpy(&value, &raw[size_t(v * 2)], 2); got = float(value); break; }
            case VoxelType::f32: std::memcpy(&got, &raw[size_t(v * 4)], 4); break;
            case VoxelType::f64: { double value; std::memcpy(&value, &raw[size_t(v * 8)], 8); got = float(value); break; }
            default: got = wanted[v]; --checked; break;
          }
          ASSERT_TRUE(got == wanted[v] || (got != got && wanted[v] != wanted[v]));
          ++checked;
        }
      }
    std::vector<unsigned char> none(size_t(plane * unit));
    expect_refused(error_of([&] { slabs->read_planes(0, size.z, size.z + 1, none.data()); }), "were asked for");
  }
  EXPECT_GT(checked, 10000);
  expect_refused(error_of([&] { open_slabs(system_env(), golden + "index.txt"); }), "no volume that is read slab by slab");
  expect_refused(error_of([&] { open_slabs(system_env(), golden); }), "neither a Zarr array nor a Zarr group");
}

TEST(SlabSource, GzipCutShortIsNoticed) {
  TemporaryFolder folder;
  std::string good = get_file(TOMOGRAD_SOURCE_DIR "/tests/golden/volume/frames.nii.gz");
  for (size_t cut : {size_t{1}, size_t{4}, size_t{9}, good.size() / 3}) {
    put_file(folder / "x.nii.gz", good.substr(0, good.size() - cut));
    expect_refused(error_of([&] {
      auto slabs = open_slabs(system_env(), folder / "x.nii.gz");
      Extent size = slabs->geometry().size;
      std::vector<unsigned char> raw(size_t(size.voxels() * 8));
      for (int64_t c = 0; c < slabs->channels(); ++c) slabs->read_planes(c, 0, size.z, raw.data());
    }), "x.nii.gz");
  }
}

TEST(SlabSource, ZarrPlanesInSlabsOfAnyThickness) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  for (std::string name : {"v3_sharded", "v3_5d", "v2_zstd", "ome05"}) {
    SCOPED_TRACE(name);
    auto slabs = open_slabs(system_env(), folder / name);
    Extent size = slabs->geometry().size;
    std::string expected = get_file(folder / (name + ".expected")), got(expected.size(), '?');
    int64_t plane = size.y * size.x * voxel_bytes(slabs->type());
    for (int64_t thick = 1; thick <= size.z; ++thick) {
      for (int64_t c = 0; c < slabs->channels(); ++c)
        for (int64_t z = 0; z < size.z; z += thick) slabs->read_planes(c, z, std::min(z + thick, size.z), got.data() + (c * size.z + z) * plane);
      ASSERT_EQ(got, expected) << thick;
      slabs->read_planes(0, 1, 2, got.data());
      ASSERT_EQ(got.substr(0, size_t(plane)), expected.substr(size_t(plane), size_t(plane)));
    }
    expect_refused(error_of([&] { slabs->read_planes(0, size.z, size.z + 1, got.data()); }), "the box begins at");
    expect_refused(error_of([&] { slabs->read_planes(slabs->channels(), 0, 1, got.data()); }), "was asked for");
  }
}

struct Stored {
  Stored() {
    ThreadPool pool(2);
    MemorySlabs image(size, 2, image_voxel), label(size, 1, label_voxel);
    BlockStoreOptions options;
    options.block = {4, 8, 8};
    write_block_store(system_env(), image, {{"label", &label}}, folder / "s", options, pool);
  }
  TemporaryFolder folder;
  Extent size{11, 15, 27};
};

TEST(StoreBlocks, BoxesAreThoseOfBlocksInMemory) {
  Stored stored;
  StoreBlocksOptions options;
  options.label = "label", options.cache_bytes = 5 * 256 * 4, options.outside = {-1.5f, -2.5f}, options.shift = {0, 100}, options.scale = {1, 0.5f};
  auto blocks = open_store_blocks(system_env(), stored.folder / "s", options);
  Buffer<float> first(stored.size.voxels()), second(stored.size.voxels());
  Buffer<uint8_t> labels(stored.size.voxels());
  for (int64_t i = 0; i < first.size(); ++i) {
    int64_t x = i % 27, y = i / 27 % 15, z = i / 27 / 15;
    first[i] = float(image_voxel(0, z, y, x)), second[i] = (float(image_voxel(1, z, y, x)) - 100) * 0.5f, labels[i] = uint8_t(label_voxel(0, z, y, x));
  }
  auto memory = make_memory_blocks(stored.size, {first.data(), second.data()}, labels.data(), {-1.5f, -2.5f}, {4, 8, 8});
  Random random(2, "boxes");
  for (int trial = 0; trial < 200; ++trial) {
    Box box{{random.below(20) - 5, random.below(30) - 8, random.below(40) - 6}, {1 + random.below(9), 1 + random.below(17), 1 + random.below(20)}};
    std::vector<float> a(size_t(box.size.voxels())), b(a.size());
    std::vector<uint8_t> c(a.size()), d(a.size());
    int64_t channel = random.below(2);
    copy_box(*blocks, channel, box, a.data()), copy_box(*memory, channel, box, b.data());
    copy_label_box(*blocks, box, c.data(), 99), copy_label_box(*memory, box, d.data(), 99);
    ASSERT_EQ(a, b);
    ASSERT_EQ(c, d);
  }
  BlockCacheCounts counts = blocks->counts();
  EXPECT_LE(counts.most_bytes, options.cache_bytes);
  EXPECT_GT(counts.evictions, 0);
  EXPECT_GT(counts.hits, 0);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_image_block(1, {2, 1, 3}).get()[v], memory->image_block(1, {2, 1, 3})[v]);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_label_block({2, 1, 3}).get()[v], memory->label_block({2, 1, 3})[v]);
}

TEST(StoreBlocks, HeldBlocksStayAndOthersGo) {
  Stored stored;
  StoreBlocksOptions options;
  options.cache_bytes = 2 * 256 * 4;
  auto blocks = open_store_blocks(system_env(), stored.folder / "s", options);
  auto held = blocks->hold_image_block(0, {0, 0, 0});
  const float* at = held.get();
  for (int64_t z = 1; z < 3; ++z)
    for (int64_t x = 0; x < 4; ++x) blocks->hold_image_block(0, {z, 0, x});
  EXPECT_EQ(at[9], image_voxel(0, 0, 1, 1));
  EXPECT_EQ(blocks->hold_image_block(0, {0, 0, 0}).get(), at);  // still the same, not read again
  EXPECT_LE(blocks->counts().bytes, options.cache_bytes);
  std::vector<std::shared_ptr<const float>> many;
  for (int64_t x = 0; x < 4; ++x) many.push_back(blocks->hold_image_block(1, {0, 0, x}));
  EXPECT_GE(blocks->counts().bytes, 4 * 1024);   // what is held cannot go
  many.clear(), held.reset();
  blocks->hold_image_block(0, {0, 1, 1});
  EXPECT_LE(blocks->counts().bytes, options.cache_bytes);
  EXPECT_EQ(blocks->hold_label_block({0, 0, 0}), nullptr);
  expect_refused(error_of([&] { blocks->image_block(0, {0, 0, 0}); }), "hold_image_block");
  expect_refused(error_of([&] { blocks->hold_image_block(2, {0, 0, 0}); }), "channel 2 of 2");
  expect_refused(error_of([&] { blocks->hold_image_block(0, {3, 0, 0}); }), "was asked for");
  options.label = "tumour";
  EXPECT_NE(error_of([&] { open_store_blocks(system_env(), stored.folder / "s", options); }), "");
}

TEST(StoreBlocks, ManyThreadsReadEachBlockOnce) {
  Stored stored;
  auto blocks = open_store_blocks(system_env(), stored.folder / "s");
  std::atomic<int64_t> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        Random random(uint64_t(t), "blocks");
        for (int i = 0; i < 300; ++i) {
          Extent at{random.below(3), random.below(2), random.below(4)};
          auto block = blocks->hold_image_block(0, at);
          wrong += block.get()[0] != float(image_voxel(0, at.z * 4, at.y * 8, at.x * 8));
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(blocks->counts().misses, 24);
  EXPECT_EQ(blocks->counts().hits, 6 * 300 - 24);
}

TEST(StoreBlocks, AMissingOrDamagedBlockIsAnError) {
  Stored stored;
  std::string file = stored.folder / "s/s0/c/1/0/0/0";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
  auto blocks = open_store_blocks(system_env(), stored.folder / "s");
  EXPECT_NO_THROW(blocks->hold_image_block(0, {0, 0, 0}));
  for (int twice = 0; twice < 2; ++twice) expect_refused(error_of([&] { blocks->hold_image_block(1, {0, 0, 0}); }), "is missing");
}

}  // namespace
}  // namespace tomograd
