#include "pictures/slice.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

// A volume whose voxels know where they are in the world: 100 (superior) + 10 (anterior) + right, on a 3 x 4 x 5 canonical grid,
// stored with any axes permuted and flipped.
Volume known_volume(const std::array<int, 3>& from_axis, const std::array<bool, 3>& flipped) {
  Geometry canonical{{3, 4, 5}, {{{0.5, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 4, 0}}}};
  Volume volume{canonical, Buffer<float>(60)};
  for (int64_t z = 0; z < 3; ++z)
    for (int64_t y = 0; y < 4; ++y)
      for (int64_t x = 0; x < 5; ++x) volume.voxels[volume.index(z, y, x)] = float(100 * z + 10 * y + x);
  Reorientation r;
  r.from_axis = from_axis, r.flipped = flipped;
  return {reoriented(canonical, r), reorient_voxels(volume.voxels, canonical.size, r)};
}

TEST(Slice, ShowsTheSamePatientHoweverTheFileIsStored) {
  int tried = 0;
  for (std::array<int, 3> from : {std::array{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}})
    for (int bits = 0; bits < 8; ++bits, ++tried) {
      Volume volume = known_volume(from, {bool(bits & 1), bool(bits & 2), bool(bits & 4)});
      Reorientation back = to_canonical(volume.geometry);
      for (int axis = 0; axis < 3; ++axis) {
        int64_t count = slices_along(volume.geometry, axis), canonical = 1;
        EXPECT_EQ(count, 3 + axis);
        int64_t stored = back.flipped[size_t(axis)] ? count - 1 - canonical : canonical;
        ImageSlice s = cut_slice(volume, axis, stored);
        auto at = [&](int64_t row, int64_t column) { return s.pixels[size_t(row * s.view.width + column)]; };
        if (axis == 0) {  // the top left pixel is the front (y = 3) of the right (x = 4)
          EXPECT_EQ(at(0, 0), 134);
          EXPECT_EQ(at(3, 4), 100);
          EXPECT_EQ(at(0, 4), 130);
          EXPECT_EQ(s.view.pixel_width, 0.5);
          EXPECT_EQ(s.view.pixel_height, 2);
          EXPECT_EQ(s.view.left + s.view.right + s.view.top + s.view.bottom, "RLAP");
        } else if (axis == 1) {
          EXPECT_EQ(at(0, 0), 214);
          EXPECT_EQ(at(2, 4), 10);
          EXPECT_EQ(s.view.left + s.view.right + s.view.top + s.view.bottom, "RLSI");
        } else {
          EXPECT_EQ(at(0, 0), 231);
          EXPECT_EQ(at(2, 3), 1);
          EXPECT_EQ(s.view.left + s.view.right + s.view.top + s.view.bottom, "APSI");
        }
      }
    }
  EXPECT_EQ(tried, 48);
}

TEST(Slice, LargestHasMostLabelledVoxels) {
  LabelVolume labels{{{4, 3, 3}, {}}, Buffer<uint16_t>(36, uint16_t{0})};
  labels.geometry.affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  EXPECT_EQ(largest_slice(labels, 0), 2);        // none: the middle
  labels.voxels[9] = 1, labels.voxels[27] = 2, labels.voxels[28] = 2;
  EXPECT_EQ(largest_slice(labels, 0), 3);
  labels.voxels[10] = 1;
  EXPECT_EQ(largest_slice(labels, 0), 1);        // equal: the lower
  EXPECT_EQ(largest_slice(labels, 1), 0);
  Volume volume{labels.geometry, Buffer<float>(36, 0.0f)};
  EXPECT_THROW(cut_slice(volume, 0, 4), Error);
  EXPECT_THROW(cut_slice(volume, 0, -1), Error);
}

TEST(Window, IsThePercentiles) {
  std::vector<float> pixels;
  for (int i = 0; i <= 100; ++i) pixels.push_back(float(100 - i));
  Window w = percentile_window(pixels, 5, 90.5);
  EXPECT_FLOAT_EQ(w.low, 5);
  EXPECT_FLOAT_EQ(w.high, 90.5);
  pixels.push_back(std::numeric_limits<float>::quiet_NaN());
  EXPECT_FLOAT_EQ(percentile_window(pixels, 5, 90.5).high, 90.5);
  Window flat = percentile_window({2, 2, 2});
  EXPECT_GT(flat.high, flat.low);
  EXPECT_GT(percentile_window({}).high, percentile_window({}).low);
  std::vector<float> mostly(1000, 0.0f);
  mostly[7] = 3;
  EXPECT_EQ(percentile_window(mostly, 1, 99).high, 3);  // a window of no width opens to the whole range
}

TEST(Render, MapsTheWindowToGreyAndKeepsShapeInMillimetres) {
  ImageSlice slice{{2, 2, 1.0, 3.0, "R", "L", "A", "P"}, {0, 1, 2, 3}};
  Image image = render(slice, {0, 3}, 10);
  EXPECT_EQ(image.width, 20);
  EXPECT_EQ(image.height, 60);
  EXPECT_EQ(image.at(0, 0), (Color{0, 0, 0}));
  EXPECT_EQ(image.at(19, 59), (Color{255, 255, 255}));
  EXPECT_EQ(image.at(0, 59), (Color{170, 170, 170}));  // 2/3 of 255
  LabelSlice labels{slice.view, {1, 2, 3, 4}};
  LabelSlice big = enlarge(labels, 10);
  EXPECT_EQ(big.view.width, 20);
  EXPECT_EQ(big.pixels[0], 1);
  EXPECT_EQ(big.pixels[9], 1);
  EXPECT_EQ(big.pixels[10], 2);
  EXPECT_EQ(big.pixels[size_t(29 * 20)], 1);
  EXPECT_EQ(big.pixels[size_t(30 * 20)], 3);
  EXPECT_DOUBLE_EQ(pixels_per_mm_for(slice.view, 300), 50);
}

}  // namespace
}  // namespace tomograd
