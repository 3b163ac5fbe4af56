// One layer of the mixed-scale dense network forwards in bf16 (msd_conv.h), on processors with matrix tiles (Intel AMX).
//
// A tile instruction multiplies up to 16 rows of weights with 16 voxels over 16 pairs of channels, and one output channel has no 16
// rows to offer. Its taps have: the products of a voxel with the weights of the nine taps (ky, kx) of one plane ("partial sums", one
// row for each) are one matrix product over the channels, whatever the dilation, and three planes add up in the same tile. A result is
// the sum of nine of them, each taken from where its tap looks. So voxels are loaded in vectors that cross no cache line, once for nine
// taps of three results, and shifts along x are paid once and not once per channel.
//
// Rows y, y + d, y + 2 d, ... of planes z, z + d, ... need nothing but each other: of such a lattice the partial sums of three rows
// are kept in a ring in the second-level cache, and a row of results is summed as soon as its last one is there.
//
// The order of sums (kz, then channels in the order of the matrix unit; bias, then ky, kx) depends on nothing but the number of
// channels: not on tiles, boxes or threads.
#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/amx_tiles.h"
#include "kernels/msd_conv.h"
#include "kernels/msd_parts.h"
#include "kernels/vec.h"

namespace tomograd::isa_avx512bf16 {
void msd_forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch);
MsdPieces msd_forward_pieces(const MsdLayout& layout, const Box& box, int64_t dilation);
}

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr int64_t taps = 27, plane_taps = 9, lanes = 16, most_pairs = 16;
constexpr int64_t most_width = 192, ring_floats = 64 << 10, least_planes = 4, most_planes = 16;

struct Cuts {
  Parts columns, rows;
  PlaneBlocks planes;
  int64_t dilation, classes;                     // of rows

  static int64_t ring_width(const Box& box, int64_t dilation) {
    Parts columns(box.size.x, most_width, lanes);
    int64_t lines = ceil_div(columns.length + 2 * dilation, lanes) + 1;   // and one for where the first one begins
    return (lines | 1) * lanes;                  // an odd number of lines: rows of different taps fall into different sets of the cache
  }
  static int64_t planes_of(const Box& box, int64_t dilation, int64_t layers) {
    return std::clamp(ring_floats / (layers * 3 * plane_taps * ring_width(box, dilation)), least_planes, most_planes);
  }
  Cuts(const Box& box, int64_t d, int64_t layers)
      : columns(box.size.x, most_width, lanes), rows(box.size.y, std::max<int64_t>(64, 24 * d), 1), planes(box.size.z, d, planes_of(box, d, layers)), dilation(d), classes(std::min(d, rows.length)) {}
  int64_t count() const { return planes.count() * rows.count * classes * columns.count; }
};

struct Piece {  // planes first, first + d, ...; rows y0, y0 + d, ... before y1; voxels [x0, x1)
  int64_t first, planes, y0, y1, x0, x1;
};

Piece piece_of(const Box& box, const Cuts& cuts, int64_t index) {
  int64_t column = index % cuts.columns.count, rest = index / cuts.columns.count;
  int64_t in_class = rest % cuts.classes, row = rest / cuts.classes % cuts.rows.count;
  auto planes = cuts.planes.at(rest / cuts.classes / cuts.rows.count);
  return {box.begin.z + planes.first, planes.count, box.begin.y + cuts.rows.begin(row) + in_class, box.begin.y + cuts.rows.end(row), box.begin.x + cuts.columns.begin(column), box.begin.x + cuts.columns.end(column)};
}

// Channels in blocks of equal size, so that one shape of tiles serves all; the last block begins early enough to be full, and has
// zeros as weights of what the block before it has.
struct PairBlocks {
  int64_t first, pairs, count, size;             // pairs [first, first + pairs)
  explicit PairBlocks(const MsdLayer& layer) : first(layer.first / 2), pairs(ceil_div(layer.inputs, 2) - first), count(ceil_div(pairs, most_pairs)), size(ceil_div(pairs, count)) {}
  int64_t begin(int64_t block) const { return first + std::min(block * size, pairs - size); }
  int64_t fresh(int64_t block) const { return first + block * size; }
  int64_t weight_floats() const { return count * taps * most_pairs; }
};

// Tiles 0 to 2: partial sums of three planes of results; 3 to 5: weights of kz = 0 to 2; 6: voxels.
TileShapes shapes_for(int64_t pairs) {
  TileShapes shapes;
  for (int tile : {0, 1, 2}) shapes.set(tile, plane_taps, lanes), shapes.set(tile + 3, plane_taps, pairs);
  shapes.set(6, pairs, lanes);
  return shapes;
}

