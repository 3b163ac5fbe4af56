// The adjoint of one layer of the mixed-scale dense network (msd_conv.h), for one instruction set.
//
// One map of gradients g goes back into many channels. For a tile of voxels the 27 shifted maps of g, with what reflection folds
// back into the volume added in, are written side by side (they fit the first-level cache); then each channel of the tile takes
//   grad[c] += sum over taps of w[c][tap] shifted[tap]       and       dw[c][tap] = sum over voxels of shifted[tap] stack[c],
// in which borders no longer appear and every load is aligned.
#include <algorithm>
#include <cstring>

#include "kernels/msd_adjoint.h"
#include "kernels/msd_conv.h"
#include "kernels/msd_parts.h"
#include "kernels/vec.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr int64_t lanes = Vec::lanes;
// Of a tile, at least. (192 took 9 % longer at rows of 96, 48 a quarter: the first-level cache has room for the channels beside it.)
constexpr int64_t tile_floats = 96, most_groups = 32, sum_lanes = 16;
#if defined(TOMOGRAD_ISA_avx2)
constexpr int most_block = 2, channels_together = 1, taps_together = 9, taps_alone = 9;  // 4 channels x 2 vectors of sums; 9 sums of products
#else
constexpr int most_block = 6, channels_together = 4, taps_together = 6, taps_alone = 27;  // 24 sums each; a load of a shifted map serves 4 channels
#endif

struct Tiles {                                   // rows_per_tile rows of one plane, or a part of one row
  Parts columns;
  int64_t vectors, rows_per_tile, row_blocks, planes;
  explicit Tiles(const MsdLayout& layout)
      : columns(layout.size.x, tile_floats, lanes), vectors(ceil_div(columns.length, lanes)), rows_per_tile(ceil_div(tile_floats / lanes, vectors)),
        row_blocks(ceil_div(layout.size.y, rows_per_tile)), planes(layout.size.z) {}
  int64_t count() const { return planes * row_blocks * columns.count; }
  int64_t width() const { return rows_per_tile * vectors * lanes; }
};

struct Tile {
  int64_t z, y0, rows, x0, x1, vectors;          // `vectors` for each row; the last holds x1 - x0 - (vectors - 1) lanes voxels
  int64_t last() const { return x1 - x0 - (vectors - 1) * lanes; }
};

Tile tile_of(const Tiles& tiles, const MsdLayout& layout, int64_t index) {
  int64_t column = index % tiles.columns.count, block = index / tiles.columns.count % tiles.row_blocks;
  Tile tile;
  tile.z = index / tiles.columns.count / tiles.row_blocks;
  tile.y0 = block * tiles.rows_per_tile, tile.rows = std::min(tiles.rows_per_tile, layout.size.y - tile.y0);
  tile.x0 = tiles.columns.begin(column), tile.x1 = tiles.columns.end(column);
  tile.vectors = ceil_div(tile.x1 - tile.x0, lanes);
  return tile;
}

// into[x] (+)= g[x] where on[x] > 0, for a whole row.
void add_row(const float* g, const float* on, int64_t n, bool first, float* into) {
  int64_t x = 0;
  for (; x + lanes <= n; x += lanes) {
    Vec value = where_positive(load(g + x), load(on + x));
    store(into + x, first ? value : add(value, load(into + x)));
  }
  if (int64_t count = n - x; count > 0) {
    Vec value = where_positive(load_first(g + x, count), load_first(on + x, count));
    store_first(into + x, first ? value : add(value, load_first(into + x, count)), count);
  }
}

// The shifted maps of a tile, [row][vector][tap][lane]: what is read together lies together, at places known when this is compiled.
template <int TAPS>
class Shifted {
 public:
  Shifted(const MsdLayout& layout, int64_t dilation, float* scratch, int64_t width)
      : layout_(layout), z_(layout.size.z, dilation, layout.reflect), y_(layout.size.y, dilation, layout.reflect), x_(layout.size.x, dilation, layout.reflect), maps_(scratch),
        row_(scratch + TAPS * width + dilation) {
    std::memset(row_ - dilation, 0, size_t(layout.size.x + 2 * dilation + lanes) * 4);
  }

  const float* vector(int64_t row, int64_t vectors) const { return maps_ + row * vectors * TAPS * lanes; }

  void build(const Tile& tile, const float* g, const float* on) {
    constexpr int64_t ky_count = TAPS / 9;
    int64_t n = layout_.size.x, d = x_.dilation;
    for (int64_t r = 0; r < tile.rows; ++r)
      for (int64_t kz = 0; kz < 3; ++kz)
        for (int64_t ky = 0; ky < ky_count; ++ky) {
          bool first = true;
          z_.outputs(kz, tile.z, [&](int64_t vz) {
            auto take = [&](int64_t vy) {
              int64_t at = vz * layout_.plane + vy * layout_.row + layout_.pad;
              add_row(g + at, on + at, n, first, row_);
              first = false;
            };
            if (TAPS == 9) take(0);
            else y_.outputs(ky, tile.y0 + r, take);
          });
          if (first) std::memset(row_, 0, size_t(n) * 4);
          for (int64_t kx = 0; kx < 3; ++kx) shift(tile, r, (kz * ky_count + ky) * 3 + kx, kx, d);
        }
  }

