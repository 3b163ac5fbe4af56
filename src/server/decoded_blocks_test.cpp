// Blocks that are kept for the planes beside one: the same voxels, decoded once, and not for ever.
#include "server/decoded_blocks.h"

#include "server/page_test_host.h"
#include "server/volume_decoder.h"
#include "volume/block_store.h"
#include "volume/slab_source.h"

namespace tomograd {
namespace {

class KeptBlocks : public ::testing::Test {
 protected:
  void SetUp() override { make_store("v.zarr", "v.nii"); }
  void make_store(const std::string& name, const std::string& source) {
    page.make_volume(source, size);
    auto slabs = open_slabs(system_env(), page.study(source));
    ThreadPool pool(1);
    BlockStoreOptions blocks;
    blocks.block = {4, 32, 32};
    write_block_store(system_env(), *slabs, {}, page.study(name), blocks, pool);
  }
  void expect_planes(VolumeDecoder& decoder, int64_t first, int64_t end) {
    for (int64_t z = first; z < end; ++z) {
      const PlaneTile tile = decoder.tile({system_env(), path, "1"}, 0, 0, 0, z, 0, 0);
      ASSERT_EQ(tile.voxels.size(), size.y * size.x);
      for (int64_t i = 0; i < tile.voxels.size(); ++i) ASSERT_EQ(tile.voxels[i], float(100 * z + 10 * (i / size.x) + i % size.x)) << z << " " << i;
    }
  }

  PageHost page;
  ManualClock clock;
  const Extent size{10, 40, 70};                 // 3 x 2 x 3 blocks, those at the ends cut
  const std::string path = page.study("v.zarr");
};

TEST_F(KeptBlocks, PlanesOfOneRowOfBlocksDecodeItOnce) {
  VolumeDecoder decoder(clock);
  expect_planes(decoder, 0, 4);
  EXPECT_EQ(decoder.decoded_blocks(), 6);
  expect_planes(decoder, 0, 10);
  EXPECT_EQ(decoder.decoded_blocks(), 18);
  EXPECT_EQ(decoder.kept_bytes(), size.voxels() * int64_t(sizeof(float)));
  const PlaneTile across = decoder.tile({system_env(), path, "1"}, 0, 0, 2, 69, 0, 0);   // all are there
  EXPECT_EQ(across.voxels[41], 100 + 10 + 69);
  EXPECT_EQ(decoder.decoded_blocks(), 18);
}

TEST_F(KeptBlocks, AreDecodedAnewAfterAMinuteAndForAnotherVersion) {
  VolumeDecoder decoder(clock);
  expect_planes(decoder, 0, 1);
  clock.advance(59);
  expect_planes(decoder, 0, 1);
  EXPECT_EQ(decoder.decoded_blocks(), 6);
  clock.advance(2);
  expect_planes(decoder, 0, 1);
  EXPECT_EQ(decoder.decoded_blocks(), 12);
  decoder.tile({system_env(), path, "2"}, 0, 0, 0, 0, 0, 0);
  EXPECT_EQ(decoder.decoded_blocks(), 18);
}

TEST_F(KeptBlocks, AreGivenBackWhenNobodyLooks) {
  VolumeDecoder decoder(clock);
  expect_planes(decoder, 0, 1);
  clock.advance(44);
  decoder.release(45);
  EXPECT_GT(decoder.kept_bytes(), 0);
  clock.advance(1);
  decoder.release(45);
  EXPECT_EQ(decoder.kept_bytes(), 0);
  expect_planes(decoder, 0, 10);
}

TEST_F(KeptBlocks, StayWithinTheirLimitAndLargeOnesAreNotKept) {
  const int64_t block_bytes = 4 * 32 * 32 * int64_t(sizeof(float));
  VolumeDecoder few(clock, 8 * block_bytes);
  expect_planes(few, 0, 10);
  EXPECT_LE(few.kept_bytes(), 8 * block_bytes);
  EXPECT_GT(few.kept_bytes(), 0);
  VolumeDecoder none(clock, 8 * block_bytes - 8);
  expect_planes(none, 0, 10);
  EXPECT_EQ(none.kept_bytes(), 0);
}

TEST_F(KeptBlocks, AnArrayThatBecameAnotherIsASentence) {
  VolumeDecoder decoder(clock);
  decoder.facts({system_env(), path, "1"});
  std::filesystem::rename(path, page.study("old.zarr"));
  std::filesystem::create_directories(path);
  std::filesystem::copy(page.study("old.zarr/s1"), path + "/s0", std::filesystem::copy_options::recursive);
  EXPECT_THROW(decoder.tile({system_env(), path, "1"}, 0, 0, 0, 0, 0, 0), Error);
}

}  // namespace
}  // namespace tomograd
