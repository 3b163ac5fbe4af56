// Label maps of any format on the voxels of an image that is shown.
#pragma once

#include <string>

#include "base/env.h"
#include "base/extent.h"
#include "volume/volume.h"

namespace tomograd {

struct ShownPart {
  Geometry whole;                                // of the image
  bool orientation_known = false;
  Box box;                                       // what is shown of it
  bool is_all() const { return box.size == whole.size; }
};

// A label map, or a folder of label maps as `predict --out` makes it: CASE.nii.gz of it, or the only one when `case_id` is "".
std::string label_map_file(Env& env, const std::string& given, const std::string& case_id);

// The part of the label map that is shown. A map of as many voxels as the image lies on them, unless both say that they lie elsewhere; another
// one is resampled, with a warning, where all of the image is shown. Error(input): with a box, a map on another grid; more than one channel; a
// voxel that is no whole number from 0 to 65535.
LabelVolume read_label_map(Env& env, const std::string& path, const ShownPart& part);

}  // namespace tomograd
