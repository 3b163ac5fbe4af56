// OME-Zarr: a group with the same image at several resolutions ("multiscales"), 0.4 on Zarr v2 and 0.5 on Zarr v3
// (ngff.openmicroscopy.org); labels lie in labels/NAME below it. The exact affine, which OME-Zarr 0.5 has no words for, is
// kept in the attribute "tomograd".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/geometry.h"

namespace tomograd {

struct ZarrAxis {
  std::string name, type, unit;                  // type: time, channel, space; unit may be empty
  bool operator==(const ZarrAxis&) const = default;
};

struct ZarrLevel {
  std::string path;                              // of the array below the group; never leads out of it
  std::vector<double> scale, translation;        // one number per axis, in its unit
  bool operator==(const ZarrLevel&) const = default;
};

struct ZarrImage {
  std::string version = "0.5", name;
  std::vector<ZarrAxis> axes;                    // the last three are z, y, x
  std::vector<ZarrLevel> levels;                 // finest first
  std::optional<Affine> affine;                  // of level 0, RAS+ mm; ours
  bool orientation_known = false;
  bool labels = false;                           // integers that name things
  bool operator==(const ZarrImage&) const = default;

  // Of a level with this many voxels: our affine, or the scale and translation in mm.
  Geometry geometry(size_t level, Extent size) const;
};

ZarrImage read_zarr_image(Env& env, const std::string& group);

// zarr.json of the group (0.5).
std::string zarr_image_text(const ZarrImage& image);

// The images in labels/ of a group, by name; none when there is no such folder.
std::vector<std::string> zarr_label_names(Env& env, const std::string& group);
std::string zarr_labels_text(const std::vector<std::string>& names);  // zarr.json of labels/

// A path from a file that may be joined to a folder: relative, no "..", no empty part, no backslash. Else Error(input).
void check_path_below(const std::string& path, const std::string& where);

}  // namespace tomograd
