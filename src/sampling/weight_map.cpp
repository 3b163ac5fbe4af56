#include "sampling/weight_map.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sampling/locations.h"
#include "volume/nifti.h"

namespace tomograd {

std::optional<WeightMap> WeightMap::read(Env& env, const std::string& folder, const PreparedCase& prepared) {
  for (const char* end : {".nii.gz", ".nii"}) {
    std::string path = join_path(folder, prepared.id + end);
    if (env.kind(path) != FileKind::file) continue;
    return with_context("weight map " + path, [&]() -> std::optional<WeightMap> {
      Volume volume = read_nifti(env, path);
      const Geometry& grid = prepared.original.size.voxels() > 0 ? prepared.original : prepared.geometry;
      std::string reason;
      if (!same_grid(volume.geometry, grid, grid_tolerance(grid), &reason)) fail_input("its grid is not that of the case: " + reason, "make the map on the grid of the case's first image");
      WeightMap map;
      map.size_ = volume.geometry.size, map.weights_ = std::move(volume.voxels);
      double sum = 0;
      for (int64_t row = 0, i = 0; row < map.size_.z * map.size_.y; ++row) {
        for (int64_t x = 0; x < map.size_.x; ++x, ++i) {
          float weight = map.weights_[i];
          if (!(weight >= 0) || std::isinf(weight)) fail_input(text("the weight at voxel z ", row / map.size_.y, ", y ", row % map.size_.y, ", x ", x, " is ", weight, ", must be a number not below 0"));
          sum += weight;
        }
        map.up_to_row_.push_back(sum);
      }
      if (!(sum > 0)) fail_input("all its weights are 0, so no patch can be drawn");
      return map;
    });
  }
  return std::nullopt;
}

Extent WeightMap::draw(const PreparedCase& prepared, Random& random) const {
  double target = random.uniform(0, up_to_row_.back());
  int64_t row = std::upper_bound(up_to_row_.begin(), up_to_row_.end(), target) - up_to_row_.begin();
  if (row == int64_t(up_to_row_.size())) row = std::lower_bound(up_to_row_.begin(), up_to_row_.end(), up_to_row_.back()) - up_to_row_.begin();
  // Inside the row the last voxel with a weight takes what rounding leaves over.
  double passed = row > 0 ? up_to_row_[size_t(row) - 1] : 0;
  int64_t chosen = 0;
  for (int64_t x = 0; x < size_.x; ++x) {
    float weight = weights_[row * size_.x + x];
    if (weight == 0) continue;
    chosen = x, passed += weight;
    if (passed > target) break;
  }
  Extent voxel = prepared_voxel(prepared, double(row / size_.y), double(row % size_.y), double(chosen));
  for (int a = 0; a < 3; ++a) voxel[a] = std::clamp<int64_t>(voxel[a], 0, prepared.geometry.size[a] - 1);
  return voxel;
}

}  // namespace tomograd
