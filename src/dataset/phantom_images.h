// The images of one phantom scan event: tissue intensities, blobs, partial volume, bias field and Rician noise.
#pragma once

#include <cstdint>
#include <vector>

#include "dataset/phantom_anatomy.h"
#include "dataset/phantom_blobs.h"

namespace tomograd {

constexpr double lesion_contrast = 0.42;         // added by a lesion in its carrier; noise is about a fifth of it

struct ScanImage {                               // one modality in canonical orientation [z][y][x]
  Buffer<float> raw;                             // scanner units; its voxel (y, x) shows the place (y + shift_y, x + shift_x)
  Buffer<float> normalised;                      // registered, bias mostly removed, mean 0 and variance 1 inside the body
  int64_t shift_y = 0, shift_x = 0;
};

struct ImageSource {
  int modality;                                  // index into head_neck_modalities
  uint64_t seed;
  int64_t patient, scan;
  double noise;                                  // HeadNeckOptions::noise
};

// A function of its arguments alone.
ScanImage make_scan_image(const Anatomy& anatomy, const std::vector<PhantomBlob>& blobs, const ImageSource& of);

}  // namespace tomograd
