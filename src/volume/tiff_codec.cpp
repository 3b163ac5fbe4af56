#include "volume/tiff_codec.h"

#include <tiffio.h>

#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>

#include "base/error.h"

namespace tomograd {
namespace {

struct Message {
  std::string first;                             // what libtiff complained of first
};

int keep(TIFF*, void* into, const char* module, const char* format, va_list arguments) {
  char line[400];
  std::vsnprintf(line, sizeof line, format, arguments);
  auto& message = *static_cast<Message*>(into);
  if (message.first.empty()) message.first = text(module ? module : "libtiff", ": ", line);
  return 1;                                      // handled: no global handler is called
}

// A file in memory: to read, our directory followed by stored bytes that stay where they are; to write, one growing vector.
struct MemoryFile {
  std::string head;
  const unsigned char* tail = nullptr;
  int64_t tail_bytes = 0, position = 0;
  std::vector<unsigned char> written;
  bool writing = false;
  int64_t size() const { return writing ? int64_t(written.size()) : int64_t(head.size()) + tail_bytes; }
};

MemoryFile& file_of(thandle_t handle) { return *static_cast<MemoryFile*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* into, tmsize_t bytes) {
  MemoryFile& f = file_of(handle);
  int64_t n = std::max<int64_t>(0, std::min<int64_t>(bytes, f.size() - f.position));
  auto* to = static_cast<unsigned char*>(into);
  if (f.writing) std::memcpy(to, f.written.data() + f.position, size_t(n));
  else {
    int64_t of_head = std::max<int64_t>(0, std::min<int64_t>(n, int64_t(f.head.size()) - f.position));
    if (of_head > 0) std::memcpy(to, f.head.data() + f.position, size_t(of_head));
    if (n > of_head) std::memcpy(to + of_head, f.tail + (f.position + of_head - int64_t(f.head.size())), size_t(n - of_head));
  }
  f.position += n;
  return n;
}

tmsize_t write_bytes(thandle_t handle, void* from, tmsize_t bytes) {
  MemoryFile& f = file_of(handle);
  if (!f.writing) return -1;
  if (int64_t(f.written.size()) < f.position + bytes) f.written.resize(size_t(f.position + bytes));
  std::memcpy(f.written.data() + f.position, from, size_t(bytes));
  f.position += bytes;
  return bytes;
}

toff_t seek(thandle_t handle, toff_t offset, int from) {
  MemoryFile& f = file_of(handle);
  f.position = int64_t(offset) + (from == SEEK_CUR ? f.position : from == SEEK_END ? f.size() : 0);
  return toff_t(f.position);
}

int close_nothing(thandle_t) { return 0; }
toff_t size_of(thandle_t handle) { return toff_t(file_of(handle).size()); }

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

std::unique_ptr<TIFF, Closer> open(MemoryFile& file, Message& message, int64_t segment_bytes) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t(4 * segment_bytes + (int64_t{64} << 20)));
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep, &message);
  TIFFOpenOptionsSetWarningHandlerExtR(options, keep, &message);
  TIFF* tiff = TIFFClientOpenExt("a strip", file.writing ? "w" : "rm", &file, read_bytes, write_bytes, seek, close_nothing, size_of, nullptr, nullptr,
      options);
  TIFFOpenOptionsFree(options);
  return std::unique_ptr<TIFF, Closer>(tiff);
}

// The header and directory of a TIFF of one strip, in the byte order of the strip. Tags in ascending order.
std::string directory_for(const TiffSegment& s, int64_t strip_bytes) {
  const bool little = (std::endian::native == std::endian::little) != s.swapped;
  struct Entry { uint16_t code, type; std::vector<uint32_t> values; };
  auto bits = uint32_t(voxel_bytes(s.type) * 8);
  std::vector<Entry> entries = {{256, 4, {uint32_t(s.columns)}}, {257, 4, {uint32_t(s.rows)}}, {258, 3, {bits}}, {259, 3, {uint32_t(s.compression)}},
                                {262, 3, {uint32_t(s.photometric)}}, {266, 3, {uint32_t(s.fill_order)}}, {273, 4, {0}}, {277, 3, {1}},
                                {278, 4, {uint32_t(s.rows)}}, {279, 4, {uint32_t(strip_bytes)}}};
  if (s.predictor != 1) entries.push_back({317, 3, {uint32_t(s.predictor)}});
  entries.push_back({339, 3, {uint32_t(tiff_sample_format(s.type))}});
  if (!s.jpeg_tables.empty()) entries.push_back({347, 7, std::vector<uint32_t>(s.jpeg_tables.size())});
  if (!s.lerc_parameters.empty()) entries.push_back({50674, 4, s.lerc_parameters});

  std::string out;
  auto put = [&](std::string& to, uint32_t v, int n) {
    for (int i = 0; i < n; ++i) to.push_back(char(v >> 8 * (little ? i : n - 1 - i)));
  };
  const size_t directory_bytes = 8 + 2 + entries.size() * 12 + 4;
  std::string longer;
  for (const auto& e : entries) {
    if (e.code == 347 && s.jpeg_tables.size() > 4) longer += s.jpeg_tables;
    if (e.code == 50674 && e.values.size() > 1)
      for (uint32_t v : e.values) put(longer, v, 4);
  }
  out += little ? "II" : "MM";
  put(out, 42, 2), put(out, 8, 4), put(out, uint32_t(entries.size()), 2);
  size_t at = directory_bytes;
  for (const auto& e : entries) {
    put(out, e.code, 2), put(out, e.type, 2), put(out, uint32_t(e.values.size()), 4);
    size_t size = e.type == 3 ? 2 : e.type == 7 ? 1 : 4, bytes = size * e.values.size();
    if (bytes > 4) {
      put(out, uint32_t(at), 4);
      at += bytes;
      continue;
    }
    size_t before = out.size();
    if (e.code == 273) put(out, uint32_t(directory_bytes + longer.size()), 4);
    else if (e.code == 347) out += s.jpeg_tables;
    else
      for (uint32_t v : e.values) put(out, v, int(size));
    out.resize(before + 4, '\0');
  }
  put(out, 0, 4);
  return out + longer;
}

