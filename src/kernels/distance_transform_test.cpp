#include "kernels/distance_transform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace tomograd {
namespace {

// The definition itself.
std::vector<double> brute_force(const std::vector<uint8_t>& mask, Extent size, const std::array<double, 3>& spacing) {
  std::vector<double> squared(mask.size(), std::numeric_limits<double>::infinity());
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i)
        for (int64_t c = 0, j = 0; c < size.z; ++c)
          for (int64_t b = 0; b < size.y; ++b)
            for (int64_t a = 0; a < size.x; ++a, ++j)
              if (mask[size_t(j)]) {
                double dz = double(z - c) * spacing[0], dy = double(y - b) * spacing[1], dx = double(x - a) * spacing[2];
                squared[size_t(i)] = std::min(squared[size_t(i)], dx * dx + dy * dy + dz * dz);
              }
  return squared;
}

TEST(DistanceTransform, EqualsTheDefinitionOnAwkwardGrids) {
  std::mt19937 random(5);
  const Extent sizes[] = {{1, 1, 1}, {1, 1, 9}, {7, 1, 1}, {1, 11, 1}, {5, 7, 9}, {8, 9, 3}, {2, 13, 11}};
  const std::array<double, 3> spacings[] = {{1, 1, 1}, {3, 0.5, 0.75}, {0.1, 2, 7}, {1e-3, 1e-3, 1e-3}};
  for (Extent size : sizes)
    for (const auto& spacing : spacings)
      for (double share : {0.005, 0.1, 0.9}) {
        std::vector<uint8_t> mask(size_t(size.voxels()));
        for (auto& v : mask) v = double(random()) / double(random.max()) < share ? 200 : 0;
        mask[random() % mask.size()] = 1;
        std::vector<double> squared(mask.size());
        squared_distance_transform(mask.data(), size, spacing, squared.data());
        auto expected = brute_force(mask, size, spacing);
        // Each value is a sum of three rounded squares; near ties the other site may win: 8 roundings of its magnitude.
        for (size_t i = 0; i < mask.size(); ++i)
          ASSERT_NEAR(squared[i], expected[i], 8 * std::numeric_limits<double>::epsilon() * expected[i]) << to_string(size) << " voxel " << i;
      }
}

TEST(DistanceTransform, EmptyMaskIsInfinitelyFar) {
  std::vector<uint8_t> mask(30, 0);
  std::vector<double> squared(30, -1);
  squared_distance_transform(mask.data(), {2, 3, 5}, {1, 1, 1}, squared.data());
  for (double v : squared) EXPECT_EQ(v, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace tomograd
