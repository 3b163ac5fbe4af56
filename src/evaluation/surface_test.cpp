#include "evaluation/surface.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

std::vector<uint8_t> from_bits(const std::string& bits) {
  std::vector<uint8_t> mask;
  for (char c : bits) mask.push_back(uint8_t(c - '0') * 7);
  return mask;
}

TEST(Surface, AgreesWithMonaiAndScipy) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/evaluation/surface.txt");
  std::string name, a, b;
  Extent size;
  std::array<double, 3> spacing;
  double monai[3], scipy[3];
  int cases = 0;
  while (in >> name >> size.z >> size.y >> size.x >> spacing[0] >> spacing[1] >> spacing[2] >> a >> b >> monai[0] >> monai[1] >> monai[2] >> scipy[0] >> scipy[1] >> scipy[2]) {
    ++cases;
    auto d = surface_distances(from_bits(a).data(), from_bits(b).data(), size, spacing);
    const double ours[3] = {d.hd95, d.hd, d.assd};
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(ours[i], scipy[i], 1e-12 * scipy[i]) << name << " value " << i;       // a mean of some hundred doubles
      EXPECT_NEAR(ours[i], monai[i], 8 * 6e-8 * monai[i]) << name << " value " << i;           // MONAI works in float32: a few of its roundings
    }
  }
  EXPECT_EQ(cases, 6);
}

TEST(Surface, EmptyMasks) {
  std::vector<uint8_t> none(60, 0), some(60, 0);
  some[31] = 1;
  EXPECT_EQ(surface_distances(none.data(), some.data(), {3, 4, 5}, {1, 1, 1}).hd95, HUGE_VAL);
  EXPECT_EQ(surface_distances(some.data(), none.data(), {3, 4, 5}, {1, 1, 1}).assd, HUGE_VAL);
  EXPECT_TRUE(std::isnan(surface_distances(none.data(), none.data(), {3, 4, 5}, {1, 1, 1}).hd));
  EXPECT_EQ(surface_distances(some.data(), some.data(), {3, 4, 5}, {1, 1, 1}).hd, 0);
  EXPECT_THROW(surface_distances(some.data(), some.data(), {3, 4, 5}, {1, 0, 1}), Error);
}

TEST(Surface, TheImageBorderCountsAsOutside) {
  std::vector<uint8_t> whole(27, 1), centre(27, 0);
  centre[13] = 1;
  auto d = surface_distances(whole.data(), centre.data(), {3, 3, 3}, {2, 3, 4});
  EXPECT_DOUBLE_EQ(d.hd, std::sqrt(4 + 9 + 16.0));  // the 26 voxels on the border are the surface, the centre is not
}

}  // namespace
}  // namespace tomograd
