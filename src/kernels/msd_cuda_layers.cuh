// Device code of the mixed-scale dense network: one thread block takes a column of the volume and walks it in steps of the dilation.
//
// Why it looks like this. A convolution with one output channel leaves a matrix unit idle, so columns of the matrix are made of
// what else shares the input: in `push` up to 8 later layers of the same dilation, in `own` two rows times three planes of one
// layer. Rows of the matrix are 16 neighbours along x, its inner dimension the 16 (8) channels of a block. Channels lie in pairs of
// bf16, [z][pair][y][x]: a word of a row is then what a lane of a fragment wants, no bank is asked twice, and a layer reads the
// pairs that exist so far and writes one.
// Rows and planes are walked in residue classes modulo the dilation: the 10 rows that 8 rows need, and one new plane per step. Three
// planes' sums are open at a time; after plane p the sum of plane p - 1 is complete. Every sum runs over blocks ascending, then
// planes, columns, rows of taps ascending, in f32, wherever the tile lies.
#pragma once

#include <cstdint>
#include <cuda_bf16.h>

namespace tomograd::msd_cuda {

constexpr int tile_rows = 8, tile_columns = 64, threads = 256, largest_dilation = 10;
__host__ __device__ constexpr int own_stages(int halves) { return halves == 1 ? 5 : 4; }  // of which two are in use

constexpr int pad = 16;                          // words on both sides of a row, at least the largest dilation, whole vectors
struct Grid {                                    // of one tile
  int z, y, x;
  bool reflect;                                  // else zeros beyond the faces
  __host__ __device__ int64_t voxels() const { return int64_t(z) * y * x; }
  __host__ __device__ int row() const { return (x + 2 * pad + 7) / 8 * 8; }  // words
  __host__ __device__ int pair() const { return y * row(); }                // words of one pair of channels of a plane
  __host__ __device__ int64_t slab() const { return 8 * int64_t(pair()); }  // of a plane
  __host__ __device__ int64_t words() const { return z * slab(); }
};

// How one dilation cuts the tile: blocks of 64 columns, 8 rows of a residue class, some planes of a residue class.
struct Walk {
  int dilation, stage_row, stage_pair, column_tiles, row_classes, row_tiles, plane_classes, plane_chunks, chunk;
  __host__ __device__ int blocks() const { return column_tiles * row_classes * row_tiles * plane_classes * plane_chunks; }
};

struct Place {                                   // of one thread block
  int x, row_class, row, plane_class, begin, end;  // rows and planes count within their class
  __device__ Place(const Grid& g, const Walk& w, int block) {
    x = block % w.column_tiles * tile_columns, block /= w.column_tiles;
    row = block % w.row_tiles * tile_rows, block /= w.row_tiles;
    row_class = block % w.row_classes, block /= w.row_classes;
    plane_class = block % w.plane_classes, block /= w.plane_classes;
    begin = block * w.chunk;
    int planes = (g.z - plane_class + w.dilation - 1) / w.dilation;
    end = min(planes, begin + w.chunk);
  }
};

__device__ inline int at_border(int i, int n, bool reflect) {  // the voxel that stands at i, or -1
  if (i >= 0 && i < n) return i;
  if (!reflect) return -1;
  if (n == 1) return 0;
  int period = 2 * n - 2, k = i % period;
  if (k < 0) k += period;
  return k < n ? k : period - k;
}

__device__ inline uint32_t shared_address(const void* p) { return uint32_t(__cvta_generic_to_shared(p)); }

__device__ inline void copy_async(uint32_t to, const void* from, bool there) {  // 16 bytes; zeros where nothing is there
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
}
__device__ inline void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Open>
__device__ inline void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Open) : "memory"); }

__device__ inline void multiply(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ inline void multiply(float (&sum)[4], const uint32_t (&a)[2], const uint32_t (&b)[1]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a[0]), "r"(a[1]), "r"(b[0]));
}

// Writes voxel x of a row and what stands for it beyond the ends of the row.
__device__ inline void write_word(const Grid& g, uint32_t* row, int x, uint32_t word) {  // row: its first voxel, behind its padding
  row[x] = word;
  if (!g.reflect) return;
  if (g.x > 2 * largest_dilation) {
    if (x >= 1 && x <= largest_dilation) row[-x] = word;
    if (x <= g.x - 2 && x >= g.x - 1 - largest_dilation) row[2 * (g.x - 1) - x] = word;
  } else {
    for (int k = 1; k <= largest_dilation; ++k) {
      if (at_border(-k, g.x, true) == x) row[-k] = word;
      if (at_border(g.x - 1 + k, g.x, true) == x) row[g.x - 1 + k] = word;
    }
  }
}

