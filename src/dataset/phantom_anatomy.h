// The healthy head and neck of one phantom patient: which tissue every voxel is, from simple shapes in coordinates that run
// from -1 to 1 across the field of view (u to the right, v forwards, w up), with sizes and places of the patient's own.
#pragma once

#include <cstdint>

#include "base/extent.h"
#include "base/memory.h"

namespace tomograd {

enum class Tissue : uint8_t {
  air, fat, muscle, lateral_fat, bone, marrow, disc, fluid, cord, gland, right_gland, vessel, mucosa, tongue, count
};

struct Anatomy {
  Extent size;                                   // canonical orientation: x to the right, y forwards, z up
  Buffer<uint8_t> tissue;                        // [z][y][x] of Tissue
  Buffer<uint8_t> body;                          // 0, 1: inside the skin, airway included
  Buffer<uint8_t> zone;                          // where lesions may lie: 0 nowhere, 1 GTV-T, 2 GTV-Ln
  int64_t body_voxels = 0;
};

// A function of (size, seed, patient) alone.
Anatomy make_anatomy(Extent size, uint64_t seed, int64_t patient);

// Tissue intensity between 0 and about 0.8 in a modality (index into head_neck_modalities). Right gland is brighter than the
// left one in all modalities, so that a mirrored image can be told from a true one.
double tissue_intensity(Tissue tissue, int modality);

}  // namespace tomograd
