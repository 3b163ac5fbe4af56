// One layer of the mixed-scale dense network forwards (msd_conv.h), for one instruction set.
#include <algorithm>
#include <vector>

#include "kernels/msd_conv.h"
#include "kernels/msd_parts.h"
#include "kernels/vec.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

// Registers: most_planes x most_vectors sums, three weights, voxels.
#if defined(TOMOGRAD_ISA_avx2)
constexpr int64_t most_planes = 4, most_vectors = 2;
#else
constexpr int64_t most_planes = 6, most_vectors = 3;
#endif
constexpr int64_t rows_ahead = 12;
// Of a piece. Its sums (most_planes x most_sums floats at most) stay in the second-level cache. Rows are whole where they can be: memory
// is quick where it is read on and on, and slow where eight planes give short ends of rows (320 voxels in three parts: 90 GFLOP/s on two
// processors, whole: 122).
constexpr int64_t most_rows = 64, most_width = 512, most_sums = 12288, most_pushed_sums = 20480;

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
  Cuts(const Box& box, int64_t sums) : columns(box.size.x, most_width, Vec::lanes), rows(box.size.y, std::clamp<int64_t>(sums / round_up(columns.length, Vec::lanes), 1, most_rows), 1) {}
};

MsdPieces pieces_of(const Box& box, int64_t dilation, int64_t layers, int64_t sums) {
  Cuts cuts(box, sums);
  int64_t floats = layers * most_planes * cuts.rows.length * round_up(cuts.columns.length, Vec::lanes);
  return {PlaneBlocks(box.size.z, dilation, most_planes).count() * cuts.rows.count * cuts.columns.count, floats, cuts.columns.count > 1};
}

Block block_of(const Box& box, int64_t dilation, const Cuts& cuts, int64_t piece) {
  auto [columns, rows] = cuts;
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
  const float* from[3][most_planes + 2];         // [ky][plane]: voxel 0
  const float* sums_in = nullptr;                // so far, voxel x0 of the first plane; none: they begin with the bias
  float* sums_out = nullptr;                     // where they go, voxel x0 of the first plane; none: they are results
  int64_t in_plane = 0, out_plane = 0;           // floats from one plane's sums to the next's
  float* to[most_planes] = {};                   // voxel 0 of the rows of results
};

enum class Half { none, low, high };             // what a result becomes: f32, or one half of a pair

template <class Math, int Z, int V, int KY>
void columns(const Row& row, const Block& block, const float* weight, int64_t dilation, float bias, Half half, int64_t x) {
  // (Every loop over sums unrolled by order: gcc would do so too late to keep them out of memory.)
  Vec sum[Z][V];
  if (row.sums_in) {
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[z][v] = load(row.sums_in + z * row.in_plane + x - block.x0 + v * Vec::lanes);
  } else {
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[z][v] = broadcast(bias);
  }
  taps<Math, Z, V, KY>(row.from, weight, dilation, x, sum);
  const bool whole = block.x1 - x >= V * Vec::lanes;
  if (row.sums_out && whole) {                   // masks would take longer than the stores
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) store(row.sums_out + z * row.out_plane + x - block.x0 + v * Vec::lanes, sum[z][v]);
    return;
  }
  if (row.sums_out) {
#pragma GCC unroll 8
    for (int z = 0; z < Z; ++z)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) store_first(row.sums_out + z * row.out_plane + x - block.x0 + v * Vec::lanes, sum[z][v], std::min(block.x1 - x - v * Vec::lanes, Vec::lanes));
    return;
  }
#pragma GCC unroll 8
  for (int z = 0; z < Z; ++z)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      int64_t at = x + v * Vec::lanes, count = std::min(block.x1 - at, Vec::lanes);
      Vec result = positive(sum[z][v]);
      if (half == Half::low) result = low_half(result);
      if (half == Half::high) result = with_high_half(load(row.to[z] + at), result);
      store_first(row.to[z] + at, result, count);
    }
}

