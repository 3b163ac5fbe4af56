// What the page is told of a volume: facts, tiles of planes, the range of its values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "volume/nifti.h"
#include "volume/volume.h"

namespace tomograd {

constexpr int64_t tile_voxels = 256;             // along each side

struct StoredBlocks {                            // how a Zarr array lies; known to the decoder alone (decoded_blocks.h)
  Extent size, block;
  VoxelType type = VoxelType::f32;
  int64_t source = -1;                           // its number there; -1 = is not kept
};

struct VolumeLevel {
  Extent size, factor = cube(1);                 // factor: voxels of level 0 per voxel
  std::string array;                             // path of a stored level; known to the decoder alone
  bool stored = true;                            // false: every factor-th voxel of level 0
  StoredBlocks blocks = {};                      // of `array`, or of level 0 where this is none
};

struct VolumeFacts {
  std::string kind;                              // NIfTI, TIFF, Zarr
  Geometry geometry;
  bool orientation_known = true, compressed = false;  // compressed: read from its start only
  int64_t channels = 1;
  VoxelType type = VoxelType::f32;
  std::vector<VolumeLevel> levels;               // finest first
  std::vector<std::string> labels;               // label images in an OME-Zarr group
  std::vector<std::string> label_paths;
};

struct PlaneTile {                               // [height][width]
  int64_t height = 0, width = 0;
  Buffer<float> voxels;
};

struct ValueRange {
  double low = 0, high = 1, minimum = 0, maximum = 0;  // 1st and 99.5th percentile of the finite voxels
  bool whole = true, integers = true;            // whole: of all voxels; of a part otherwise
};

}  // namespace tomograd
