// One layer of the mixed-scale dense network forwards (msd_conv.h), for one instruction set.
#include <algorithm>
#include <vector>

#include "kernels/msd_conv.h"
#include "kernels/msd_parts.h"
#include "kernels/vec.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

// Registers: most_planes x most_vectors sums, three weights, one voxel vector.
#if defined(TOMOGRAD_ISA_avx2)
constexpr int64_t most_planes = 4, most_vectors = 2;
#else
constexpr int64_t most_planes = 6, most_vectors = 4;
#endif
constexpr int64_t rows_ahead = 12;
// Of a piece. Its sums (most_planes x most_sums floats at most) stay in the second-level cache. Rows are whole where they can be: memory
// is quick where it is read on and on, and slow where eight planes give short ends of rows (320 voxels in three parts: 90 GFLOP/s on two
// processors, whole: 122).
constexpr int64_t most_rows = 64, most_width = 512, most_sums = 12288;

struct Floats {
  static Vec step(Vec x, Vec w, Vec sum) { return fused(x, w, sum); }
};
struct Pairs {
  static Vec step(Vec x, Vec w, Vec sum) { return dot_pairs(x, w, sum); }
};

struct Block {  // planes first, first + dilation, ...; rows [y0, y1); voxels [x0, x1)
  int64_t first, planes, y0, y1, x0, x1;
};

struct Cuts {
  Parts columns, rows;
  explicit Cuts(const Box& box) : columns(box.size.x, most_width, Vec::lanes), rows(box.size.y, std::min(most_rows, most_sums / round_up(columns.length, Vec::lanes)), 1) {}
};

MsdPieces forward_pieces(const Box& box, int64_t dilation) {
  Cuts cuts(box);
  return {PlaneBlocks(box.size.z, dilation, most_planes).count() * cuts.rows.count * cuts.columns.count, most_planes * most_sums, cuts.columns.count > 1};
}

Block block_of(const Box& box, int64_t dilation, int64_t piece) {
  auto [columns, rows] = Cuts(box);
  int64_t column = piece % columns.count, row = piece / columns.count % rows.count;
  auto planes = PlaneBlocks(box.size.z, dilation, most_planes).at(piece / columns.count / rows.count);
  return {box.begin.z + planes.first, planes.count, box.begin.y + rows.begin(row), box.begin.y + rows.end(row), box.begin.x + columns.begin(column), box.begin.x + columns.end(column)};
}

// Sums of V vectors in each of Z planes over the taps of one channel. rows[ky][p]: voxel 0 of plane p's row, p = -1 .. Z.
template <class Math, int Z, int V, int KY>
inline __attribute__((always_inline)) void taps(const float* const (*rows)[most_planes + 2], const float* weight, int64_t dilation, int64_t x, Vec (&sum)[Z][V]) {
#pragma GCC unroll 3
  for (int ky = 0; ky < KY; ++ky)
#pragma GCC unroll 3
    for (int kx = 0; kx < 3; ++kx) {
      const float* w = weight + ky * 3 + kx;
      Vec w0 = kept(broadcast(w[0])), w1 = kept(broadcast(w[3 * KY])), w2 = kept(broadcast(w[6 * KY]));
      int64_t at = x + (kx - 1) * dilation;
#pragma GCC unroll 8
      for (int p = 0; p < Z + 2; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          Vec voxels = kept(load(rows[ky][p] + at + v * Vec::lanes));
          if (p < Z) sum[p][v] = Math::step(voxels, w0, sum[p][v]);
          if (p >= 1 && p <= Z) sum[p - 1][v] = Math::step(voxels, w1, sum[p - 1][v]);
          if (p >= 2) sum[p - 2][v] = Math::step(voxels, w2, sum[p - 2][v]);
        }
    }
}

struct Row {  // what one row of a piece reads and writes
  const float* from[3][most_planes + 2];         // [ky][plane]
  float* sums;                                   // of the first plane, from x0 on
  float* to[most_planes] = {};                   // voxel 0 of the output's rows
};

enum class Half { none, low, high };             // what a result becomes: f32, or one half of a pair

