// What is done to one patch: every random parameter, drawn before a voxel is touched. Space is drawn once per patch; what
// concerns intensities comes from a stream of its own per modality *name*, so that runs with other channel sets, other
// probabilities of other steps or other worker counts draw the same numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/noise.h"
#include "spec/run_spec.h"

namespace tomograd {

struct ChannelAugmentation {
  bool dropped = false;
  float noise_sigma = 0;                         // 0 = none
  NoiseStream noise;
  double blur_sigma = 0;                         // voxels; 0 = none
  float brightness = 1;
  double contrast = 1;
  double zoom = 1;                               // low resolution; 1 = none
  double gamma = 1, gamma_inverted = 1;
  bool later_steps() const { return blur_sigma > 0 || contrast != 1 || zoom != 1 || gamma != 1 || gamma_inverted != 1; }
};

struct PatchAugmentation {
  std::array<bool, 3> flip{};
  bool affine = false;
  // Offset from the patch's centre in the volume = matrix * offset in the (mirrored) patch; Z, Y, X in voxels.
  std::array<std::array<double, 3>, 3> matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  std::vector<ChannelAugmentation> channels;
};

// number: running number of the patch since the start of training. At least one channel is never dropped.
PatchAugmentation draw_augmentation(const AugmentSpec& spec, const std::vector<std::string>& channel_names, uint64_t seed, int64_t number);

}  // namespace tomograd
