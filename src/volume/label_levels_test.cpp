#include "volume/label_levels.h"

#include "base/memory.h"
#include "support/fault_env.h"
#include "volume/block_store.h"
#include "volume/block_store_test_files.h"
#include "volume/zarr_array.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

constexpr Extent labelled{71, 133, 150};

uint16_t cell_at(int64_t, int64_t z, int64_t y, int64_t x) { return uint16_t((z / 5 * 7 + y / 3 * 31 + x / 7 * 3) % 11 % 4 * 90); }

// FOLDER/s0 in blocks that fit neither the volume nor those of the coarser levels.
void write_finest(const std::string& folder, Extent block) {
  ZarrArrayInfo info;
  info.shape = {labelled.z, labelled.y, labelled.x}, info.chunk.shape = info.shard = {block.z, block.y, block.x};
  info.chunk.type = VoxelType::u16, info.chunk.order = {0, 1, 2}, info.chunk.codecs = {ZarrCodec{}};
  create_zarr_array(system_env(), folder + "/s0", info);
  ZarrWriter writer(system_env(), folder + "/s0");
  std::vector<ZarrIndex> chunks;
  ZarrIndex grid = info.chunk_grid();
  for (int64_t i = 0; i < grid[0] * grid[1] * grid[2]; ++i) chunks.push_back({i / grid[2] / grid[1], i / grid[2] % grid[1], i % grid[2]});
  writer.put(chunks, [&](size_t i, unsigned char* into) {
    uint16_t* voxels = reinterpret_cast<uint16_t*>(into);
    for (int64_t v = 0; v < block.voxels(); ++v) voxels[v] = cell_at(0, chunks[i][0] * block.z + v / block.x / block.y, chunks[i][1] * block.y + v / block.x % block.y, chunks[i][2] * block.x + v % block.x);
  });
}

std::vector<uint16_t> voxels_of(const std::string& folder) {
  ZarrArray array(system_env(), folder, {true, 1 << 16, ""});
  std::vector<uint16_t> voxels(size_t(array.size().voxels()));
  array.read_labels(0, {{0, 0, 0}, array.size()}, voxels.data());
  return voxels;
}

TEST(LabelLevels, AreThoseThatBlockMakesOfTheSameLabels) {
  TemporaryFolder folder;
  ThreadPool pool(3), one(1);
  MemorySlabs image(labelled, 1, image_voxel), label(labelled, 1, cell_at);
  Geometry geometry = label.geometry();
  auto report = write_block_store(system_env(), image, {{"label", &label}}, folder / "s.zarr", {}, pool);
  ASSERT_EQ(report.levels, (std::vector<Extent>{labelled, {71, 67, 75}, {36, 34, 38}}));  // 1.5 mm along z, 0.5 along y and x
  std::string first;
  int number = 0;
  for (Extent block : {Extent{20, 33, 41}, Extent{71, 64, 64}, Extent{3, 133, 150}})
    for (int64_t slab : {int64_t{1}, int64_t{700000}, usual_label_slab}) {
      SCOPED_TRACE(text(to_string(block), ", slabs of ", slab));
      std::string out = folder / text("out", number++);
      write_finest(out, block);
      double last = 0;
      write_label_levels(system_env(), out, geometry, slab == 1 ? one : pool, slab, [&](double share) {
        EXPECT_GT(share, last);
        last = share;
      });
      EXPECT_EQ(last, 1);
      for (const char* level : {"/s1", "/s2"}) EXPECT_EQ(voxels_of(out + level), voxels_of(folder / "s.zarr/labels/label" + level)) << level;
      EXPECT_FALSE(std::filesystem::exists(out + "/s3"));
      std::string digest = digest_of_label_levels(system_env(), out, geometry, VoxelType::u16);
      if (first.empty()) first = digest;
      EXPECT_EQ(digest, first);
    }
  EXPECT_EQ(label_image("label", geometry, true), read_zarr_image(system_env(), folder / "s.zarr/labels/label"));
}

TEST(LabelLevels, WhatIsDamagedOrMissingIsSeenAndMadeAgain) {
  TemporaryFolder folder;
  ThreadPool pool(2);
  Geometry geometry;
  geometry.size = labelled;
  std::string out = folder / "out", shard = out + "/s1/c/0/0/0";
  write_finest(out, {32, 32, 32});
  EXPECT_EQ(digest_of_label_levels(system_env(), out, geometry, VoxelType::u16), "");
  write_label_levels(system_env(), out, geometry, pool);
  std::string digest = digest_of_label_levels(system_env(), out, geometry, VoxelType::u16), bytes = read_text(system_env(), shard);
  publish_text(system_env(), shard, bytes + "x");
  EXPECT_NE(digest_of_label_levels(system_env(), out, geometry, VoxelType::u16), digest);
  system_env().remove_file(out + "/s2/c/0/0/0");
  EXPECT_EQ(digest_of_label_levels(system_env(), out, geometry, VoxelType::u16), "");
  write_label_levels(system_env(), out, geometry, pool);
  EXPECT_EQ(digest_of_label_levels(system_env(), out, geometry, VoxelType::u16), digest);
  EXPECT_EQ(read_text(system_env(), shard), bytes);
  system_env().remove_file(out + "/s0/c/1/2/3");
  expect_refused(error_of([&] { write_label_levels(system_env(), out, geometry, pool); }), "c/1/2/3");
}

TEST(LabelLevels, KeepTheMemoryTheyPromise) {
  TemporaryFolder folder;
  ThreadPool pool(2);
  Geometry geometry;
  geometry.size = labelled;
  std::string out = folder / "out";
  write_finest(out, {40, 40, 40});
  int64_t plane = labelled.y * labelled.x * 2;
  EXPECT_GE(label_levels_memory(geometry, VoxelType::u16, cube(40), 2) - label_levels_memory(geometry, VoxelType::u16, cube(40), 2, 4 * plane), 36 * plane);
  int64_t before = counted_bytes();
  set_memory_budget(before + label_levels_memory(geometry, VoxelType::u16, cube(40), 2, 4 * plane));
  EXPECT_NO_THROW(write_label_levels(system_env(), out, geometry, pool, 4 * plane));
  set_memory_budget(0);
  Geometry wide;
  wide.size = {200, 20000, 20000};               // a row of blocks of 64 planes would take 6.4 GB at the second level alone
  EXPECT_LT(label_levels_memory(wide, VoxelType::u8, cube(64), 2), int64_t{2} << 30);
}

}  // namespace
}  // namespace tomograd