template <class Math, int Z, int V, int KY>
void columns(const Row& row, const Block& block, const float* weight, int64_t dilation, float bias, bool begins, bool ends, Half half, int64_t x, int64_t sums_plane) {
  Vec sum[Z][V];
  for (int z = 0; z < Z; ++z)
    for (int v = 0; v < V; ++v) sum[z][v] = begins ? broadcast(bias) : load(row.sums + z * sums_plane + x - block.x0 + v * Vec::lanes);
  taps<Math, Z, V, KY>(row.from, weight, dilation, x, sum);
  if (!ends) {
    for (int z = 0; z < Z; ++z)
      for (int v = 0; v < V; ++v) store(row.sums + z * sums_plane + x - block.x0 + v * Vec::lanes, sum[z][v]);
    return;
  }
  for (int z = 0; z < Z; ++z)
    for (int v = 0; v < V; ++v) {
      int64_t at = x + v * Vec::lanes, count = std::min(block.x1 - at, Vec::lanes);
      Vec result = positive(sum[z][v]);
      if (half == Half::low) result = low_half(result);
      if (half == Half::high) result = with_high_half(load(row.to[z] + at), result);
      store_first(row.to[z] + at, result, count);
    }
}

template <class Math, int Z, int KY>
void channel(const Row& row, const Block& block, const float* weight, int64_t dilation, float bias, bool begins, bool ends, Half half, int64_t sums_plane) {
  constexpr int V = Z <= 4 || most_vectors <= 2 ? most_vectors : 3;   // Z V sums and four more registers
  int64_t x = block.x0, step = Vec::lanes;
  for (; x + (V - 1) * step < block.x1; x += V * step) columns<Math, Z, V, KY>(row, block, weight, dilation, bias, begins, ends, half, x, sums_plane);
  int64_t left = ceil_div(std::max<int64_t>(block.x1 - x, 0), step);
  if (left == 3) columns<Math, Z, V >= 3 ? 3 : 1, KY>(row, block, weight, dilation, bias, begins, ends, half, x, sums_plane);
  if (left == 2) columns<Math, Z, V >= 2 ? 2 : 1, KY>(row, block, weight, dilation, bias, begins, ends, half, x, sums_plane);
  if (left == 1) columns<Math, Z, 1, KY>(row, block, weight, dilation, bias, begins, ends, half, x, sums_plane);
}

// Where the rows lie that a row of results reads: places of planes and rows by the border's rule, -1 for what lies outside.
struct Places {
  int64_t plane[most_planes + 2];
  Places(const MsdLayout& layout, const Block& block, int64_t dilation) {
    for (int64_t p = 0; p < block.planes + 2; ++p) {
      int64_t z = block.first + (p - 1) * dilation;
      if (z < 0 || z >= layout.size.z) z = layout.reflect ? reflected(z, layout.size.z) : -1;
      plane[p] = z < 0 ? -1 : z * layout.plane + layout.pad;
    }
  }
  static int64_t row(const MsdLayout& layout, int64_t y) {
    if (y < 0 || y >= layout.size.y) y = layout.reflect ? reflected(y, layout.size.y) : -1;
    return y < 0 ? -1 : y * layout.row;
  }
};

template <int Z, int KY>
void find_rows(const MsdLayout& layout, const Places& places, const float* channel, int64_t dilation, int64_t y, const float* zeros, Row& row) {
  for (int ky = 0; ky < KY; ++ky) {
    int64_t at = Places::row(layout, y + (KY == 3 ? ky - 1 : 0) * dilation);
    if (layout.reflect) {
#pragma GCC unroll 8
      for (int p = 0; p < Z + 2; ++p) row.from[ky][p] = channel + (places.plane[p] + at);
    } else {
      for (int p = 0; p < Z + 2; ++p) row.from[ky][p] = at < 0 || places.plane[p] < 0 ? zeros + layout.pad : channel + (places.plane[p] + at);
    }
  }
}

// Asks for the rows that will be reached for the first time `rows_ahead` steps from here, of this channel or (behind its last
// row) of the next: memory takes longer than a row's arithmetic, and the planes lie too far apart for the processor to guess.
// (Inlined by force: gcc takes a function that only prefetches for one without effect, and drops the call.)
template <int Z, int KY>
inline __attribute__((always_inline)) void fetch(const MsdLayout& layout, const Places& places, const Block& block, int64_t dilation, int64_t y, const float* channel, const float* next) {
  int64_t reach = KY == 3 ? dilation : 0, first = std::max<int64_t>(0, block.y0 - reach), end = std::min(layout.size.y, block.y1 + reach);
  int64_t row = y + reach + rows_ahead;
  if (row >= end) channel = next, row = first + row - end;
  if (!channel || row >= end) return;
  for (int p = 0; p < Z + 2; ++p) {
    const float* at = channel + std::max<int64_t>(places.plane[p], 0) + row * layout.row;
    for (int64_t x = block.x0 - dilation; x < block.x1 + dilation; x += 16) _mm_prefetch(reinterpret_cast<const char*>(at + x), _MM_HINT_T1);
  }
}