template <class Math, int Z, int KY>
void channel(const Row& row, const Block& block, const float* weight, int64_t dilation, float bias, Half half) {
  constexpr int V = most_vectors;
  int64_t x = block.x0, step = Vec::lanes;
  for (; x + (V - 1) * step < block.x1; x += V * step) columns<Math, Z, V, KY>(row, block, weight, dilation, bias, half, x);
  int64_t left = ceil_div(std::max<int64_t>(block.x1 - x, 0), step);
  if (left == 3) columns<Math, Z, V >= 3 ? 3 : 1, KY>(row, block, weight, dilation, bias, half, x);
  if (left == 2) columns<Math, Z, V >= 2 ? 2 : 1, KY>(row, block, weight, dilation, bias, half, x);
  if (left == 1) columns<Math, Z, 1, KY>(row, block, weight, dilation, bias, half, x);
}

// Where the rows lie that a row of results reads: places of planes and rows by the border's rule, -1 for what lies outside.
struct Places {
  int64_t plane[most_planes + 2];
  Places(const MsdLayout& layout, const Block& block, int64_t dilation) {
    for (int64_t p = 0; p < block.planes + 2; ++p) {
      int64_t z = msd_place(layout, block.first + (p - 1) * dilation, layout.size.z);
      plane[p] = z < 0 ? -1 : z * layout.plane + layout.pad;
    }
  }
  static int64_t row(const MsdLayout& layout, int64_t y) {
    y = msd_place(layout, y, layout.size.y);
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
template <int Z>
inline __attribute__((always_inline)) void fetch_row(const MsdLayout& layout, const Places& places, const Block& block, int64_t dilation, const float* channel, int64_t row) {
  for (int p = 0; p < Z + 2; ++p) {
    const float* at = channel + std::max<int64_t>(places.plane[p], 0) + row * layout.row;
    for (int64_t x = block.x0 - dilation; x < block.x1 + dilation; x += 16) _mm_prefetch(reinterpret_cast<const char*>(at + x), _MM_HINT_T1);
  }
}

// From the second-level cache into the first, a row ahead: its delay would be waited for. (Sums come and go as quickly without; rows of
// one layer alone, which memory brings, are slower for it.)
inline __attribute__((always_inline)) void bring(const float* from, int64_t floats) {
  for (int64_t i = 0; i < floats; i += 16) _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T0);
}

template <int Z, int KY>
inline __attribute__((always_inline)) void fetch(const MsdLayout& layout, const Places& places, const Block& block, int64_t dilation, int64_t y, const float* channel, const float* next) {
  int64_t reach = KY == 3 ? dilation : 0, first = std::max<int64_t>(0, block.y0 - reach), end = std::min(layout.size.y, block.y1 + reach);
  int64_t row = y + reach + rows_ahead;
  if (row >= end) channel = next, row = first + row - end;
  if (channel && row < end) fetch_row<Z>(layout, places, block, dilation, channel, row);
}

// Zeros that stand for a row outside the volume: read from x0 - dilation to x1 + dilation and a vector's end.
class ZeroRow {
 public:
  explicit ZeroRow(const MsdLayout& layout) {
    if (layout.row + 32 > int64_t(std::size(at_hand_))) many_.assign(size_t(layout.row + 64), 0.0f);
  }
  const float* data() const { return many_.empty() ? at_hand_ : many_.data(); }

 private:
  float at_hand_[most_width + 2 * 64 + 32] = {};
  std::vector<float> many_;
};

template <class Math>
struct Pull {
  const MsdLayout& layout;
  const MsdLayer& layer;
  const Block& block;
  bool pads;
  int64_t channels;
  Half half;
  float *stack, *scratch;

