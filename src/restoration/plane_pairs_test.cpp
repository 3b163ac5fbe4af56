#include "restoration/plane_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "restoration/phantom_test_support.h"
#include "volume/cubic_slices.h"

namespace tomograd {
namespace {

float at(const float* volume, Extent size, int axis_a, int64_t a, int axis_b, int64_t b, int axis_c, int64_t c) {
  Extent place;
  place[axis_a] = std::clamp<int64_t>(a, 0, size[axis_a] - 1), place[axis_b] = std::clamp<int64_t>(b, 0, size[axis_b] - 1), place[axis_c] = c;
  return volume[(place.z * size.y + place.y) * size.x + place.x];
}

TEST(CopyWindow, AnyAxesMirroredAndBeyondTheEdges) {
  Extent size{4, 5, 7};
  Volume volume = with_noise(head_phantom(size), 0.3, false);
  for (int rows = 0; rows < 3; ++rows)
    for (int columns = 0; columns < 3; ++columns) {
      if (rows == columns) continue;
      for (bool backwards : {false, true}) {
        PlaneWindow window{rows, columns, 2, -1, 2, backwards, !backwards};
        int64_t height = size[rows] + 2, width = 6;
        std::vector<float> got(size_t(height * width));
        copy_window(volume.voxels.data(), size, window, height, width, got.data());
        for (int64_t r = 0; r < height; ++r)
          for (int64_t c = 0; c < width; ++c)
            ASSERT_EQ(got[size_t(r * width + c)], at(volume.voxels.data(), size, rows, -1 + (backwards ? height - 1 - r : r), columns, 2 + (backwards ? c : width - 1 - c), window.across(), 2));
      }
    }
}

// Slices are made coarse as the volume was across them: the same profile, the same interpolation, whatever the axes and sizes.
TEST(PlanePairs, CoarseAsTheScannerWouldHaveMadeIt) {
  Extent size{5, 9, 8};
  Volume volume = with_noise(head_phantom(size), 0.3, false);
  for (const char* name : {"box", "lanczos"})
    for (int thick = 0; thick < 3; ++thick)
      for (int64_t factor : {2, 3}) {
        PlanePairs pairs(slice_profile(name, factor, thick), size, volume.voxels.data());
        for (int rows : pairs.axes()) {
          ASSERT_NE(rows, thick);
          int columns = 3 - thick - rows;
          PlaneWindow window{rows, columns, 1, factor, 1, false, true};
          int64_t height = factor, width = 3;
          std::vector<float> coarse(static_cast<size_t>(width)), interpolated(size_t(height * width)), fine(interpolated);
          pairs.fill(window, height, width, coarse.data(), interpolated.data(), fine.data());
          // By hand: the part of the volume that whole coarse rows cover.
          Extent covered = size;
          covered[rows] = size[rows] / factor * factor;
          std::vector<float> part, thin(size_t(covered.voxels())), few(size_t(covered.voxels() / factor));
          for (int64_t z = 0; z < covered.z; ++z)
            for (int64_t y = 0; y < covered.y; ++y)
              for (int64_t x = 0; x < covered.x; ++x) part.push_back(volume.voxels[(z * size.y + y) * size.x + x]);
          SliceProfile along = slice_profile(name, factor, rows);
          apply(along, covered, part.data(), few.data());
          cubic_slices(few.data(), along.seen(covered), rows, factor, thin.data());
          for (int64_t c = 0; c < width; ++c) {
            int64_t column = 1 + width - 1 - c;
            EXPECT_EQ(coarse[size_t(c)], at(few.data(), along.seen(covered), rows, 1, columns, column, thick, 1));
            for (int64_t r = 0; r < height; ++r) {
              EXPECT_EQ(interpolated[size_t(r * width + c)], at(thin.data(), covered, rows, factor + r, columns, column, thick, 1));
              EXPECT_EQ(fine[size_t(r * width + c)], at(volume.voxels.data(), size, rows, factor + r, columns, column, thick, 1));
            }
          }
        }
      }
}

TEST(PlanePairs, AxesTooShortToBeMadeCoarse) {
  Volume volume = head_phantom({6, 3, 8});
  EXPECT_EQ(PlanePairs(slice_profile("box", 2, 0), {6, 3, 8}, volume.voxels.data()).axes(), (std::vector<int>{2}));
  try {
    PlanePairs pairs(slice_profile("box", 2, 2), {6, 3, 8}, volume.voxels.data());
    EXPECT_EQ(pairs.axes(), (std::vector<int>{0}));
    PlanePairs none(slice_profile("box", 4, 2), {6, 3, 8}, volume.voxels.data());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("too small to be made coarse by 4"), std::string::npos);
  }
}

// The derivative, by differences of a quadratic function, which are exact but for rounding.
TEST(PlaneErrors, SlopesAreTheDerivative) {
  PlaneShape shape{2, 3, 4, 5};
  size_t n = size_t(shape.planes * shape.factor * shape.rows * shape.width);
  Random random(7, "test/planes");
  std::vector<float> said(n), interpolated(n), fine(n), slopes(n);
  for (std::vector<float>* list : {&said, &interpolated, &fine})
    for (float& value : *list) value = float(random.uniform(-1, 1));
  PlaneErrors errors = plane_errors(shape, said.data(), interpolated.data(), fine.data(), slopes.data());
  constexpr float step = 0.125f;
  for (size_t i = 0; i < n; i += 7) {
    std::vector<float> up = said, down = said;
    up[i] += step, down[i] -= step;
    double slope = (plane_errors(shape, up.data(), interpolated.data(), fine.data(), nullptr).squared - plane_errors(shape, down.data(), interpolated.data(), fine.data(), nullptr).squared) / (2 * double(step));
    EXPECT_NEAR(double(slopes[i]), slope, 1e-6);  // a few roundings of numbers up to 3 in float32, over 120 voxels
  }
  // What the network says about row r of channel k belongs to thin row factor r + k: the exact answer leaves nothing.
  for (int64_t p = 0; p < shape.planes; ++p)
    for (int64_t r = 0; r < shape.rows * shape.factor; ++r)
      for (int64_t c = 0; c < shape.width; ++c) {
        size_t thin = size_t((p * shape.rows * shape.factor + r) * shape.width + c);
        said[size_t(((p * shape.factor + r % shape.factor) * shape.rows + r / shape.factor) * shape.width + c)] = fine[thin] - interpolated[thin];
      }
  PlaneErrors exact = plane_errors(shape, said.data(), interpolated.data(), fine.data(), nullptr);
  EXPECT_LT(exact.squared, 1e-12);
  EXPECT_EQ(exact.of_interpolation, errors.of_interpolation);
}

}  // namespace
}  // namespace tomograd
