// Matrix tiles of a processor (Intel AMX): eight registers of up to 16 rows of 64 bytes, shaped before use. Only files x_amx.cpp include
// this header. In assembly, since gcc's intrinsics take the numbers of tiles as text and no constant of a template.
#pragma once

#include <cstdint>

namespace tomograd::TOMOGRAD_ISA {

struct __attribute__((packed)) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
  void set(int tile, int64_t row_count, int64_t words) { rows[tile] = uint8_t(row_count), row_bytes[tile] = uint16_t(words * 4); }
};

// Shapes hold, and the thread's tiles are in use, as long as this lives.
class TilesInUse {
 public:
  explicit TilesInUse(const TileShapes& shapes) { asm volatile("ldtilecfg %0" ::"m"(shapes)); }
  ~TilesInUse() { asm volatile("tilerelease"); }
  TilesInUse(const TilesInUse&) = delete;
};

template <int Tile> inline void clear_tile() { asm volatile("tilezero %%tmm%c0" ::"i"(Tile)); }
template <int Tile> inline void load_tile(const float* rows, int64_t bytes) { asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(rows), "r"(bytes), "i"(Tile) : "memory"); }
template <int Tile> inline void store_tile(float* rows, int64_t bytes) { asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(rows), "r"(bytes), "i"(Tile) : "memory"); }
// sums[m][n] += left[m][2k] right[k][2n] + left[m][2k + 1] right[k][2n + 1] over all k: pairs of bf16, sums in f32.
template <int Sums, int Left, int Right> inline void multiply_tiles() { asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(Sums), "i"(Left), "i"(Right)); }

}  // namespace tomograd::TOMOGRAD_ISA