  template <int Z, int KY>
  void run() const {
    const int64_t sums_plane = round_up(block.x1 - block.x0, Vec::lanes), sums_row = Z * sums_plane, plane = layer.dilation * layout.plane;
    float* output = stack + (half == Half::none ? layer.output : layer.output / 2) * layout.channel;
    ZeroRow zeros(layout);
    Places places(layout, block, layer.dilation);
    Row row;
    for (int64_t c = layer.first; c < channels; ++c) {
      const float* input = stack + c * layout.channel;
      bool begins = c == layer.first, ends = c == channels - 1;
      row.in_plane = begins ? plane : sums_plane, row.out_plane = sums_plane;
      for (int64_t y = block.y0; y < block.y1; ++y) {
        fetch<Z, KY>(layout, places, block, layer.dilation, y, input, ends ? nullptr : input + layout.channel);
        find_rows<Z, KY>(layout, places, input, layer.dilation, y, zeros.data(), row);
        float *sums = scratch + (y - block.y0) * sums_row, *first = output + layout.at(0, block.first, y, 0);
        row.sums_in = !begins ? sums : c > 0 ? first + block.x0 : nullptr, row.sums_out = ends ? nullptr : sums;
        if (ends)
          for (int64_t p = 0; p < Z; ++p) row.to[p] = first + p * plane;
        channel<Math, Z, KY>(row, block, layer.weight + c * layout.taps(), layer.dilation, layer.bias, half);
        if (ends && pads)
          for (int64_t p = 0; p < Z; ++p) msd_pad_row(layout, row.to[p], block.x0 == 0, block.x1 == layout.size.x);
      }
    }
  }
};

// Several layers of one dilation over the same rows. Rows in residue classes modulo the dilation, so that of three rows two are still in the
// first-level cache from the row before; there every layer finds them again. Sums stay in the second-level cache from channel to channel; a
// channel's rows are asked for while the one before it is summed.
template <class Math>
struct Together {
  const MsdLayout& layout;
  const MsdLayer* layers;
  int64_t count, begin, end;                     // channels that are summed for all of them
  int64_t own_end;                               // and up to here for the first, which is finished then; 0: none is
  Half half;
  bool pads;
  const Block& block;
  float *stack, *scratch;

  // Where a layer's sums wait between channels that are read together, voxel (0, 0, 0): f32 keeps them where its results will be.
  float* waiting(const MsdLayer& layer) const { return layer.sums ? layer.sums : stack + layer.output * layout.channel; }

  template <int Z, int KY>
  void run() const {
    const int64_t sums_plane = round_up(block.x1 - block.x0, Vec::lanes), sums_row = Z * sums_plane, sums_layer = (block.y1 - block.y0) * sums_row;
    const int64_t dilation = layers->dilation, plane = dilation * layout.plane, last = std::max(end, own_end);
    const int64_t reach = KY == 3 ? dilation : 0, step = KY == 3 ? dilation : 1, steps = block.y1 - block.y0;
    const int64_t first_row = std::max<int64_t>(0, block.y0 - reach), rows = std::min(layout.size.y, block.y1 + reach) - first_row;
    float* output = stack + (half == Half::none ? layers->output : layers->output / 2) * layout.channel;
    ZeroRow zeros(layout);
    Places places(layout, block, dilation);
    Row row, after;
    for (int64_t c = begin; c < last; ++c) {
      const float* input = stack + c * layout.channel;
      const bool begins = c == begin, results = c == own_end - 1;
      row.in_plane = begins ? plane : sums_plane;
      int64_t done = 0;
      for (int64_t r = 0; r < std::min(step, steps); ++r)
        for (int64_t y = block.y0 + r; y < block.y1; y += step, ++done) {
          if (c + 1 < last)
            for (int64_t next = rows * done / steps; next < rows * (done + 1) / steps; ++next) fetch_row<Z>(layout, places, block, dilation, input + layout.channel, first_row + next);
          find_rows<Z, KY>(layout, places, input, dilation, y, zeros.data(), row);
          const bool turns = y + step >= block.y1;       // the next row begins another class: all three of its rows are new
          if (const int64_t next_y = turns ? block.y0 + r + 1 : y + step; next_y < block.y1) {
            find_rows<Z, KY>(layout, places, input, dilation, next_y, zeros.data(), after);
            for (int ky = turns ? 0 : KY - 1; ky < KY; ++ky)
              for (int p = 0; p < Z + 2; ++p) bring(after.from[ky][p] + block.x0 - dilation, block.x1 - block.x0 + 2 * dilation);
          }
          for (int64_t l = 0; l < (c < end ? count : 1); ++l) {
            const bool ends = c == end - 1 && !(l == 0 && own_end > 0);
            float *sums = scratch + l * sums_layer + (y - block.y0) * sums_row, *waits = waiting(layers[l]) + layout.at(0, block.first, y, block.x0);
            row.sums_in = !begins ? sums : begin > 0 ? waits : nullptr, row.sums_out = ends ? waits : sums, row.out_plane = ends ? plane : sums_plane;
            if (l == 0 && results) {
              row.sums_out = nullptr;
              for (int64_t p = 0; p < Z; ++p) row.to[p] = output + layout.at(0, block.first, y, 0) + p * plane;
            }
            channel<Math, Z, KY>(row, block, layers[l].weight + c * layout.taps(), dilation, layers[l].bias, half);
            if (l == 0 && results && pads)
              for (int64_t p = 0; p < Z; ++p) msd_pad_row(layout, row.to[p], block.x0 == 0, block.x1 == layout.size.x);
          }
        }
    }
  }
};

// work.run<planes of the block, rows of a tap>()
template <int KY, class Work>
void run_planes(const Block& block, const Work& work) {
  switch (block.planes) {
    case 1: return work.template run<1, KY>();
    case 2: return work.template run<2, KY>();
    case 3: return work.template run<3, KY>();
    case 4: return work.template run<4, KY>();
#if !defined(TOMOGRAD_ISA_avx2)
    case 5: return work.template run<5, KY>();
    case 6: return work.template run<6, KY>();
#endif
  }
}

bool reaches_both_ends(const Block& block, const Box& box) { return block.x0 == box.begin.x && block.x1 == box.end().x; }

template <class Work>
void run_block(const MsdLayout& layout, const Block& block, const Work& work) {
  if (layout.flat) run_planes<1>(block, work);
  else run_planes<3>(block, work);
}

}  // namespace

