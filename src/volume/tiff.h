// 3-D TIFF stacks, classic and BigTIFF, one page per plane z. The container (header, directories, tags) is read and written
// here, so that everything is checked against the file's size before anything is allocated and nothing hostile reaches
// libtiff; libtiff gets single strips and tiles to decode and encode (volume/tiff_codec.h).
// Facts: TIFF 6.0 (Adobe 1992), BigTIFF (AWare Systems), ImageJ's description and its files of one directory, OME-XML 2016-06.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/parallel.h"
#include "volume/nifti.h"

namespace tomograd {

struct TiffHeader {
  bool big = false, swapped = false, tiled = false;  // BigTIFF; not this machine's byte order
  bool one_directory = false;                    // the planes follow one another behind a single directory (ImageJ above 4 GB)
  Geometry geometry;                             // axes as stored, origin 0; the spacing in mm, 1 where unknown
  bool spacing_known = false;
  std::string spacing_source;                    // "OME-XML", "ImageJ", "x.json", ""
  VoxelType type = VoxelType::u8;                // never a 64-bit integer
  std::string compression;                       // of the first page: "none", "LZW", "deflate", ...
  std::vector<std::string> warnings;             // accepted, but worth telling
};

// An open stack. Every page was seen and checked: same size and type, strips and tiles inside the file. Plane z is then read
// without looking at other pages. Thread-safe.
class TiffStack {
 public:
  TiffStack(Env& env, const std::string& path);  // Error(input) names file, page, tag, value and what would be right
  ~TiffStack();
  const TiffHeader& header() const;
  Extent size() const { return header().geometry.size; }

  // The box's voxels [z][y][x]. Only strips and tiles that the box touches are read; of uncompressed ones only the rows.
  // Whole numbers are asked for: a fraction, or a value the type cannot hold, is Error(input) naming the voxel.
  void read(const Box& box, float* into) const;
  void read(const Box& box, uint16_t* into) const;
  void read(const Box& box, uint32_t* into) const;
  void read_raw(const Box& box, void* into) const;  // voxels of header().type in this machine's byte order
  template <class T>
  void read_planes(int64_t z0, int64_t z1, T* into) const { read(Box{{z0, 0, 0}, {z1 - z0, size().y, size().x}}, into); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

bool is_tiff_name(const std::string& path);      // ends with .tif or .tiff, upper or lower case
TiffHeader read_tiff_header(Env& env, const std::string& path);
Volume read_tiff(Env& env, const std::string& path, TiffHeader* header = nullptr);
LabelVolume read_tiff_labels(Env& env, const std::string& path, TiffHeader* header = nullptr);

enum class TiffCompression { none = 1, lzw = 5, deflate = 8, packbits = 32773, lzma = 34925, zstd = 50000 };
TiffCompression parse_tiff_compression(const std::string& name);  // by those names; Error(usage)

struct TiffWriteOptions {
  TiffCompression compression = TiffCompression::none;
  bool predictor = true;                         // differences of neighbours (floats: of their bytes) where the method gains by it
  bool big = false;                              // BigTIFF even when 4 GB would do
  std::array<double, 3> spacing{0, 0, 0};        // Z, Y, X in mm; 0 = unknown. Kept as an ImageJ description in microns
};

// Writes a stack plane by plane in this machine's byte order; BigTIFF when the voxels may need more than 4 GB. Directories
// stand together at the end, so a later scan is short. Published by commit(); without it the old file stays.
class TiffWriter {
 public:
  TiffWriter(Env& env, const std::string& path, Extent size, VoxelType type, const TiffWriteOptions& options = {});
  ~TiffWriter();
  // The next planes, voxels of `type` [z][y][x]. A pool encodes strips in parallel; the bytes do not depend on it.
  void write_planes(const void* voxels, int64_t planes, ThreadPool* pool = nullptr);
  void commit();                                 // after size.z planes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

void write_tiff(Env& env, const std::string& path, const Volume& volume, TiffWriteOptions options = {});  // float32
// uint8 when all labels are below 256, else uint16. The spacing is the geometry's, as for write_tiff.
void write_tiff_labels(Env& env, const std::string& path, const LabelVolume& labels, TiffWriteOptions options = {});

}  // namespace tomograd
