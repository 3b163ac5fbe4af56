// What the network sees where its input is the observed volume itself (code = observed), and which voxels it is fitted to then.
//
// A network that sees a noisy voxel and is fitted to it learns to copy it. So in each iteration a few voxels, drawn anew, are hidden: the network sees
// the mean of their visible neighbours instead, and these voxels alone are fitted. Where noise is independent from voxel to voxel, the expected loss is
// the error to the clean volume plus a constant, as nothing that the network sees tells it the noise of what it is fitted to (Batson and Royer, "Noise2Self",
// ICML 2019; Krull et al., "Noise2Void", CVPR 2019; with one image alone and the average over many masks as the result: Quan et al., "Self2Self",
// CVPR 2020). The network starts from the image instead of growing it from noise, and its filters are those of all places at once, so that it needs
// a tenth of the iterations: of 48^3 voxels of a head with noise of 25/255 it has 28.8 dB after 100, and 24.2 from 32 channels of noise.
//
// Voxels that are missing or held out are never seen and never fitted; a second channel says which voxels are seen where some are missing. In
// super-resolution nothing is hidden: the network sees the thick slices interpolated (volume/cubic_slices.h), and is fitted through the slice profile.
#pragma once

#include <cstdint>

#include "restoration/data_term.h"
#include "restoration/slice_profile.h"
#include "spec/restore_spec.h"

namespace tomograd {

int64_t image_channels(const RestoreSpec& spec);  // that the network sees of the image: 0 where its code is not the observed volume

class VisibleImage {
 public:
  // `voxels` and `use` (VoxelUse; null: all are fitted) are those of the observed grid, `seen`, and must outlive this.
  VisibleImage(const RestoreSpec& spec, const SliceProfile& profile, Extent seen, const float* voxels, const uint8_t* use);
  bool hides() const { return hidden_ > 0; }
  // [voxel][channel] of image_channels(): the image at `at` of the restored grid, which may reach beyond the volume (edges are repeated).
  void fill(const Box& at, int64_t iteration, float* into) const;
  // Of the voxels of `at`, which must lie inside: only hidden ones stay fitted, others that were become missing. At least one stays where one was.
  int64_t fit_hidden(const Box& at, int64_t iteration, uint8_t* use) const;

 private:
  bool is_seen(int64_t voxel, uint64_t key) const;
  uint64_t key(int64_t iteration) const;
  float without(const Extent& at, uint64_t key) const;  // what stands at a voxel that is not seen

  Extent size_;                                  // of the restored grid
  const float* voxels_;
  const uint8_t* use_;
  Buffer<float> thin_;                           // superres
  int64_t channels_ = 0;
  uint64_t seed_ = 0;
  uint32_t hidden_ = 0;                          // share of 2^32
  float usual_ = 0;                              // mean of the voxels that may be seen
};

}  // namespace tomograd