MsdPieces msd_forward_pieces(const MsdLayout&, const Box& box, int64_t dilation) { return pieces_of(box, dilation, 1, most_sums); }

void msd_forward(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, float* scratch) {
  Block block = block_of(box, layer.dilation, Cuts(box, most_sums), piece);
  run_block(layout, block, Pull<Floats>{layout, layer, block, reaches_both_ends(block, box), layer.inputs, Half::none, stack, scratch});
}

// A layer alone, of whose channels none is summed yet, takes its rows as they lie in memory.
bool alone(const MsdLayer* layers, int64_t count) { return count == 1 && layers->first == 0; }

MsdPieces msd_forward_bf16_pieces(const MsdLayout&, const MsdLayer* layers, int64_t count, const Box& box) {
  return pieces_of(box, layers->dilation, count, alone(layers, count) ? most_sums : most_pushed_sums / count);
}

void msd_forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch) {
  const bool by_itself = alone(layers, count);
  const Block block = block_of(box, layers->dilation, Cuts(box, by_itself ? most_sums : most_pushed_sums / count), piece);
  const Half half = layers->output % 2 ? Half::high : Half::low;
  const int64_t own_end = ceil_div(layers->inputs, 2), end = count > 1 ? layers->inputs / 2 : layers->first / 2;
  if (by_itself) run_block(layout, block, Pull<Pairs>{layout, *layers, block, reaches_both_ends(block, box), own_end, half, pairs, scratch});
  else run_block(layout, block, Together<Pairs>{layout, layers, count, layers->first / 2, end, own_end, half, reaches_both_ends(block, box), block, pairs, scratch});
}

MsdPieces msd_push_pieces(const MsdLayout&, const Box& box, int64_t dilation, int64_t layers) { return pieces_of(box, dilation, layers, most_pushed_sums / layers); }

void msd_push(const MsdLayout& layout, const MsdLayer* layers, int64_t count, int64_t end, const Box& box, int64_t piece, float* stack, float* scratch) {
  const Block block = block_of(box, layers->dilation, Cuts(box, most_pushed_sums / count), piece);
  run_block(layout, block, Together<Floats>{layout, layers, count, layers->first, end, 0, Half::none, false, block, stack, scratch});
}

}  // namespace tomograd::TOMOGRAD_ISA
