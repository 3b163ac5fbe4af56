#include "volume/cubic_slices.h"

#include <gtest/gtest.h>

#include <vector>

namespace tomograd {
namespace {

// Along its axis a Catmull-Rom spline repeats parabolas (Keys 1981: the error is of third order); two thick slices from the edges no edge is repeated.
TEST(CubicSlices, RepeatParabolasAlongEachAxis) {
  auto parabola = [](double place) { return 0.5 + 0.25 * place - 0.03 * place * place; };
  for (int axis = 0; axis < 3; ++axis)
    for (int64_t factor : {2, 3}) {
      Extent size{3, 2, 4};
      size[axis] = 9;
      Extent thin = size;
      thin[axis] *= factor;
      auto value = [&](const Extent& at, double place) { return float(parabola(place) + double(at.z * (axis != 0) + 2 * at.y * (axis != 1) + 3 * at.x * (axis != 2))); };
      std::vector<float> thick(size_t(size.voxels())), out(size_t(thin.voxels()), -1.0f);
      for (int64_t i = 0; i < size.voxels(); ++i) {
        Extent at{i / (size.y * size.x), i / size.x % size.y, i % size.x};
        thick[size_t(i)] = value(at, double(at[axis]));
      }
      cubic_slices(thick.data(), size, axis, factor, out.data());
      for (int64_t i = 0; i < thin.voxels(); ++i) {
        Extent at{i / (thin.y * thin.x), i / thin.x % thin.y, i % thin.x};
        double place = (double(at[axis]) + 0.5) / double(factor) - 0.5;
        if (place < 1 || place > 7) continue;
        EXPECT_NEAR(out[size_t(i)], value(at, place), 1e-5) << "axis " << axis << " factor " << factor << " at " << to_string(at);
      }
    }
}

TEST(CubicSlices, OneSliceIsRepeated) {
  std::vector<float> thick{1, 2, 3}, thin(6);
  cubic_slices(thick.data(), {1, 1, 3}, 0, 2, thin.data());
  EXPECT_EQ(thin, (std::vector<float>{1, 2, 3, 1, 2, 3}));
}

}  // namespace
}  // namespace tomograd
