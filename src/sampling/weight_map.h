// Patch centres drawn from a map that the user gives: a voxel's chance is its weight over the sum of all. One file per case,
// FOLDER/<case id>.nii.gz or .nii, on the grid of the case's first image, numbers >= 0.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/random.h"
#include "dataset/prepared_case.h"

namespace tomograd {

class WeightMap {
 public:
  // Nothing when the folder has no map of this case. Error(input) names the file: another grid, a negative or non-finite
  // weight, all weights 0.
  static std::optional<WeightMap> read(Env& env, const std::string& folder, const PreparedCase& prepared);

  // A voxel of the prepared case. Where resampling or a crop leaves the drawn voxel outside, the nearest inside.
  Extent draw(const PreparedCase& prepared, Random& random) const;
  int64_t voxels() const { return weights_.size(); }

 private:
  Extent size_;
  Buffer<float> weights_;
  std::vector<double> up_to_row_;                // sum of the weights of all rows up to and with this one; row = z * size.y + y
};

}  // namespace tomograd
