// Intensity normalisation of one channel of one case. Statistics come from the region alone: the ROI, or what is not
// background. Background is the value that at least five of the eight corner voxels share (scans that were normalised
// before have a constant background that is not zero); when the corners differ, every voxel counts.
#pragma once

#include <cstdint>
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

// Normalises in place as spec.normalize and spec.clip_percentiles say; a deviation or range under 1e-8 counts as 1e-8.
// Voxels that are not finite become background. Returns what the background became. Error(input): zscore_roi without a
// ROI, an empty ROI, a region without a finite voxel, percentiles that are no rising pair.
float normalize_channel(Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background, const PreprocessSpec& spec);

}  // namespace tomograd
