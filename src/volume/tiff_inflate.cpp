// Deflate strips without libtiff: with libdeflate, libtiff 4.5 takes a damaged strip that claims to be longer than declared for
// a good one and leaves the rest of the voxels unset. So the predictors are undone here, too (TIFF 6.0 section 14; Adobe
// Photoshop TIFF technical note 3 for floats).
#include <libdeflate.h>
#include <zlib.h>

#include <bit>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/memory.h"
#include "volume/tiff_codec.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

// Some writers fill the last strip up: what is behind the declared rows is not looked at.
void inflate_start(const unsigned char* stored, int64_t count, unsigned char* into, int64_t bytes) {
  z_stream z{};
  if (inflateInit(&z) != Z_OK) fail_failure("zlib does not start");
  z.next_in = const_cast<unsigned char*>(stored), z.next_out = into;
  int64_t in = count, out = bytes;
  int state = Z_OK;
  while (state == Z_OK && out > 0) {
    z.avail_in = uInt(std::min<int64_t>(in, int64_t{1} << 30)), z.avail_out = uInt(std::min<int64_t>(out, int64_t{1} << 30));
    int64_t given = z.avail_in, room = z.avail_out;
    state = inflate(&z, Z_NO_FLUSH);
    in -= given - z.avail_in, out -= room - z.avail_out;
  }
  inflateEnd(&z);
  if (out > 0) fail_input(text("damaged or cut short: deflate gives ", bytes - out, " of ", bytes, " bytes"));
}

void inflate_exactly(const unsigned char* stored, int64_t count, unsigned char* into, int64_t bytes) {
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> d(libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!d) fail(ErrorKind::budget, "out of memory");
  size_t got = 0;
  auto result = libdeflate_zlib_decompress(d.get(), stored, size_t(count), into, size_t(bytes), &got);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE) return inflate_start(stored, count, into, bytes);
  if (result != LIBDEFLATE_SUCCESS) fail_input("damaged or cut short: no whole deflate stream");
  if (int64_t(got) != bytes) fail_input(text("damaged or cut short: deflate gives ", got, " of ", bytes, " bytes"));
}

template <class T>
void swap_and_add_up(unsigned char* row, int64_t columns, bool swapped, bool add) {
  std::conditional_t<sizeof(T) == 1, uint8_t, std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t,
      uint64_t>>> before = 0, value;
  using U = decltype(value);
  for (int64_t x = 0; x < columns; ++x) {
    unsigned char* at = row + x * int64_t(sizeof(U));
    value = swapped ? load_voxel<U, true>(at) : load_voxel<U, false>(at);
    if (add) before = value = U(value + before);
    std::memcpy(at, &value, sizeof value);
  }
}

// Bytes of equal weight stand together, the most significant first, and are differences along the whole row.
void join_floats(unsigned char* row, int64_t columns, int64_t size, unsigned char* scratch) {
  for (int64_t i = 1; i < columns * size; ++i) row[i] = static_cast<unsigned char>(row[i] + row[i - 1]);
  std::memcpy(scratch, row, size_t(columns * size));
  for (int64_t b = 0; b < size; ++b) {
    int64_t place = std::endian::native == std::endian::little ? size - 1 - b : b;
    for (int64_t x = 0; x < columns; ++x) row[x * size + place] = scratch[b * columns + x];
  }
}

}  // namespace

void inflate_tiff_segment(const TiffSegment& s, const unsigned char* stored, int64_t count, void* into) {
  const int64_t size = voxel_bytes(s.type), row_bytes = s.columns * size;
  auto* out = static_cast<unsigned char*>(into);
  std::string reversed;
  if (s.fill_order == 2) {                       // bits of every byte the other way round
    reversed.assign(reinterpret_cast<const char*>(stored), size_t(count));
    for (char& c : reversed) {
      unsigned v = static_cast<unsigned char>(c), r = 0;
      for (int bit = 0; bit < 8; ++bit) r |= (v >> bit & 1) << (7 - bit);
      c = char(r);
    }
    stored = reinterpret_cast<const unsigned char*>(reversed.data());
  }
  inflate_exactly(stored, count, out, s.rows * row_bytes);
  if (s.predictor == 3) {
    Buffer<unsigned char> scratch(row_bytes);
    for (int64_t y = 0; y < s.rows; ++y) join_floats(out + y * row_bytes, s.columns, size, scratch.data());
  } else if (s.predictor == 2 || (s.swapped && size > 1)) {
    with_voxel_type(s.type, [&](auto v) {
      for (int64_t y = 0; y < s.rows; ++y) swap_and_add_up<decltype(v)>(out + y * row_bytes, s.columns, s.swapped, s.predictor == 2);
    });
  }
}

}  // namespace tomograd
