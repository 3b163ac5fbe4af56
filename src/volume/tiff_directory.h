// The directories of a TIFF file as they stand: numbers of the tags we know and where their longer values lie. Nothing is
// checked here but that all of it lies in the file, that the chain of directories ends, and that it is not absurdly long.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/memory.h"

namespace tomograd {

// Numbers of either byte order out of a file, through a window that keeps small reads together. Not thread-safe.
class TiffBytes {
 public:
  // `window` bytes are read at a time: many for a scan of all directories, few for one plane's table.
  explicit TiffBytes(InputFile& file, int64_t window = 64 << 10) : file_(file), window_bytes_(window) {}
  bool swapped = false, big = false;
  int64_t size() const { return file_.size(); }
  // `bytes` (at most 1 MiB) at `at`, valid until the next call. Beyond the file's end: Error(input) that names `what`.
  const unsigned char* at(uint64_t at, int64_t bytes, const char* what);
  uint64_t number(const unsigned char* from, int bytes) const;  // 1, 2, 4 or 8 of them

 private:
  InputFile& file_;
  const int64_t window_bytes_;
  Buffer<unsigned char> window_;
  int64_t first_ = 0, count_ = 0;
};

struct TiffTag {                                 // where the values of a tag lie; type 0 = the tag is not there
  uint16_t type = 0;
  uint64_t count = 0, at = 0;
};
int tiff_type_bytes(uint16_t type);              // 0 for unknown types

struct TiffDirectory {
  uint64_t at = 0;
  // Defaults as in TIFF 6.0. `samples` > 1 makes bits and sample_format those of the first sample.
  uint64_t subfile = 0, width = 0, height = 0, bits = 1, compression = 1, photometric = 1, fill_order = 1, orientation = 1, samples = 1,
           rows_per_strip = 0xFFFFFFFF, predictor = 1, tile_width = 0, tile_height = 0, sample_format = 1, depth = 1, resolution_unit = 2;
  bool has_width = false, has_height = false, tiled = false;
  double x_resolution = 0, y_resolution = 0;     // 0 = not there or no positive finite number
  TiffTag description, offsets, byte_counts, jpeg_tables, lerc_parameters;
};

// Calls `page` for every directory of the chain, in order. Error(input) for what is no TIFF, a chain that comes back to a
// directory it had, more than 2^20 directories, more than 4096 tags in one, or values outside the file.
void for_each_tiff_directory(TiffBytes& bytes, const std::function<void(const TiffDirectory&)>& page);

// Elements [first, first + n) of a tag of whole numbers (BYTE, SHORT, LONG, LONG8); at most 2^17 at a time.
void read_tiff_array(TiffBytes& bytes, const TiffTag& tag, uint64_t first, int64_t n, uint64_t* into, const char* what);

std::string read_tiff_text(TiffBytes& bytes, const TiffTag& tag, int64_t limit);  // up to the first NUL, at most `limit` bytes

constexpr int64_t most_tiff_directories = int64_t{1} << 20;

}  // namespace tomograd
