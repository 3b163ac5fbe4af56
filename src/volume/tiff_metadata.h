// What texts in and beside a TIFF say about its voxels: ImageJ's description, OME-XML, tifffile's JSON, nnU-Net's sidecar.
// Spacing, the first that is there: x.json beside x.tif (or beside x_0000.tif) with "spacing" [z, y, x] in "unit" (mm, as nnU-Net
// takes it, when there is none), OME-XML PhysicalSizeX/Y/Z, ImageJ's unit with spacing and resolution tags. Resolution tags
// alone say nothing about z and are mostly a printer's; they are not used.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/tiff_directory.h"

namespace tomograd {

struct TiffTexts {
  int64_t images = 0;                            // planes the text speaks of; 0 = it does not
  bool one_directory = false;                    // ... of which only the first may have a directory
  std::string kind;                              // whose text it is: "ImageJ", "OME-XML", "tifffile", ""
  std::array<double, 3> spacing{0, 0, 0};        // Z, Y, X in mm; 0 = unknown
  std::string spacing_source;
  std::vector<std::string> warnings;
};

// `first`: the first directory. Stacks of channels or times, where the order of pages is more than z, are Error(input).
TiffTexts read_tiff_texts(const std::string& description, const TiffDirectory& first);
// Replaces the spacing by a sidecar's when there is one.
void read_spacing_sidecar(Env& env, const std::string& path, TiffTexts& texts);

double millimetres_per(const std::string& unit);  // 0 for an unknown unit
// Written beside a TIFF for nnU-Net: {"spacing": [z, y, x]} in mm.
void write_spacing_sidecar(Env& env, const std::string& tiff_path, const std::array<double, 3>& spacing_mm);

}  // namespace tomograd
