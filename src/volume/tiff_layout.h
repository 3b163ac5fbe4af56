// A TIFF stack opened: every directory validated, what is needed to find a plane's strips or tiles kept, voxels not touched.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/tiff.h"
#include "volume/tiff_directory.h"

namespace tomograd {

struct TiffPage {                                // how one plane is stored: strips are tiles of the whole width
  TiffTag offsets, byte_counts, jpeg_tables, lerc_parameters;
  uint32_t segment_rows = 0, segment_columns = 0;
  uint16_t compression = 1, photometric = 1;
  uint8_t predictor = 1, fill_order = 1;
  bool tiled = false;                            // tiles at the far edges are stored whole, the last strip is cut
};

struct TiffLayout {
  std::unique_ptr<InputFile> file;
  TiffHeader header;
  std::vector<TiffPage> pages;                   // one with header.one_directory, else one per plane
  int64_t first_voxel = 0;                       // with header.one_directory: where plane 0 starts
  int64_t plane_voxels() const { return header.geometry.size.y * header.geometry.size.x; }
};
TiffLayout open_tiff(Env& env, const std::string& path);

// What a segment holds decoded.
int64_t tiff_segment_voxels(const TiffPage& page, const TiffLayout& layout, int64_t segment);  // rows cut where a strip is the last

constexpr int64_t most_tiff_segment_bytes = int64_t{1} << 31;  // of one strip or tile, decoded

}  // namespace tomograd
