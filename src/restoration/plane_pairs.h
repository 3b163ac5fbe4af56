// Pairs to learn super-resolution from, out of the one volume: its slices are fine along their own two axes, so that they can be made coarse along
// one of them just as the scanner made the volume coarse across them. What undoes the one undoes the other as far as the body looks alike in
// both directions (Zhao et al., "SMORE", IEEE Trans. Med. Imaging 40(3), 2021; Shocher et al., "Zero-shot super-resolution", CVPR 2018).
#pragma once

#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "restoration/slice_profile.h"

namespace tomograd {

// A window of a plane of a volume: which axes are its rows and columns, and where it begins. May reach beyond the volume (edges are repeated).
struct PlaneWindow {
  int rows = 0, columns = 0;                     // axes; the third is across the plane
  int64_t plane = 0, row = 0, column = 0;
  bool rows_backwards = false, columns_backwards = false;
  int across() const { return 3 - rows - columns; }
};

void copy_window(const float* volume, Extent size, const PlaneWindow& window, int64_t height, int64_t width, float* into);  // [height][width]

inline bool can_be_made_coarse(int64_t length, int64_t factor) { return length >= 2 * factor; }

class PlanePairs {
 public:
  // `voxels` [z][y][x] are thick slices across profile.axis, and must outlive this. Error(input) where no slice is long enough to be made coarse.
  PlanePairs(const SliceProfile& profile, Extent seen, const float* voxels);
  const std::vector<int>& axes() const { return axes_; }  // along which slices were made coarse
  double interpolation_error() const { return interpolation_error_; }  // mean square of it to the slices, over all axes()
  // The window in coarse, interpolated (Catmull-Rom) and true rows: coarse [height / factor][width], the others [height][width]. The window's rows lie
  // along one of axes(), its columns in the slice; row and height are multiples of the factor.
  void fill(const PlaneWindow& window, int64_t height, int64_t width, float* coarse, float* interpolated, float* fine) const;

 private:
  struct Made { Extent coarse_size; Buffer<float> coarse, interpolated; };
  Extent seen_;
  int64_t factor_;
  const float* voxels_;
  std::vector<int> axes_;
  Made made_[3];
  double interpolation_error_ = 0;
};

// Mean squares of what is left between the network's planes and the truth, and of what interpolation alone leaves. `said` [plane][factor][row][column] is
// what the network adds to `interpolated` [plane][factor row + k][column]; `slopes` (may be null) gets the derivative of the former by `said`.
struct PlaneErrors { double squared = 0, of_interpolation = 0; };
struct PlaneShape { int64_t planes = 0, factor = 1, rows = 0, width = 0; };
PlaneErrors plane_errors(const PlaneShape& shape, const float* said, const float* interpolated, const float* fine, float* slopes);

}  // namespace tomograd
