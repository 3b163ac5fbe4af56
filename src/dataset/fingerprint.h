// What a cohort looks like, from given training cases only: sizes after the crop, spacings, intensities where there is
// foreground, and class volumes. Isensee et al., "nnU-Net", Nature Methods 18:203 (2021), supplementary note 2.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/prepared_case.h"
#include "spec/value.h"

namespace tomograd {

struct ChannelFingerprint {
  std::string channel;
  int64_t voxels = 0;                            // sampled: every k-th foreground voxel of each case that has the channel
  double mean = 0, median = 0, deviation = 0, smallest = 0, largest = 0, percentile_00_5 = 0, percentile_99_5 = 0;
};

struct Fingerprint {
  std::vector<std::string> cases;                // ids that were read
  std::vector<Extent> sizes;                     // per case, canonical orientation, after the crop
  std::vector<std::array<double, 3>> spacings;   // per case, Z,Y,X mm
  std::vector<ChannelFingerprint> channels;
  std::vector<std::string> classes;
  std::vector<int64_t> class_voxels;             // per class, inside the crop
};

// Reads the cases one after the other; `cases` are indices into dataset.cases. Intensities are raw (before normalisation).
// Error(input) when no case is given or one cannot be read.
Fingerprint make_fingerprint(Env& env, const Dataset& dataset, const std::vector<int>& cases, const PreprocessSpec& spec, const ClassMap& classes);

Value fingerprint_to_value(const Fingerprint& fingerprint);

}  // namespace tomograd
