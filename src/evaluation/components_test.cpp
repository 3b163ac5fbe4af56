#include "evaluation/components.h"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace tomograd {
namespace {

TEST(Components, AgreeWithScipy) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/evaluation/components.txt");
  std::string name, bits, numbers, filled;
  Extent size;
  int cases = 0;
  while (in >> name >> size.z >> size.y >> size.x >> bits >> numbers >> filled) {
    ++cases;
    std::vector<uint8_t> mask(bits.begin(), bits.end());
    for (auto& v : mask) v = uint8_t(v - '0');
    Components parts = connected_components(mask.data(), size);
    std::istringstream list(numbers);
    std::string number;
    std::vector<int64_t> counted(parts.voxels.size(), 0);
    for (int64_t i = 0; i < size.voxels(); ++i) {
      ASSERT_TRUE(std::getline(list, number, ','));
      ASSERT_EQ(parts.label[i], std::stoi(number)) << name << " voxel " << i;  // SciPy too numbers by the first voxel
      if (parts.label[i]) ++counted[size_t(parts.label[i] - 1)];
    }
    EXPECT_EQ(counted, parts.voxels);
    clean(mask.data(), size, 2, {.fill_holes = true});
    EXPECT_EQ(std::string(filled), std::accumulate(mask.begin(), mask.end(), std::string(), [](std::string s, uint8_t v) { return s += char('0' + v); })) << name;
  }
  EXPECT_EQ(cases, 4);
}

TEST(Components, CleaningKeepsWhatItShould) {
  const Extent size{1, 3, 11};
  const std::vector<uint8_t> before{1, 1, 0, 0, 1, 1, 1, 0, 2, 0, 1,
                                    1, 1, 0, 0, 1, 0, 1, 0, 2, 0, 0,
                                    0, 0, 0, 0, 1, 1, 1, 0, 2, 0, 2};
  auto largest = before;
  clean(largest.data(), size, 3, {.largest_component = true});
  EXPECT_EQ(largest, (std::vector<uint8_t>{0, 0, 0, 0, 1, 1, 1, 0, 2, 0, 0,
                                           0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0,
                                           0, 0, 0, 0, 1, 1, 1, 0, 2, 0, 0}));
  auto small = before;
  clean(small.data(), size, 3, {.min_voxels = 3});
  EXPECT_EQ(small, (std::vector<uint8_t>{1, 1, 0, 0, 1, 1, 1, 0, 2, 0, 0,
                                         1, 1, 0, 0, 1, 0, 1, 0, 2, 0, 0,
                                         0, 0, 0, 0, 1, 1, 1, 0, 2, 0, 0}));
  auto nothing = before;
  clean(nothing.data(), size, 3, {});
  EXPECT_EQ(nothing, before);
}

TEST(Components, HolesBetweenTwoClassesStay) {
  const Extent size = cube(5);
  std::vector<uint8_t> one(125, 0), two;
  for (int z = 1; z < 4; ++z)
    for (int y = 1; y < 4; ++y)
      for (int x = 1; x < 4; ++x) one[size_t((z * 5 + y) * 5 + x)] = 1;
  one[62] = 0;
  two = one;
  two[63] = 2;  // a face neighbour of the hole
  clean(one.data(), size, 3, {.fill_holes = true});
  clean(two.data(), size, 3, {.fill_holes = true});
  EXPECT_EQ(one[62], 1);
  EXPECT_EQ(two[62], 0);
  EXPECT_EQ(std::accumulate(one.begin(), one.end(), 0), 27);  // the background outside stays
}

}  // namespace
}  // namespace tomograd