template <class Math, int Z, int KY>
void run(const MsdLayout& layout, const MsdLayer& layer, const Block& block, bool pads, int64_t channels, Half half, float* stack, float* scratch) {
  const int64_t sums_plane = round_up(block.x1 - block.x0, Vec::lanes), sums_row = Z * sums_plane;
  float* output = stack + (half == Half::none ? layer.output : layer.output / 2) * layout.channel;
  float zeros_at_hand[most_width + 2 * 64 + 32] = {};
  std::vector<float> many;
  const float* zeros = zeros_at_hand;            // read from x0 - dilation to x1 + dilation and a vector's end
  if (layout.row + 32 > int64_t(std::size(zeros_at_hand))) many.assign(size_t(layout.row + 64), 0.0f), zeros = many.data();

  Places places(layout, block, layer.dilation);
  Row row;
  for (int64_t c = 0; c < channels; ++c) {
    const float* input = stack + c * layout.channel;
    const float* weight = layer.weight + c * layout.taps();
    bool begins = c == 0, ends = c == channels - 1;
    for (int64_t y = block.y0; y < block.y1; ++y) {
      fetch<Z, KY>(layout, places, block, layer.dilation, y, input, ends ? nullptr : input + layout.channel);
      find_rows<Z, KY>(layout, places, input, layer.dilation, y, zeros, row);
      row.sums = scratch + (y - block.y0) * sums_row;
      if (ends)
        for (int64_t p = 0; p < Z; ++p) row.to[p] = output + (block.first + p * layer.dilation) * layout.plane + y * layout.row + layout.pad;
      channel<Math, Z, KY>(row, block, weight, layer.dilation, layer.bias, begins, ends, half, sums_plane);
      if (ends && pads)
        for (int64_t p = 0; p < Z; ++p) msd_pad_row(layout, row.to[p], block.x0 == 0, block.x1 == layout.size.x);
    }
  }
}

template <class Math, int KY>
void run_planes(const MsdLayout& layout, const MsdLayer& layer, const Block& block, bool pads, int64_t channels, Half half, float* stack, float* scratch) {
  switch (block.planes) {
    case 1: return run<Math, 1, KY>(layout, layer, block, pads, channels, half, stack, scratch);
    case 2: return run<Math, 2, KY>(layout, layer, block, pads, channels, half, stack, scratch);
    case 3: return run<Math, 3, KY>(layout, layer, block, pads, channels, half, stack, scratch);
    case 4: return run<Math, 4, KY>(layout, layer, block, pads, channels, half, stack, scratch);
#if !defined(TOMOGRAD_ISA_avx2)
    case 5: return run<Math, 5, KY>(layout, layer, block, pads, channels, half, stack, scratch);
    case 6: return run<Math, 6, KY>(layout, layer, block, pads, channels, half, stack, scratch);
#endif
  }
}

template <class Math>
void forward_as(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, int64_t channels, Half half, float* stack, float* scratch) {
  Block block = block_of(box, layer.dilation, piece);
  bool pads = block.x0 == box.begin.x && block.x1 == box.end().x;
  if (layout.flat) run_planes<Math, 1>(layout, layer, block, pads, channels, half, stack, scratch);
  else run_planes<Math, 3>(layout, layer, block, pads, channels, half, stack, scratch);
}

}  // namespace

MsdPieces msd_forward_pieces(const MsdLayout&, const Box& box, int64_t dilation) { return forward_pieces(box, dilation); }

void msd_forward(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, float* scratch) {
  forward_as<Floats>(layout, layer, box, piece, layer.inputs, Half::none, stack, scratch);
}

void msd_forward_bf16(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* pairs, float* scratch) {
  forward_as<Pairs>(layout, layer, box, piece, ceil_div(layer.inputs, 2), layer.output % 2 ? Half::high : Half::low, pairs, scratch);
}

}  // namespace tomograd::TOMOGRAD_ISA