constexpr int halo_words(int dilation) { return (dilation + 3) / 4 * 4; }  // whole vectors
constexpr int stage_row(int dilation) { return tile_columns + 2 * halo_words(dilation); }
// 8 words more shift each pair by 8 (or 24) banks of 32: the four pairs of a fragment meet in no bank.
constexpr int stage_pair(int dilation) { return (tile_rows + 2) * stage_row(dilation) + 8; }  // words

// The planes of one block's channels on their way into shared memory: [stage][pair][row 10][column 64 + halo on both sides]. Of every
// pair a thread brings the same vector.
struct Planes {
  const uint32_t* stack;
  uint32_t shared;
  int64_t slab;
  int stage_bytes, pair_bytes, pair, first, step, z;  // words of a pair in the slab; the class's first plane, the dilation, planes of the tile
  bool mine, there, reflect;                     // this thread brings a vector; it lies in the volume

  __device__ Planes(const Grid& g, const Walk& w, const Place& at, int pairs, const uint32_t* stack_, const void* memory)
      : slab(g.slab()), stage_bytes(pairs * w.stage_pair * 4), pair_bytes(w.stage_pair * 4), pair(g.pair()), first(at.plane_class), step(w.dilation), z(g.z), reflect(g.reflect) {
    int vectors = w.stage_row / 4, row = threadIdx.x / vectors, v = threadIdx.x % vectors;
    int y = at_border(at.row_class + (at.row - 1 + row) * step, g.y, reflect), x = pad + at.x - (w.stage_row - tile_columns) / 2 + v * 4;
    mine = row < tile_rows + 2, there = y >= 0 && x + 4 <= g.row();
    shared = shared_address(memory) + threadIdx.x * 16;
    stack = stack_ + (there ? y * g.row() + x : 0);
  }
  template <int Most>
  __device__ void fetch(int p, int stage, int pairs) const {
    if (!mine) return;
    int at = at_border(first + p * step, z, reflect);
    const uint32_t* from = stack + (at < 0 ? 0 : at * slab);
    uint32_t to = shared + stage * stage_bytes;
#pragma unroll
    for (int c = 0; c < Most; ++c, from += pair, to += pair_bytes)
      if (c < pairs) copy_async(to, from, at >= 0 && there);
  }
};
static_assert((tile_rows + 2) * stage_row(largest_dilation) / 4 <= threads);

// One thread alone adds to a sum in one launch, so that the order of additions is that of launches; the memory does them by itself.
__device__ inline void add(float* to, float value) { asm volatile("red.relaxed.gpu.global.add.f32 [%0], %1;" ::"l"(to), "f"(value) : "memory"); }

struct PushOut { float* column[8]; };            // the sums of each later layer, null where the column is empty

