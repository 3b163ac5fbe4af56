#include "inference/msd_tile.h"

#include <gtest/gtest.h>

#include "inference/msd_test_subject.h"

namespace tomograd {
namespace {

std::vector<float> in_core(const std::vector<float>& logits, Extent size, const Box& core) {
  std::vector<float> some;
  for (int64_t k = 0; k < MsdSubject::classes; ++k)
    for (int64_t z = core.begin.z; z < core.end().z; ++z)
      for (int64_t y = core.begin.y; y < core.end().y; ++y)
        for (int64_t x = core.begin.x; x < core.end().x; ++x) some.push_back(logits[size_t(((k * size.z + z) * size.y + y) * size.x + x)]);
  return some;
}

// Cores in the middle, at faces, with sides of one voxel; what the stack held before must not matter.
TEST(MsdTile, TheCoreHasTheBitsOfTheWholeRegion) {
  ThreadPool pool(2);
  for (int64_t width : {1, 2})
    for (bool reflect : {true, false})
      for (bool bf16 : {false, true}) {
        MsdSubject subject({29, 31, 37}, {1, 2, 3, 4, 5, 1, 2, 3}, width);
        subject.reflect = reflect;
        Extent size = subject.volume;
        std::vector<float> whole = subject.untiled(bf16), nothing(subject.input.size(), NAN), logits(whole.size());
        MsdTile tile(subject.network, subject.head, reflect, bf16, pool);
        for (Box core : {Box{{8, 9, 10}, {13, 12, 11}}, Box{{0, 0, 0}, {9, 31, 4}}, Box{{28, 30, 36}, {1, 1, 1}}, Box{{0, 0, 0}, size}}) {
          tile.forward(nothing.data(), size, {{0, 0, 0}, size}, logits.data());
          tile.forward(subject.input.data(), size, core, logits.data());
          ASSERT_EQ(in_core(logits, size, core), in_core(whole, size, core)) << "width " << width << (reflect ? " reflect" : " zeros") << (bf16 ? " bf16" : " f32") << " core " << to_string(core.size);
        }
      }
}

TEST(MsdTile, RegionsOfAnySizeShareOneStack) {
  ThreadPool pool(1);
  MsdSubject large({19, 21, 23}, {1, 2, 3}), small({7, 9, 5}, {1, 2, 3});
  MsdTile tile(large.network, large.head, true, false, pool);
  for (const MsdSubject* subject : {&small, &large, &small}) {
    std::vector<float> whole = subject->untiled(), logits(whole.size());
    tile.forward(subject->input.data(), subject->volume, {{0, 0, 0}, subject->volume}, logits.data());
    EXPECT_EQ(logits, whole);
  }
  int64_t voxels = large.volume.voxels();
  EXPECT_GT(msd_tile_bytes(large.volume, 2, {1, 2, 3}, 1, 3, false), 10 * voxels * 4);
  EXPECT_LT(msd_tile_bytes(large.volume, 2, {1, 2, 3}, 1, 3, true), msd_tile_bytes(large.volume, 2, {1, 2, 3}, 1, 3, false) - 2 * voxels * 4);
}

}  // namespace
}  // namespace tomograd
