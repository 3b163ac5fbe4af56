// A U-Net fitted to a cohort and a memory size, by nnU-Net's rules (Nature Methods 18:203, supplementary note 2): spacing from
// the medians, patch as large as memory allows with the aspect of the median case, an axis pooled while it is long enough and
// its spacing within a factor of two of the finest.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataset/fingerprint.h"

namespace tomograd {

struct Pooling {
  std::vector<Extent> strides;                   // of each down-sampling
  std::vector<Extent> kernels;                   // per level, strides.size() + 1; the lowest is 3x3x3
  Extent divisor = cube(1);                      // what the patch is a multiple of
};
Pooling pooling_for(const std::array<double, 3>& spacing, Extent patch);

struct Configuration {
  std::array<double, 3> spacing{};               // Z,Y,X mm
  Extent median_size, patch;                     // at that spacing
  Pooling pooling;
  std::vector<int64_t> channels;                 // per level: 32 * 2^level, at most 320
  int64_t batch = 2;
};

std::array<double, 3> target_spacing(const Fingerprint& fingerprint);

// Feature-map voxels of a plain U-Net with two convolutions per level and side, deep supervision included: the estimate of
// training memory that the rules are stated in (5.6e8 of them fit 8 GB at batch 2).
int64_t feature_map_voxels(Extent patch, const Pooling& pooling, const std::vector<int64_t>& channels, int64_t classes);

// memory_bytes: of the device that trains. Error(input) when there are no cases or memory is not above 0.
Configuration configure(const Fingerprint& fingerprint, int64_t memory_bytes);

}  // namespace tomograd
