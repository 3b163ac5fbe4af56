// Byte order and order of dimensions of stored chunks, and the checksum of shard indexes.
#include <array>
#include <cstring>

#include "volume/voxel_conversion.h"
#include "volume/zarr_codec.h"

namespace tomograd {
namespace {

// Walks the stored order; `step[i]` is how far one step along stored dimension i moves in C order.
template <class T, bool Swapped, bool ToC>
void walk(const ZarrChunkFormat& format, const unsigned char* from, unsigned char* to) {
  size_t rank = format.shape.size();
  ZarrIndex c_step(rank), sizes(rank), step(rank), at(rank, 0);
  for (int64_t d = int64_t(rank) - 1, stride = 1; d >= 0; --d) c_step[size_t(d)] = stride, stride *= format.shape[size_t(d)];
  for (size_t i = 0; i < rank; ++i) sizes[i] = format.shape[size_t(format.order[i])], step[i] = c_step[size_t(format.order[i])];
  int64_t rows = format.voxels() / sizes.back(), c = 0, stored = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t x = 0; x < sizes.back(); ++x, ++stored) {
      int64_t other = c + x * step.back(), source = ToC ? stored : other, target = ToC ? other : stored;
      T value = load_voxel<T, Swapped>(from + source * int64_t(sizeof(T)));
      std::memcpy(to + target * int64_t(sizeof(T)), &value, sizeof(T));
    }
    for (size_t i = rank - 1; i-- > 0;) {
      c += step[i];
      if (++at[i] < sizes[i]) break;
      c -= step[i] * sizes[i], at[i] = 0;
    }
  }
}

template <bool ToC>
void walk_type(const ZarrChunkFormat& format, const unsigned char* from, unsigned char* to) {
  auto go = [&](auto v) { format.big_endian ? walk<decltype(v), true, ToC>(format, from, to) : walk<decltype(v), false, ToC>(format, from, to); };
  switch (voxel_bytes(format.type)) {
    case 1: return go(uint8_t{});
    case 2: return go(uint16_t{});
    case 4: return go(uint32_t{});
    default: return go(uint64_t{});
  }
}

using Crc32cTables = std::array<std::array<uint32_t, 256>, 8>;  // eight bytes at a time ("slicing by 8", Kounavis and Berry 2005)

constexpr Crc32cTables make_tables() {
  Crc32cTables t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    t[0][i] = crc;
  }
  for (size_t k = 1; k < 8; ++k)
    for (size_t i = 0; i < 256; ++i) t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 255];
  return t;
}

}  // namespace

void stored_to_c_order(const ZarrChunkFormat& format, const unsigned char* stored, unsigned char* voxels) { walk_type<true>(format, stored, voxels); }
void c_order_to_stored(const ZarrChunkFormat& format, const unsigned char* voxels, unsigned char* stored) { walk_type<false>(format, voxels, stored); }

uint32_t crc32c(const void* data, int64_t bytes) {
  static constexpr Crc32cTables t = make_tables();
  const unsigned char* at = static_cast<const unsigned char*>(data);
  uint32_t crc = ~0u;
  for (; bytes >= 8; at += 8, bytes -= 8) {
    uint32_t low, high;
    std::memcpy(&low, at, 4), std::memcpy(&high, at + 4, 4);
    low ^= crc;
    crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][high & 255] ^ t[2][high >> 8 & 255] ^ t[1][high >> 16 & 255] ^ t[0][high >> 24];
  }
  for (; bytes > 0; ++at, --bytes) crc = crc >> 8 ^ t[0][(crc ^ *at) & 255];
  return ~crc;
}

}  // namespace tomograd
