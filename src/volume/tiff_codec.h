// One strip or tile through libtiff: it is wrapped into a TIFF of one strip in memory, whose directory is ours. So libtiff
// never sees a directory from outside, calls share nothing, and threads may decode at the same time. Nothing is printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "volume/nifti.h"

namespace tomograd {

struct TiffSegment {                             // a strip or a tile; one sample per pixel
  int64_t rows = 0, columns = 0;
  VoxelType type = VoxelType::u8;
  int compression = 1, predictor = 1, photometric = 1, fill_order = 1;
  bool swapped = false;                          // its bytes are of the other order
  std::string jpeg_tables;                       // raw values of tag 347
  std::vector<uint32_t> lerc_parameters;         // tag 50674
  int64_t voxels() const { return rows * columns; }
};

// "LZW", "deflate", ...; "" for a method that cannot hold one sample of 8 to 64 bits, or that this libtiff lacks.
std::string tiff_compression_name(int compression);
// The most bytes that one byte can become.
int64_t tiff_expansion(int compression);
int tiff_sample_format(VoxelType type);          // 1 unsigned, 2 signed, 3 float

// `count` stored bytes -> segment.voxels() voxels in this machine's byte order. Fewer than declared, or damage: Error(input).
void decode_tiff_segment(const TiffSegment& segment, const unsigned char* stored, int64_t count, void* into);
void inflate_tiff_segment(const TiffSegment& segment, const unsigned char* stored, int64_t count, void* into);  // deflate (8, 32946)
std::vector<unsigned char> encode_tiff_segment(const TiffSegment& segment, const void* voxels);

}  // namespace tomograd
