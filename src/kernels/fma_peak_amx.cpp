#include <algorithm>

#include "kernels/amx_tiles.h"
#include "kernels/fma_peak.h"

namespace tomograd::TOMOGRAD_ISA {

FmaChain chain_bf16(int64_t rounds) {
  constexpr int64_t rows = 16, lanes = 16, chains = 6;
  float ones[rows * lanes], sums[rows * lanes];
  std::fill_n(ones, rows * lanes, 0.0f);
  for (int64_t i = 0; i < rows * lanes; ++i) reinterpret_cast<uint16_t*>(ones)[2 * i] = reinterpret_cast<uint16_t*>(ones)[2 * i + 1] = 0x3F80;  // 1.0 in bfloat16
  TileShapes shapes;
  for (int tile = 0; tile < 8; ++tile) shapes.set(tile, rows, lanes);
  TilesInUse tiles(shapes);
  load_tile<6>(ones, lanes * 4);
  load_tile<7>(ones, lanes * 4);
  clear_tile<0>(), clear_tile<1>(), clear_tile<2>(), clear_tile<3>(), clear_tile<4>(), clear_tile<5>();
  for (int64_t i = 0; i < rounds; ++i) {
    multiply_tiles<0, 6, 7>(), multiply_tiles<1, 6, 7>(), multiply_tiles<2, 6, 7>();
    multiply_tiles<3, 6, 7>(), multiply_tiles<4, 6, 7>(), multiply_tiles<5, 6, 7>();
  }
  double total = 0;
  auto add = [&] { for (float x : sums) total += x; };
  store_tile<0>(sums, lanes * 4), add(), store_tile<1>(sums, lanes * 4), add(), store_tile<2>(sums, lanes * 4), add();
  store_tile<3>(sums, lanes * 4), add(), store_tile<4>(sums, lanes * 4), add(), store_tile<5>(sums, lanes * 4), add();
  return {4.0 * double(chains * rows * lanes * lanes * rounds), total / double(chains * rows * lanes), 2.0 * double(lanes * rounds)};
}

}  // namespace tomograd::TOMOGRAD_ISA
