// Volumes as the page looks at them: one tile of one plane at a time, of the resolution that is shown, or a small copy of the whole. Of
// stores and plain files only the blocks, strips or rows that a tile touches are read; a .nii.gz can only be read from its start, so it is
// decoded once and kept for a while.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/served_roots.h"
#include "volume/box_source.h"

namespace tomograd {

constexpr int64_t tile_voxels = 256;             // along each side

struct VolumeLevel {
  Extent size, factor = cube(1);                 // factor: voxels of level 0 per voxel
  std::string array;                             // path of a stored level
  bool stored = true;                            // false: every factor-th voxel of level 0
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

class VolumeShelf {                              // thread-safe
 public:
  VolumeShelf(ServedRoots& roots, Clock& clock) : roots_(roots), clock_(clock) {}

  VolumeFacts facts(const std::string& path);    // Error(input) as open_boxes()
  // axis as the file stores it, 0 = z; index in voxels of the level; tile: number of row and column. Error(usage): there is none.
  PlaneTile tile(const std::string& path, int64_t level, int64_t channel, int axis, int64_t index, int64_t row, int64_t column);
  // At most so many voxels along each axis, by whole factors. Error(input): 2^30 voxels would have to be decoded for it.
  Volume small_copy(const std::string& path, int64_t channel, int64_t most, Extent* factor = nullptr);
  ValueRange range(const std::string& path, int64_t channel);
  std::string version(const std::string& path) const;  // changes with the file; of a folder, with its metadata
  void release(double unused_seconds);
  int64_t kept_bytes();

 private:
  struct Whole {
    std::string path, version;
    int64_t channel = 0;
    double used = 0;
    std::shared_ptr<const Volume> volume;
  };
  std::shared_ptr<const Volume> whole(const std::string& path, int64_t channel);  // of a compressed file that is small enough, else null

  ServedRoots& roots_;
  Clock& clock_;
  std::mutex mutex_;
  std::vector<Whole> kept_;
};

}  // namespace tomograd