void set_fields(TIFF* tiff, const TiffSegment& s) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, uint32_t(s.columns));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, uint32_t(s.rows));
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, uint32_t(s.rows));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, int(voxel_bytes(s.type) * 8));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, tiff_sample_format(s.type));
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, s.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, 1);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, s.compression);
  if (s.predictor != 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, s.predictor);
}

}  // namespace

std::string tiff_compression_name(int compression) {
  if (compression == 1) return "none";
  if (compression < 0 || compression > 65535 || !TIFFIsCODECConfigured(uint16_t(compression))) return {};
  switch (compression) {
    case 5: return "LZW";
    case 7: return "JPEG";
    case 8: case 32946: return "deflate";
    case 32773: return "PackBits";
    case 34887: return "LERC";
    case 34925: return "LZMA";
    case 50000: return "zstd";
  }
  return {};
}

// LZW: the i-th code adds one byte to the longest text, tables hold 3837 codes of 9 to 12 bits: 7.4 MB from 5.4 KB. Deflate:
// zlib's technical notes. PackBits: 128 bytes from 2. The others can say "all the same" in a few bytes; zstd's blocks of 128 KB
// in 4 bytes are the densest of them, and a strip may be one.
int64_t tiff_expansion(int compression) {
  switch (compression) {
    case 1: return 1;
    case 5: return 1400;
    case 8: case 32946: return 1032;
    case 32773: return 64;
    case 7: return 1 << 10;
  }
  return 1 << 16;
}

int tiff_sample_format(VoxelType type) {
  switch (type) {
    case VoxelType::f32: case VoxelType::f64: return 3;
    case VoxelType::i8: case VoxelType::i16: case VoxelType::i32: case VoxelType::i64: return 2;
    default: return 1;
  }
}

void decode_tiff_segment(const TiffSegment& segment, const unsigned char* stored, int64_t count, void* into) {
  const int64_t bytes = segment.voxels() * voxel_bytes(segment.type);
  if (count > std::numeric_limits<int32_t>::max()) fail_input(text("a compressed strip or tile has ", count, " bytes; at most 2147483647 are read"));
  if (segment.compression == 8 || segment.compression == 32946) return inflate_tiff_segment(segment, stored, count, into);
  MemoryFile file;
  file.head = directory_for(segment, count);
  file.tail = stored;
  file.tail_bytes = count;
  Message message;
  auto tiff = open(file, message, bytes);
  if (!tiff) fail_input(text("libtiff does not open it: ", message.first));
  if (TIFFStripSize(tiff.get()) != bytes) fail_input(text("libtiff sees ", int64_t(TIFFStripSize(tiff.get())), " bytes where ", bytes,
      " are declared"));
  message.first.clear();                         // what it found odd about our directory is not about the data
  tmsize_t got = TIFFReadEncodedStrip(tiff.get(), 0, into, bytes);
  if (got != bytes || !message.first.empty()) fail_input(text("damaged or cut short: ",
      message.first.empty() ? text(int64_t(got), " of ", bytes, " bytes") : message.first));
}

std::vector<unsigned char> encode_tiff_segment(const TiffSegment& segment, const void* voxels) {
  const int64_t bytes = segment.voxels() * voxel_bytes(segment.type), header = 8;
  MemoryFile file;
  file.writing = true;
  Message message;
  auto tiff = open(file, message, bytes);
  if (!tiff) fail_failure(text("libtiff does not start a strip: ", message.first));
  set_fields(tiff.get(), segment);
  if (TIFFWriteEncodedStrip(tiff.get(), 0, const_cast<void*>(voxels), bytes) != bytes) fail_failure(text("libtiff does not encode a strip: ",
      message.first));
  std::vector<unsigned char> strip(file.written.begin() + header, file.written.end());  // "w" leaves the header, then the strip
  tiff.reset();
  return strip;
}

}  // namespace tomograd