// weights[block][kz][tap][pair] of pairs before `end`, taps in the order of the sums: ky, kx.
void arrange(const PairBlocks& blocks, const float* weight, int64_t end, float* to) {
  for (int64_t block = 0; block < blocks.count; ++block)
    for (int64_t kz = 0; kz < 3; ++kz)
      for (int64_t tap = 0; tap < plane_taps; ++tap)
        for (int64_t p = 0; p < blocks.size; ++p) {
          int64_t pair = blocks.begin(block) + p;
          to[(block * taps + kz * plane_taps + tap) * most_pairs + p] = pair < blocks.fresh(block) || pair >= end ? 0.0f : weight[pair * taps + kz * plane_taps + tap];
        }
}

class Layers {
 public:
  Layers(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, const Piece& piece, float* pairs, float* scratch)
      : layout_(layout), layers_(layers), count_(count), dilation_(layers->dilation), piece_(piece), stack_(pairs), blocks_(layers[0]), width_(Cuts::ring_width(box, dilation_)) {
    pads_ = piece.x0 == box.begin.x && piece.x1 == box.end().x;
    weights_ = scratch, ring_ = scratch + count * blocks_.weight_floats();
    for (int64_t l = 0; l < count; ++l) arrange(blocks_, layers[l].weight, l ? layers[0].inputs / 2 : layout.channel, weights_ + l * blocks_.weight_floats());
  }

  void run() {
    int64_t steps = ceil_div(piece_.y1 - piece_.y0, dilation_);
    if (steps <= 0) return;                      // fewer rows than classes
    for (int64_t t = -1; t <= steps; ++t) {
      partial_sums(t);
      for (int64_t l = 0; t >= 1 && l < count_; ++l) results(l, t - 1);
    }
  }

 private:
  float* ring(int64_t layer, int64_t t, int64_t plane) const { return ring_ + ((layer * 3 + (t + 3) % 3) * piece_.planes + plane) * plane_taps * width_; }
  // Where row t of the lattice lies in the first channel, in the plane before the first one of results (0) and those after it: by the
  // border's rule, none outside.
  const float* row(int64_t t, int64_t plane) const {
    int64_t y = msd_place(layout_, piece_.y0 + t * dilation_, layout_.size.y), z = msd_place(layout_, piece_.first + (plane - 1) * dilation_, layout_.size.z);
    return y < 0 || z < 0 ? nullptr : stack_ + layout_.at(0, z, y, piece_.x0 - dilation_);
  }
  // How far a row's first voxel lies behind the cache line it is read from: the same in all planes.
  int64_t shift(int64_t t) const {
    const float* from = row(t, 1);
    return from ? int64_t(reinterpret_cast<uintptr_t>(from) / 4 % lanes) : 0;
  }

  void partial_sums(int64_t t) {
    if (!row(t, 1)) {
      for (int64_t l = 0; l < count_; ++l) std::memset(ring(l, t, 0), 0, size_t(piece_.planes * plane_taps * width_) * 4);
      return;
    }
    const float* from[most_planes + 2];
    int64_t back = shift(t), count = ceil_div(back + piece_.x1 - piece_.x0 + 2 * dilation_, lanes);
    for (int64_t plane = 0; plane < piece_.planes + 2; ++plane) from[plane] = row(t, plane) ? row(t, plane) - back : nullptr;
    for (int64_t v = 0; v < count; ++v) {
      for (int64_t plane = (piece_.planes + 2) * v / count; plane < (piece_.planes + 2) * (v + 1) / count; ++plane) fetch(row(t + 1, plane), count);
      for (int64_t l = 0; l < count_; ++l) {
        const float* weights = weights_ + l * blocks_.weight_floats();
        if (blocks_.count == 1) load_weights(weights);
        for (int64_t plane = 0; plane < piece_.planes + 2; ++plane) {
          const float* voxels = from[plane] ? from[plane] + v * lanes : nullptr;
          float* to = plane >= 2 ? ring(l, t, plane - 2) + v * lanes : nullptr;
          switch (plane % 3) {
            case 0: add_plane<0>(voxels, weights, plane, to); break;
            case 1: add_plane<1>(voxels, weights, plane, to); break;
            default: add_plane<2>(voxels, weights, plane, to);
          }
        }
      }
    }
  }

  // Asks for a row of all channels: memory takes longer than the arithmetic, and rows of a lattice lie too far apart to be guessed.
  void fetch(const float* row, int64_t count) const {
    if (!row) return;
    for (int64_t pair = blocks_.first; pair < blocks_.first + blocks_.pairs; ++pair)
      for (int64_t v = 0; v < count; ++v) _mm_prefetch(reinterpret_cast<const char*>(row + pair * layout_.channel + v * lanes), _MM_HINT_T1);
  }