// sums of later layers += (fresh: =) what a finished block gives them. A warp sums two rows of 32 voxels: a row of input that is in
// registers serves both. ahead: planes on their way beside the one in use, 2 or 3.
__global__ void __launch_bounds__(threads, 2) push(Grid g, Walk w, int ahead, const uint32_t* stack, const uint2* weights, PushOut out, bool fresh) {
  extern __shared__ uint4 memory[];
  Place at(g, w, blockIdx.x);
  if (at.begin >= at.end) return;
  int lane = threadIdx.x % 32, row = threadIdx.x / 64 * 2, column = threadIdx.x / 32 % 2 * 32;
  uint2* shared_weights = reinterpret_cast<uint2*>(memory);
  for (int i = threadIdx.x; i < 27 * 32; i += threads) shared_weights[i] = weights[i];
  const uint32_t* words = reinterpret_cast<const uint32_t*>(memory + 27 * 16);
  Planes planes(g, w, at, 8, stack, words);

  // This thread's four sums of a fragment: voxels x and x + 8, layers 2 (lane % 4) and the next.
  int y = at.row_class + (at.row + row) * w.dilation, x = at.x + column + lane / 4;
  float *one = out.column[lane % 4 * 2], *two = out.column[lane % 4 * 2 + 1];
  int64_t plane = int64_t(g.y) * g.x, plane_step = w.dilation * plane;
  int64_t done = (planes.first + (at.begin - 2) * int64_t(w.dilation)) * plane + int64_t(y) * g.x + x;  // complete after the first step, and not of this block
  int row_step = w.dilation * g.x, there = 0;    // bits: row 0, row 1, layers, voxels
  for (int r = 0; r < 2; ++r) there |= (y + r * w.dilation < g.y) << r;
  for (int k = 0; k < 4; ++k) there |= (x + k * 8 < g.x) << (4 + k);
  there |= (one != nullptr) << 2 | (two != nullptr) << 3;
  const uint32_t* fragment = words + lane % 4 * w.stage_pair + row * w.stage_row + (w.stage_row - tile_columns) / 2 - w.dilation + column + lane / 4;
  int stage = 0;

  float sums[3][2][2][4] = {};                   // [plane][row][16 voxels][of a fragment]
  auto step = [&](float (&before)[2][2][4], float (&here)[2][2][4], float (&after)[2][2][4], int p) {
    if (ahead == 3) wait<2>();
    else wait<1>();
    __syncthreads();
    if (p + ahead <= at.end) planes.fetch<8>(p + ahead, stage ? stage - 1 : ahead, 8);
    commit();
#pragma unroll
    for (int r = 0; r < 2; ++r)
#pragma unroll
      for (int m = 0; m < 2; ++m)
#pragma unroll
        for (int i = 0; i < 4; ++i) after[r][m][i] = 0;
    const uint32_t* base = fragment + stage * 8 * w.stage_pair;
#pragma unroll
    for (int kx = 0; kx < 3; ++kx) {
      uint2 b[3][3];                             // [ky][kz]
#pragma unroll
      for (int ky = 0; ky < 3; ++ky)
#pragma unroll
        for (int kz = 0; kz < 3; ++kz) b[ky][kz] = shared_weights[((ky * 3 + kx) * 3 + kz) * 32 + lane];
#pragma unroll
      for (int from = 0; from < 4; ++from) {
        const uint32_t *low = base + from * w.stage_row + kx * w.dilation, *high = low + 4 * w.stage_pair;
#pragma unroll
        for (int m = 0; m < 2; ++m) {
          uint32_t a[4] = {low[m * 16], low[m * 16 + 8], high[m * 16], high[m * 16 + 8]};
#pragma unroll
          for (int r = 0; r < 2; ++r) {
            int ky = from - r;
            if (ky < 0 || ky > 2) continue;
            multiply(before[r][m], a, reinterpret_cast<const uint32_t(&)[2]>(b[ky][2]));
            multiply(here[r][m], a, reinterpret_cast<const uint32_t(&)[2]>(b[ky][1]));
            multiply(after[r][m], a, reinterpret_cast<const uint32_t(&)[2]>(b[ky][0]));
          }
        }
      }
    }
    if (p > at.begin) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {              // layer
        if (!(there >> (2 + i) & 1)) continue;
        float* to = (i ? two : one) + done;
#pragma unroll
        for (int r = 0; r < 2; ++r, to += row_step) {
          if (!(there >> r & 1)) continue;
#pragma unroll
          for (int k = 0; k < 4; ++k)            // 8 voxels further each
            if (there >> (4 + k) & 1) {
              if (fresh) to[k * 8] = before[r][k / 2][k % 2 * 2 + i];
              else add(to + k * 8, before[r][k / 2][k % 2 * 2 + i]);
            }
        }
      }
    }
    done += plane_step;
    stage = stage == ahead ? 0 : stage + 1;
  };
  int p = at.begin - 1;
#pragma unroll 1
  for (int k = 0; k < ahead; ++k) {
    if (p + k <= at.end) planes.fetch<8>(p + k, k, 8);
    commit();
  }
  while (true) {
    step(sums[0], sums[1], sums[2], p);
    if (++p > at.end) break;
    step(sums[1], sums[2], sums[0], p);
    if (++p > at.end) break;
    step(sums[2], sums[0], sums[1], p);
    if (++p > at.end) break;
  }
}