 private:
  // Voxel p takes what stands at p - (kx - 1) d, nothing where that is outside, and the folds.
  void shift(const Tile& tile, int64_t r, int64_t t, int64_t kx, int64_t d) {
    float* to = maps_ + (r * tile.vectors * TAPS + t) * lanes;
    const float* from = row_ - (kx - 1) * d + tile.x0;
    for (int64_t v = 0; v + 1 < tile.vectors; ++v) store(to + v * TAPS * lanes, load(from + v * lanes));
    store(to + (tile.vectors - 1) * TAPS * lanes, load_first(from + (tile.vectors - 1) * lanes, tile.last()));
    for (const auto& fold : x_.folds[size_t(kx)])
      if (int64_t x = fold.voxel - tile.x0; x >= 0 && fold.voxel < tile.x1) to[x / lanes * TAPS * lanes + x % lanes] += row_[fold.output];
  }

  const MsdLayout& layout_;
  AxisAdjoint z_, y_, x_;
  float *maps_, *row_;
};

// B vectors of C channels: the gradients of the channels' voxels.
template <int TAPS, int C, int B>
void add_gradient(const float* shifted, const float* weight, float* grad, int64_t channel, int64_t last) {
  Vec sum[C][B];
#pragma GCC unroll 4
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 6
    for (int b = 0; b < B; ++b) sum[c][b] = b < B - 1 ? load(grad + c * channel + b * lanes) : load_first(grad + c * channel + b * lanes, last);
  for (int64_t t = 0; t < TAPS; ++t) {
    Vec w[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) w[c] = kept(broadcast(weight[c * TAPS + t]));
#pragma GCC unroll 6
    for (int b = 0; b < B; ++b) {
      Vec g = kept(load(shifted + (b * TAPS + t) * lanes));
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) sum[c][b] = fused(g, w[c], sum[c][b]);
    }
  }
#pragma GCC unroll 4
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 6
    for (int b = 0; b < B; ++b) b < B - 1 ? store(grad + c * channel + b * lanes, sum[c][b]) : store_first(grad + c * channel + b * lanes, sum[c][b], last);
}

template <int TAPS, int C>
void add_gradients(const float* shifted, const float* weight, float* grad, int64_t channel, int64_t vectors, int64_t last) {
  for (int64_t v = 0; v < vectors; v += most_block) {
    int64_t left = std::min<int64_t>(most_block, vectors - v), count = v + left == vectors ? last : lanes;
    const float* g = shifted + v * TAPS * lanes;
    float* to = grad + v * lanes;
    switch (left) {
      case 1: add_gradient<TAPS, C, 1>(g, weight, to, channel, count); break;
      case 2: add_gradient<TAPS, C, 2>(g, weight, to, channel, count); break;
#if !defined(TOMOGRAD_ISA_avx2)
      case 3: add_gradient<TAPS, C, 3>(g, weight, to, channel, count); break;
      case 4: add_gradient<TAPS, C, 4>(g, weight, to, channel, count); break;
      case 5: add_gradient<TAPS, C, 5>(g, weight, to, channel, count); break;
      case 6: add_gradient<TAPS, C, 6>(g, weight, to, channel, count); break;
#endif
    }
  }
}

// T taps of C channels over the tile: sums[c][t] += shifted[t] voxels[c], lane by lane.
// (Not inlined: gcc would keep fewer of the sums in registers.)
template <int TAPS, int T, int C>
__attribute__((noinline)) void add_products(const float* shifted, const Tile& tile, const float* stack, int64_t channel, int64_t row, float* sums) {
  Vec sum[C][T];
#pragma GCC unroll 4
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 27
    for (int t = 0; t < T; ++t) sum[c][t] = load(sums + (c * TAPS + t) * sum_lanes);
  for (int64_t r = 0; r < tile.rows; ++r)
    for (int64_t v = 0; v < tile.vectors; ++v, shifted += TAPS * lanes) {
      const float* at = stack + r * row + v * lanes;
      Vec voxels[C];
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) voxels[c] = kept(v + 1 < tile.vectors ? load(at + c * channel) : load_first(at + c * channel, tile.last()));
#pragma GCC unroll 27
      for (int t = 0; t < T; ++t) {
        Vec g = C > 1 ? kept(load(shifted + t * lanes)) : load(shifted + t * lanes);
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) sum[c][t] = fused(g, voxels[c], sum[c][t]);
      }
    }
