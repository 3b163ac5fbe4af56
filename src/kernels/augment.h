// What happens to the voxels of a patch between the blocks and the batch: one pass of rows (copy, mirror, noise, brightness,
// statistics), and the steps that work in place while the patch is in cache. Intensity steps follow the definitions of
// nnU-Net's augmentation (Isensee et al., Nature Methods 18, 2021, supplement). Arrays are [z][y][x] in C order.
// Every kernel gives the same bits on every instruction set; patch_kernels_reference() is the obvious form of each.
#pragma once

#include <cstdint>

#include "base/extent.h"

namespace tomograd {

struct VoxelStatistics {
  double sum = 0;
  int64_t count = 0;
  float minimum = __builtin_inff(), maximum = -__builtin_inff();
  double mean() const { return count ? sum / double(count) : 0; }
};

struct RowChange {
  bool reversed = false;         // mirror image along x
  const float* noise = nullptr;  // n normals, or none
  float sigma = 0;               // their standard deviation
  float factor = 1;              // brightness
  bool stream = false;           // bypass the caches (only for aligned rows of whole cache lines; finish with finish_streaming)
};

// A row that may lie in two blocks: value i is first[i] below `split` and second[i - split] from there on.
template <class T>
struct SplitRow {
  const T* first = nullptr;
  const T* second = nullptr;
  int64_t split = 0;             // n or more: all in first
  T at(int64_t i) const { return i < split ? first[i] : second[i - split]; }
};

struct PatchKernels {
  // out[i] = (in[i] + sigma noise[i]) factor, i mirrored first when reversed; in may be out unless reversed. Adds the values
  // written to *statistics unless null: 16 float sums per row (value i goes to sum i mod 16), folded into the double sum.
  void (*row)(const SplitRow<float>& in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out);
  // The same for labels, copied or mirrored.
  void (*label_row)(const SplitRow<uint8_t>& in, int64_t n, bool reversed, bool stream, uint8_t* out);
  // v = (v - mean) factor + mean, then kept inside [minimum, maximum]
  void (*contrast)(float* v, int64_t n, float mean, float minimum, float maximum, float factor);
  // v = t^gamma range + minimum with t = (v - minimum) / range; t below 1e-20 gives 0; gamma in [0.3, 1.6].
  // Inverted: the curve is applied to the negative image.
  void (*gamma)(float* v, int64_t n, float minimum, float maximum, float gamma, bool inverted);
  // Linear interpolation on the line start + i step (voxels of the box, Z Y X; float arithmetic), which stays inside
  // [0, size - 1) on every axis; and the nearest label (half up).
  void (*sample_linear)(const float* box, Extent size, const float start[3], const float step[3], int64_t n, float* out);
  void (*sample_nearest)(const uint8_t* box, Extent size, const float start[3], const float step[3], int64_t n, uint8_t* out);
  // out[i] = sum over k of weight[k] rows[k][i], k ascending
  void (*weighted_rows)(const float* const* rows, const float* weights, int64_t count, int64_t n, float* out);
};
const PatchKernels& patch_kernels();            // of current_isa()
const PatchKernels& patch_kernels_reference();

void finish_streaming();                        // makes streamed stores visible in order; before a patch is handed on

VoxelStatistics voxel_statistics(const PatchKernels& kernels, const float* v, int64_t n);

// Gaussian blur, sigma in voxels, cut at 4 sigma, borders mirrored about the voxel's face (scipy's "reflect").
// scratch: size.voxels() + size.x + 64 floats.
void gaussian_blur(const PatchKernels& kernels, float* v, Extent size, double sigma, float* scratch);

// Simulated low resolution: every axis sampled at round(zoom size) nearest voxels and brought back by linear interpolation
// between them. zoom in (0, 1]. scratch as above.
void lower_resolution(const PatchKernels& kernels, float* v, Extent size, double zoom, float* scratch);

// Gamma curve on the image's own range, then scaled back to its mean and standard deviation ("retain stats").
void gamma_curve(const PatchKernels& kernels, float* v, int64_t n, double gamma, bool inverted);

}  // namespace tomograd
