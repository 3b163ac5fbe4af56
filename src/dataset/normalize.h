// Intensity normalisation of one channel of one case. Statistics come from the region alone: the ROI, or what is not
// background. Background is the value that at least five of the eight corner voxels share (scans that were normalised
// before have a constant background that is not zero); when the corners differ, every voxel counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "base/extent.h"
#include "base/memory.h"
#include "spec/run_spec.h"

namespace tomograd {

struct Background {
  float value = 0;        // lower median of the finite corners; smallest finite voxel when no corner is finite
  bool constant = false;  // at least five corners agree on it
  int64_t not_finite = 0; // voxels that are NaN or infinite
};
// Error(input) when no voxel is finite.
Background find_background(const Buffer<float>& voxels, Extent size);

// Value and constancy from the finite corners of a volume; false when there are none.
bool set_from_corners(Background& background, Extent size, const std::function<float(int64_t z, int64_t y, int64_t x)>& voxel);

struct Intensities {      // of the finite voxels of a region
  int64_t voxels = 0;
  double mean = 0, deviation = 0, smallest = 0, largest = 0;   // deviation: of the population, as numpy's std
};
Intensities measure(const float* values, int64_t count);

// Percentile p (0..100) of values, linear between neighbours as numpy's default; reorders the values.
double percentile(Buffer<float>& values, double p);

// The finite voxels of the region, in order: roi != 0 when there is a roi, else what is not background (all finite voxels
// when nothing else is there).
Buffer<float> region_values(const Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background);

// What normalisation does to every voxel: clip, then (v - shift) / spread; one that is not finite becomes `outside`.
struct IntensityMap {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity(), shift = 0, spread = 1;
  float outside = 0;                             // what the background becomes
  float operator()(float v) const { return float((std::clamp(double(v), low, high) - shift) / spread); }
  void apply(float* voxels, int64_t count) const;
};

// The map that spec.normalize asks for: `measured` are the region's intensities after clipping to [low, high].
IntensityMap intensity_map(const PreprocessSpec& spec, const Background& background, const Intensities& measured, double low, double high);

// Error(input): zscore_roi without a ROI, clip_percentiles that are no pair of rising numbers.
void check_normalization(const PreprocessSpec& spec, bool has_roi);
// Whether statistics of the region are needed at all.
bool needs_statistics(const PreprocessSpec& spec);

// Normalises in place as spec.normalize and spec.clip_percentiles say; a deviation or range under 1e-8 counts as 1e-8.
// Voxels that are not finite become background. Returns what the background became. Error(input): zscore_roi without a
// ROI, an empty ROI, a region without a finite voxel, percentiles that are no rising pair.
float normalize_channel(Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background, const PreprocessSpec& spec);

}  // namespace tomograd
