#include "volume/box_source.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/parallel.h"
#include "volume/block_store.h"
#include "volume/nifti_test_files.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

// The same whole numbers as NIfTI, TIFF and store; a box of each is the box of the array.
TEST(BoxSource, EveryFormatGivesTheVoxelsOfTheBox) {
  TemporaryFolder folder;
  Env& env = system_env();
  LabelVolume whole;
  whole.geometry.size = {21, 34, 45};
  whole.geometry.affine = {{{0.5, 0, 0, -7}, {0, 0.25, 0, 3}, {0, 0, 2, 11}}};
  whole.voxels = Buffer<uint16_t>(whole.geometry.size.voxels());
  for (int64_t i = 0; i < whole.voxels.size(); ++i) whole.voxels[i] = uint16_t(i * 7919 % 60000);
  std::string nii = folder.path() + "/a.nii.gz", tif = folder.path() + "/a.tif", zarr = folder.path() + "/a.zarr";
  write_nifti_labels(env, nii, whole);
  write_tiff_labels(env, tif, whole);
  ThreadPool pool(2);
  auto slabs = open_slabs(env, nii);
  BlockStoreOptions options;
  options.block = {16, 16, 16};
  write_block_store(env, *slabs, {}, zarr, options, pool);
  Box box{{3, 20, 31}, {17, 9, 13}};
  for (const std::string& path : {nii, tif, zarr}) {
    SCOPED_TRACE(path);
    auto source = open_boxes(env, path);
    EXPECT_EQ(source->type(), VoxelType::u16);
    EXPECT_EQ(source->geometry().size, whole.geometry.size);
    Buffer<uint16_t> raw(box.size.voxels());
    source->read(0, box, raw.data());
    Volume volume = source->volume(0, box);
    int64_t i = 0;
    for (int64_t z = 0; z < box.size.z; ++z)
      for (int64_t y = 0; y < box.size.y; ++y)
        for (int64_t x = 0; x < box.size.x; ++x, ++i) {
          uint16_t expected = whole.voxels[((z + 3) * 34 + y + 20) * 45 + x + 31];
          ASSERT_EQ(raw[i], expected);
          ASSERT_EQ(volume.voxels[i], float(expected));
        }
    if (path != tif) {                           // a TIFF does not say where it lies
      EXPECT_EQ(volume.geometry.world(0, 0, 0), whole.geometry.world(3, 20, 31));
      EXPECT_EQ(volume.geometry.world(16, 8, 12), whole.geometry.world(19, 28, 43));
    }
    for (Box wrong : {Box{{0, 0, 0}, {22, 1, 1}}, Box{{0, -1, 0}, {1, 2, 1}}, Box{{0, 0, 44}, {1, 1, 2}}, Box{{0, 0, 0}, {1, 1, 0}}}) EXPECT_THROW(source->read(0, wrong, raw.data()), Error);
    EXPECT_THROW(source->read(1, box, raw.data()), Error);
  }
}

TEST(BoxSource, AStoreIsNotReadBeyondTheBlocksOfTheBox) {
  TemporaryFolder folder;
  Env& env = system_env();
  LabelVolume whole;
  whole.geometry.size = {64, 64, 64};
  whole.voxels = Buffer<uint16_t>(whole.geometry.size.voxels());
  for (int64_t i = 0; i < whole.voxels.size(); ++i) whole.voxels[i] = uint16_t(i * 48271 % 65521);
  write_nifti_labels(env, folder.path() + "/a.nii", whole);
  ThreadPool pool(1);
  BlockStoreOptions options;
  options.block = {16, 16, 16}, options.codecs = {};
  write_block_store(env, *open_slabs(env, folder.path() + "/a.nii"), {}, folder.path() + "/a.zarr", options, pool);
  auto source = open_boxes(env, folder.path() + "/a.zarr");
  Buffer<uint16_t> raw(10 * 10 * 10);
  source->read(0, {{3, 3, 3}, cube(10)}, raw.data());
  EXPECT_GE(source->bytes_read(), 16 * 16 * 16 * 2);
  EXPECT_LT(source->bytes_read(), 16 * 16 * 16 * 2 + 4096);  // one of 64 blocks, and the shard's index
}

TEST(BoxSource, WhatIsNoVolumeIsRefused) {
  TemporaryFolder folder;
  EXPECT_FALSE(holds_boxes(system_env(), folder.path()));
  for (const std::string& path : {folder.path(), folder.path() + "/x.txt", folder.path() + "/gone.nii"}) EXPECT_THROW(open_boxes(system_env(), path), Error);
}

}  // namespace
}  // namespace tomograd