#pragma GCC unroll 4
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 27
    for (int t = 0; t < T; ++t) store(sums + (c * TAPS + t) * sum_lanes, sum[c][t]);
}

template <int TAPS, int C>
void products(const float* shifted, const Tile& tile, const float* stack, int64_t channel, int64_t row, float* sums) {
  constexpr int most = C > 1 ? taps_together : taps_alone, T = TAPS < most ? TAPS : most;
  for (int64_t t = 0; t + T <= TAPS; t += T) add_products<TAPS, T, C>(shifted + t * lanes, tile, stack, channel, row, sums + t * sum_lanes);
  constexpr int done = TAPS / T * T;
  if constexpr (done < TAPS) add_products<TAPS, TAPS - done, C>(shifted + done * lanes, tile, stack, channel, row, sums + done * sum_lanes);
}

// Inlined by force: gcc takes a function that only prefetches for one without effect, and drops the call.
inline __attribute__((always_inline)) void fetch(const float* at, int64_t channel, int64_t row, const Tile& tile, int64_t channels) {
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t r = 0; r < tile.rows; ++r)
      for (int64_t x = 0; x < tile.x1 - tile.x0 + 15; x += 16) _mm_prefetch(reinterpret_cast<const char*>(at + c * channel + r * row + x), _MM_HINT_T0);
}

template <int TAPS>
void run(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t group, int64_t groups, const float* stack, float* grad, float* sums, float* bias, float* scratch) {
  Tiles tiles(layout);
  Shifted<TAPS> shifted(layout, layer.dilation, scratch, tiles.width());
  const float *g = grad + layer.output * layout.channel, *on = stack + layer.output * layout.channel;
  for (int64_t index = group * tiles.count() / groups; index < (group + 1) * tiles.count() / groups; ++index) {
    Tile tile = tile_of(tiles, layout, index);
    shifted.build(tile, g, on);
    int64_t at = tile.z * layout.plane + tile.y0 * layout.row + layout.pad + tile.x0;
    Vec own = load(bias);
    for (int64_t v = 0; v < tile.rows * tile.vectors; ++v) own = add(own, load(shifted.vector(0, 0) + (v * TAPS + TAPS / 2) * lanes));
    store(bias, own);
    for (int64_t c = 0; c < layer.inputs; c += 4) {
      int64_t many = std::min<int64_t>(4, layer.inputs - c), next = std::min<int64_t>(4, layer.inputs - c - many);
      fetch(stack + (c + many) * layout.channel + at, layout.channel, layout.row, tile, next);
      fetch(grad + (c + many) * layout.channel + at, layout.channel, layout.row, tile, next);
      const float* weight = layer.weight + c * TAPS;
      for (int64_t r = 0; r < tile.rows; ++r) {
        const float* from = shifted.vector(r, tile.vectors);
        float* to = grad + c * layout.channel + at + r * layout.row;
        if (many == 4 && c >= first) {
          add_gradients<TAPS, 4>(from, weight, to, layout.channel, tile.vectors, tile.last());
        } else {
          for (int64_t i = 0; i < many; ++i)
            if (c + i >= first) add_gradients<TAPS, 1>(from, weight + i * TAPS, to + i * layout.channel, layout.channel, tile.vectors, tile.last());
        }
      }
      for (int64_t i = 0; i < many; i += many == 4 ? channels_together : 1) {
        const float* from = stack + (c + i) * layout.channel + at;
        float* to = sums + (c + i) * TAPS * sum_lanes;
        if (many == 4) products<TAPS, channels_together>(shifted.vector(0, 0), tile, from, layout.channel, layout.row, to);
        else products<TAPS, 1>(shifted.vector(0, 0), tile, from, layout.channel, layout.row, to);
      }
    }
  }
}

}  // namespace

MsdPieces msd_backward_groups(const MsdLayout& layout) {
  Tiles tiles(layout);
  return {std::min(tiles.count(), most_groups), layout.taps() * tiles.width() + layout.size.x + 2 * layout.pad + 4 * lanes};
}

void msd_backward(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t group, const float* stack, float* grad, float* weight_sums, float* bias_sums, float* scratch) {
  int64_t groups = msd_backward_groups(layout).count, taps = layout.taps();
  float* sums = weight_sums + group * layer.inputs * taps * sum_lanes;
  float* bias = bias_sums + group * sum_lanes;
  std::memset(sums, 0, size_t(layer.inputs * taps * sum_lanes) * 4);
  std::memset(bias, 0, size_t(sum_lanes) * 4);
  (layout.flat ? run<9> : run<27>)(layout, layer, first, group, groups, stack, grad, sums, bias, scratch);
}

}  // namespace tomograd::TOMOGRAD_ISA
