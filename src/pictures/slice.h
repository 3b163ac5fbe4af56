// A slice of a volume as it is shown: in radiological display, as a radiologist expects it. In axial and coronal slices the
// patient's right is on the left of the picture; front and top are up; in sagittal slices the front is on the left.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pictures/image.h"
#include "volume/volume.h"

namespace tomograd {

struct SliceView {
  int64_t width = 0, height = 0;                 // pixels
  double pixel_width = 1, pixel_height = 1;      // mm
  std::string left, right, top, bottom;          // "R", "L", "A", "P", "S", "I"
  bool operator==(const SliceView&) const = default;
};

struct ImageSlice {
  SliceView view;
  std::vector<float> pixels;                     // [height][width]
};

struct LabelSlice {
  SliceView view;
  std::vector<uint16_t> pixels;
};

// axis: 0 = axial (z), 1 = coronal (y), 2 = sagittal (x), in the patient's canonical axes, however the file stores them.
// index: along the stored axis that is nearest to it, as the file counts; Error(input) when there is no such slice.
int64_t slices_along(const Geometry& geometry, int axis);
ImageSlice cut_slice(const Volume& volume, int axis, int64_t index);
LabelSlice cut_slice(const LabelVolume& labels, int axis, int64_t index);

// The slice with the most labelled voxels; the lowest index of equals; the middle one when there are no labels.
int64_t largest_slice(const LabelVolume& labels, int axis);

struct Window { float low = 0, high = 1; };      // grey values black and white
// Percentiles of the finite pixels (0..100), by linear interpolation between order statistics.
Window percentile_window(const std::vector<float>& pixels, double low = 1, double high = 99.5);

// The slice enlarged or reduced to `pixels_per_mm`, so that pixels become square: images linear, labels nearest.
Image render(const ImageSlice& slice, Window window, double pixels_per_mm);
LabelSlice enlarge(const LabelSlice& slice, double pixels_per_mm);  // as many pixels as render() makes
double pixels_per_mm_for(const SliceView& view, int64_t longest_side);

}  // namespace tomograd
