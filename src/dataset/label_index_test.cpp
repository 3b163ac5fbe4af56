#include "dataset/label_index.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "dataset/dataset_test_files.h"

namespace tomograd {
namespace {

struct Sample {
  Extent size{13, 9, 17};
  Buffer<uint8_t> labels{size.voxels()}, roi{size.voxels()};
  Sample() {
    Random random(3, "label index test");
    for (int64_t i = 0; i < labels.size(); ++i)
      labels[i] = uint8_t(std::max<int64_t>(0, random.below(8) - 4)), roi[i] = uint8_t(random.below(3) != 0);
  }
};

int64_t plainly(const Sample& s, const Box& box) {
  int64_t count = 0;
  for (int64_t z = box.begin.z; z < box.end().z; ++z)
    for (int64_t y = box.begin.y; y < box.end().y; ++y)
      for (int64_t x = box.begin.x; x < box.end().x; ++x)
        if (z >= 0 && y >= 0 && x >= 0 && z < s.size.z && y < s.size.y && x < s.size.x) count += s.labels[(z * s.size.y + y) * s.size.x + x] != 0;
  return count;
}

TEST(LabelIndex, ListsEveryVoxelOfAClassInsideTheRoi) {
  Sample s;
  LabelIndex index = make_label_index(s.size, s.labels, s.roi, 4, {4, 5, 8});
  std::vector<int64_t> expected(4, 0);
  for (int64_t i = 0; i < s.labels.size(); ++i) expected[s.labels[i]] += s.roi[i];
  EXPECT_TRUE(index.voxels[0].empty());
  for (int64_t cls = 0; cls < 4; ++cls) EXPECT_EQ(index.voxels_of(cls), expected[size_t(cls)]);
  for (size_t cls = 1; cls < 4; ++cls)
    for (int64_t i = 0; i < index.voxels[cls].size(); ++i) {
      EXPECT_EQ(s.labels[index.voxels[cls][i]], cls);
      EXPECT_EQ(s.roi[index.voxels[cls][i]], 1);
      if (i > 0) { EXPECT_LT(index.voxels[cls][i - 1], index.voxels[cls][i]); }
    }
}

TEST(LabelIndex, CountsForegroundOfAnyBox) {
  Sample s;
  LabelIndex index = make_label_index(s.size, s.labels, {}, 4, {4, 5, 8});
  Random random(4, "boxes");
  for (int trial = 0; trial < 500; ++trial) {
    Box box;
    for (int axis = 0; axis < 3; ++axis) box.begin[axis] = random.below(s.size[axis] + 6) - 3, box.size[axis] = random.below(s.size[axis] + 4);
    EXPECT_EQ(foreground_in(index, s.labels, box), plainly(s, box));
  }
  EXPECT_EQ(foreground_in(index, s.labels, {{-5, -5, -5}, {100, 100, 100}}), plainly(s, {{0, 0, 0}, s.size}));
}

TEST(LabelIndex, AnEmptyLabelMapHasNoForeground) {
  Extent size{2, 1, 3};
  LabelIndex index = make_label_index(size, Buffer<uint8_t>(6, 0), {}, 3);
  EXPECT_EQ(index.voxels_of(1), 0);
  EXPECT_EQ(index.background_voxels, 6);
  EXPECT_EQ(foreground_in(index, Buffer<uint8_t>(6, 0), {{0, 0, 0}, size}), 0);
}

TEST(LabelIndex, RefusesWhatDoesNotFit) {
  Extent size{2, 2, 2};
  EXPECT_NE(error_of([&] { make_label_index(size, Buffer<uint8_t>(7, 0), {}, 2); }), "");
  EXPECT_NE(error_of([&] { make_label_index(size, Buffer<uint8_t>(8, 2), {}, 2); }).find("class 2"), std::string::npos);
  EXPECT_NE(error_of([&] { make_label_index(size, Buffer<uint8_t>(8, 0), Buffer<uint8_t>(9, 0), 2); }), "");
  EXPECT_NE(error_of([&] { make_label_index({1 << 12, 1 << 12, 257}, Buffer<uint8_t>(1, 0), {}, 2); }).find("2^32"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
