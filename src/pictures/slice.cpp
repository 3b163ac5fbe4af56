#include "pictures/slice.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

// Which canonical axis runs down and which to the right of the picture; both are shown from their high end to their low end,
// because canonical axes grow to the right, the front and the top.
struct Layout { int down, across; const char *left, *right, *top, *bottom; };
constexpr Layout layouts[3] = {{1, 2, "R", "L", "A", "P"}, {0, 2, "R", "L", "S", "I"}, {0, 1, "A", "P", "S", "I"}};

void check_axis(int axis) {
  if (axis < 0 || axis > 2) fail_failure(text("slice axis ", axis));
}

template <class Slice, class Source>
Slice cut(const Source& volume, int axis, int64_t index) {
  check_axis(axis);
  const Geometry& g = volume.geometry;
  Reorientation r = to_canonical(g);
  const Layout& layout = layouts[axis];
  int along = r.from_axis[size_t(axis)], down = r.from_axis[size_t(layout.down)], across = r.from_axis[size_t(layout.across)];
  if (index < 0 || index >= g.size[along]) fail_input(text("slice ", index, " of an axis that has slices 0 to ", g.size[along] - 1));
  auto spacing = g.spacing();
  Slice slice;
  slice.view = {g.size[across], g.size[down], spacing[size_t(across)], spacing[size_t(down)], layout.left, layout.right, layout.top, layout.bottom};
  slice.pixels.resize(size_t(g.size[across] * g.size[down]));
  int64_t stride[3] = {g.size.y * g.size.x, g.size.x, 1};
  // From the high end: a flipped axis is stored from high to low already.
  bool down_stored = r.flipped[size_t(layout.down)], across_stored = r.flipped[size_t(layout.across)];
  for (int64_t row = 0; row < slice.view.height; ++row)
    for (int64_t column = 0; column < slice.view.width; ++column) {
      int64_t d = down_stored ? row : slice.view.height - 1 - row, a = across_stored ? column : slice.view.width - 1 - column;
      slice.pixels[size_t(row * slice.view.width + column)] = volume.voxels[index * stride[along] + d * stride[down] + a * stride[across]];
    }
  return slice;
}

struct Size { int64_t width, height; };
Size enlarged_size(const SliceView& view, double pixels_per_mm) {
  return {std::max<int64_t>(1, std::llround(double(view.width) * view.pixel_width * pixels_per_mm)),
          std::max<int64_t>(1, std::llround(double(view.height) * view.pixel_height * pixels_per_mm))};
}

}  // namespace

int64_t slices_along(const Geometry& geometry, int axis) {
  check_axis(axis);
  return geometry.size[to_canonical(geometry).from_axis[size_t(axis)]];
}

ImageSlice cut_slice(const Volume& volume, int axis, int64_t index) { return cut<ImageSlice>(volume, axis, index); }
LabelSlice cut_slice(const LabelVolume& labels, int axis, int64_t index) { return cut<LabelSlice>(labels, axis, index); }

int64_t largest_slice(const LabelVolume& labels, int axis) {
  check_axis(axis);
  const Extent size = labels.geometry.size;
  int along = to_canonical(labels.geometry).from_axis[size_t(axis)];
  std::vector<int64_t> counts(size_t(size[along]), 0);
  int64_t i = 0;
  for (Extent p; p.z < size.z; ++p.z)
    for (p.y = 0; p.y < size.y; ++p.y)
      for (p.x = 0; p.x < size.x; ++p.x, ++i) counts[size_t(p[along])] += labels.voxels[i] > 0;
  auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? size[along] / 2 : int64_t(most - counts.begin());
}

Window percentile_window(const std::vector<float>& pixels, double low, double high) {
  std::vector<float> sorted;
  for (float v : pixels)
    if (std::isfinite(v)) sorted.push_back(v);
  if (sorted.empty()) return {};
  std::sort(sorted.begin(), sorted.end());
  auto at = [&](double percent) {
    double place = percent / 100 * double(sorted.size() - 1);
    size_t below = size_t(place), above = std::min(sorted.size() - 1, below + 1);
    return float(sorted[below] + (sorted[above] - sorted[below]) * (place - double(below)));
  };
  Window window{at(low), at(high)};
  if (!(window.high > window.low)) window = {sorted.front(), sorted.back()};
  if (!(window.high > window.low)) window.high = window.low + 1;
  return window;
}

Image render(const ImageSlice& slice, Window window, double pixels_per_mm) {
  const SliceView& v = slice.view;
  auto [width, height] = enlarged_size(v, pixels_per_mm);
  Image image(width, height, {0, 0, 0});
  auto value = [&](int64_t x, int64_t y) {
    float f = slice.pixels[size_t(std::clamp<int64_t>(y, 0, v.height - 1) * v.width + std::clamp<int64_t>(x, 0, v.width - 1))];
    return std::isfinite(f) ? double(f) : double(window.low);
  };
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      double sx = (double(x) + 0.5) * double(v.width) / double(width) - 0.5, sy = (double(y) + 0.5) * double(v.height) / double(height) - 0.5;
      double fx = std::floor(sx), fy = std::floor(sy);
      int64_t x0 = int64_t(fx), y0 = int64_t(fy);
      double top = value(x0, y0) * (1 - (sx - fx)) + value(x0 + 1, y0) * (sx - fx);
      double bottom = value(x0, y0 + 1) * (1 - (sx - fx)) + value(x0 + 1, y0 + 1) * (sx - fx);
      double share = (top * (1 - (sy - fy)) + bottom * (sy - fy) - window.low) / (double(window.high) - window.low);
      uint8_t grey_value = uint8_t(std::lround(255 * std::clamp(share, 0.0, 1.0)));
      image.set(x, y, {grey_value, grey_value, grey_value});
    }
  return image;
}

LabelSlice enlarge(const LabelSlice& slice, double pixels_per_mm) {
  auto [width, height] = enlarged_size(slice.view, pixels_per_mm);
  LabelSlice big;
  big.view = slice.view;
  big.view.width = width, big.view.height = height;
  big.view.pixel_width = big.view.pixel_height = 1 / pixels_per_mm;
  big.pixels.resize(size_t(width * height));
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      big.pixels[size_t(y * width + x)] = slice.pixels[size_t((2 * y + 1) * slice.view.height / (2 * height) * slice.view.width + (2 * x + 1) * slice.view.width / (2 * width))];
  return big;
}

double pixels_per_mm_for(const SliceView& view, int64_t longest_side) {
  return double(longest_side) / std::max(double(view.width) * view.pixel_width, double(view.height) * view.pixel_height);
}

}  // namespace tomograd