  static void load_weights(const float* weights) {
    load_tile<3>(weights, most_pairs * 4);
    load_tile<4>(weights + plane_taps * most_pairs, most_pairs * 4);
    load_tile<5>(weights + 2 * plane_taps * most_pairs, most_pairs * 4);
  }

  // A plane of voxels is the first one of results `plane`, in tile Sums, the second of those before and the last of those before that.
  template <int Sums>
  void add_plane(const float* voxels, const float* weights, int64_t plane, float* to) const {
    constexpr int before = (Sums + 2) % 3, last = (Sums + 1) % 3;
    clear_tile<Sums>();
    for (int64_t block = 0; voxels && block < blocks_.count; ++block) {
      if (blocks_.count > 1) load_weights(weights + block * taps * most_pairs);
      load_tile<6>(voxels + blocks_.begin(block) * layout_.channel, layout_.channel * 4);
      if (plane < piece_.planes) multiply_tiles<Sums, 3, 6>();
      if (plane >= 1 && plane <= piece_.planes) multiply_tiles<before, 4, 6>();
      if (plane >= 2) multiply_tiles<last, 5, 6>();
    }
    if (to) store_tile<last>(to, width_ * 4);
  }

  void results(int64_t l, int64_t t) const {
    const MsdLayer& layer = layers_[l];
    int64_t y = piece_.y0 + t * dilation_, shifts[3] = {shift(t - 1), shift(t), shift(t + 1)};
    for (int64_t plane = 0; plane < piece_.planes; ++plane) {
      Sources from;
      for (int64_t ky = 0; ky < 3; ++ky) from.parts[ky] = ring(l, t + ky - 1, plane) + shifts[ky] + ky * 3 * width_;
      int64_t at = layout_.at(0, piece_.first + plane * dilation_, y, 0);
      if (layer.first > 0) from.sums = layer.sums + at;
      float* to = l ? layer.sums + at : stack_ + layer.output / 2 * layout_.channel + at;
      int64_t x = piece_.x0;
      for (; x + 3 * lanes < piece_.x1; x += 4 * lanes) sum<4>(l, from, to, x);
      for (; x < piece_.x1; x += lanes) sum<1>(l, from, to, x);
      if (!l && pads_) msd_pad_row(layout_, to, piece_.x0 == 0, piece_.x1 == layout_.size.x);
    }
  }

  struct Sources {
    const float* parts[3];                       // [ky]: voxel x0 - d of the row's first tap
    const float* sums = nullptr;                 // voxel 0; none: they begin with the bias
  };

  template <int V>
  void sum(int64_t l, const Sources& from, float* to, int64_t x) const {
    Vec sums[V];
    for (int v = 0; v < V; ++v) sums[v] = from.sums ? load(from.sums + x + v * lanes) : broadcast(layers_[l].bias);
    for (int64_t ky = 0; ky < 3; ++ky)
      for (int64_t kx = 0; kx < 3; ++kx) {
        const float* part = from.parts[ky] + kx * (width_ + dilation_) + x - piece_.x0;
        for (int v = 0; v < V; ++v) sums[v] = add(sums[v], load(part + v * lanes));
      }
    for (int v = 0; v < V; ++v) {
      int64_t at = x + v * lanes;
      Vec result = sums[v];
      if (!l) result = positive(result), result = layers_[0].output % 2 ? with_high_half(load(to + at), result) : low_half(result);
      store_first(to + at, result, std::min(piece_.x1 - at, lanes));
    }
  }

  const MsdLayout& layout_;
  const MsdLayer* layers_;
  int64_t count_, dilation_;
  Piece piece_;
  float* stack_;
  PairBlocks blocks_;
  int64_t width_;
  float *weights_ = nullptr, *ring_ = nullptr;
  bool pads_ = false;
};

}  // namespace

MsdPieces msd_forward_bf16_pieces(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box) {
  int64_t dilation = layers->dilation;
  if (layout.flat) return isa_avx512bf16::msd_forward_pieces(layout, box, dilation);
  Cuts cuts(box, dilation, count);
  int64_t ring = 3 * std::min(Cuts::planes_of(box, dilation, count), box.size.z) * plane_taps * Cuts::ring_width(box, dilation);
  return {cuts.count(), count * (PairBlocks(layers[0]).weight_floats() + ring) + lanes, cuts.columns.count > 1};
}

void msd_forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch) {
  if (layout.flat) return isa_avx512bf16::msd_forward_bf16(layout, layers, count, box, piece, pairs, scratch);
  TilesInUse tiles(shapes_for(PairBlocks(layers[0]).size));
  Layers(layout, layers, count, box, piece_of(box, Cuts(box, layers->dilation, count), piece), pairs, scratch).run();
}

}  // namespace tomograd::TOMOGRAD_ISA