// One layer: ReLU(bias + what earlier blocks gave it + what its own block gives), written into its half of a word. Neighbours may
// read the word meanwhile, old or new: only the half that is written differs, its weight is zero, and both values are finite.
// A warp sums four rows of 16 voxels, as two pairs. Lane 4 i + c holds the sums of plane p + 1 - c: from step to step they move up
// one lane, so that the weights stay where they are. pairs: of channels that are read, at least 1, at most 4 Halves.
template <int Halves>
__global__ void __launch_bounds__(threads, Halves == 1 ? 3 : 2) own(Grid g, Walk w, uint32_t* stack, int pairs, const uint32_t* weights, const float* partial, float bias, int position) {
  extern __shared__ uint4 memory[];
  constexpr int stages = own_stages(Halves), ahead = stages - 2;
  Place at(g, w, blockIdx.x);
  if (at.begin >= at.end) return;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, rows = warp / 4 * 4, columns = warp % 4 * 16, halo = (w.stage_row - tile_columns) / 2;
  const uint32_t* words = reinterpret_cast<const uint32_t*>(memory);
  Planes planes(g, w, at, pairs, stack, words);
  uint32_t b[4][3][Halves];
#pragma unroll
  for (int t = 0; t < 4; ++t)
#pragma unroll
    for (int kx = 0; kx < 3; ++kx)
#pragma unroll
      for (int half = 0; half < Halves; ++half) b[t][kx][half] = weights[((t * 3 + kx) * 32 + lane) * Halves + half];

  // What this thread finishes of a plane: two rows at one place along x, handed over by the lane that summed them.
  int q = lane % 4, row = rows + q / 2 * 2, column = columns + q % 2 * 8 + lane / 4, x = at.x + column, written = position / 2;
  int y = at.row_class + (at.row + row) * w.dilation;
  // Of the plane that is complete after the first step (it is no plane of this block and not written).
  int64_t plane = int64_t(g.y) * g.x, begin = planes.first + (at.begin - 2) * int64_t(w.dilation), plane_step = w.dilation * plane, slab_step = w.dilation * planes.slab;
  uint32_t* line = stack + begin * planes.slab + written * g.pair() + int64_t(y) * g.row() + pad;
  const float* known = partial + begin * plane + int64_t(y) * g.x + x;
  int row_step = w.dilation * g.x, line_step = w.dilation * g.row();
  bool inside = x < g.x, first_row = inside && y < g.y, second_row = inside && y + w.dilation < g.y;
  bool plain_columns = !g.reflect || (g.x > 2 * largest_dilation && x > largest_dilation && x < g.x - 1 - largest_dilation);  // nothing beyond the ends stands for them
  // Pairs that do not exist yet have zero weights: any finite words stand for them.
  int corner = rows * w.stage_row + halo - w.dilation + columns + lane / 4;
  const uint32_t *low = words + min(q, pairs - 1) * w.stage_pair + corner, *high = words + min(q + 4, pairs - 1) * w.stage_pair + corner;
  const uint32_t* center = words + min(written, pairs - 1) * w.stage_pair + (row + 1) * w.stage_row + halo + column;

  float sums[2][4] = {};                         // [pair of rows][voxel x: row 0, row 1; voxel x + 8: the same]
  int stage = 0, p = at.begin - 1;
#pragma unroll
  for (int k = 0; k < ahead; ++k) {
    if (p + k <= at.end) planes.fetch<4 * Halves>(p + k, k, pairs);
    commit();
  }
  for (; p <= at.end; ++p) {
    wait<ahead - 1>();
    __syncthreads();
    if (p + ahead <= at.end) planes.fetch<4 * Halves>(p + ahead, (stage + ahead) % stages, pairs);
    commit();
    bool closing = p > at.begin;
    float partials[2] = {0, 0};
    if (closing && partial) {
      if (first_row) partials[0] = __ldcs(known);
      if (second_row) partials[1] = __ldcs(known + row_step);
    }
#pragma unroll
    for (int pair = 0; pair < 2; ++pair)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float moved = __shfl_up_sync(~0u, sums[pair][i], 1);
        sums[pair][i] = q ? moved : 0.0f;
      }
    int base = stage * pairs * w.stage_pair;
#pragma unroll
    for (int r = 0; r < 6; ++r)
#pragma unroll
      for (int kx = 0; kx < 3; ++kx) {
        int from = base + r * w.stage_row + kx * w.dilation;
        uint32_t a[2 * Halves];
        a[0] = low[from], a[1] = low[from + 8];
        if constexpr (Halves == 2) a[2] = high[from], a[3] = high[from + 8];
        if (r < 4) multiply(sums[0], a, b[r < 4 ? r : 0][kx]);
        if (r >= 2) multiply(sums[1], a, b[r >= 2 ? r - 2 : 0][kx]);
      }
    int from = (lane & ~3) | 2, before = (stage ? stage - 1 : stages - 1) * pairs * w.stage_pair;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float v0 = __shfl_sync(~0u, sums[0][r], from), v1 = __shfl_sync(~0u, sums[0][2 + r], from), v2 = __shfl_sync(~0u, sums[1][r], from), v3 = __shfl_sync(~0u, sums[1][2 + r], from);
      float value = q == 0 ? v0 : q == 1 ? v1 : q == 2 ? v2 : v3;
      if (!closing || !(r ? second_row : first_row)) continue;
      uint32_t word = __bfloat16_as_ushort(__float2bfloat16_rn(fmaxf(value + partials[r] + bias, 0.0f)));
      uint32_t* to = line + r * line_step;
      if (position % 2) word = word << 16 | ((written < pairs ? center[before + r * w.stage_row] : to[x]) & 0xffffu);
      if (plain_columns) to[x] = word;
      else write_word(g, to, x, word);
    }
    line += slab_step, known += plane_step;
    stage = stage + 1 == stages ? 0 : stage + 1;
  }
}

}  // namespace tomograd::msd_cuda
