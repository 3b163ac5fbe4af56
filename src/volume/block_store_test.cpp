#include "volume/block_store.h"

#include <cmath>
#include <map>

#include "support/fault_env.h"
#include "volume/block_store_counts.h"
#include "volume/block_store_pyramid.h"
#include "volume/block_store_test_files.h"
#include "volume/zarr_array.h"

namespace tomograd {
namespace {

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

}  // namespace
}  // namespace tomograd
