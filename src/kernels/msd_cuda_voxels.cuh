// Device code around the network's layers: its input, its last layer, and what the device can do at best.
#pragma once

#include "kernels/msd_cuda_layers.cuh"

namespace tomograd::msd_cuda {

// The first block: input channels rounded to bf16, a zero beside the last where it has no partner. One thread block a row.
template <class Voxel>
__global__ void load_input(Grid g, const Voxel* voxels, int channels, float scale, float offset, uint32_t* stack) {
  int64_t line = blockIdx.x, z = line / g.y, y = line % g.y;
  for (int pair = 0; pair < (channels + 1) / 2; ++pair)
    for (int x = threadIdx.x; x < g.x; x += blockDim.x) {
      uint32_t word = 0;
      for (int half = 0; half < 2 && pair * 2 + half < channels; ++half)
        word |= uint32_t(__bfloat16_as_ushort(__float2bfloat16_rn(fmaf(scale, float(voxels[(pair * 2 + half) * g.voxels() + line * g.x + x]), offset)))) << half * 16;
      write_word(g, stack + z * g.slab() + pair * g.pair() + y * g.row() + pad, x, word);
    }
}

struct HeadWeights { float weight[8][16], bias[8]; };  // [class][channel of the block]; bias only in the first block

// logits += (first: =) the block's part; where labels are wanted (last block) the class with the largest sum instead, the first of equals.
template <int Classes>
__global__ void head(Grid g, const uint32_t* stack, int pairs, HeadWeights w, bool first, float* logits, uint8_t* labels) {
  int64_t line = blockIdx.x, z = line / g.y, y = line % g.y, count = g.voxels();
  const uint32_t* row = stack + z * g.slab() + y * g.row() + pad;
  for (int x = threadIdx.x; x < g.x; x += blockDim.x) {
    int64_t v = line * g.x + x;
    float sums[Classes];
#pragma unroll
    for (int k = 0; k < Classes; ++k) sums[k] = first ? w.bias[k] : logits[k * count + v];
#pragma unroll
    for (int pair = 0; pair < 8; ++pair) {
      if (pair >= pairs) break;
      uint32_t word = row[pair * g.pair() + x];
#pragma unroll
      for (int k = 0; k < Classes; ++k) sums[k] = fmaf(w.weight[k][pair * 2 + 1], __uint_as_float(word & 0xffff0000u), fmaf(w.weight[k][pair * 2], __uint_as_float(word << 16), sums[k]));
    }
    int label = 0;
    float best = 0;
#pragma unroll
    for (int k = 0; k < Classes; ++k) {
      if (!labels) logits[k * count + v] = sums[k];
      if (k == 0 || sums[k] > best) best = sums[k], label = k;
    }
    if (labels) labels[v] = uint8_t(label);
  }
}

// What matrix instructions of this shape reach when nothing else is asked of a processor.
__global__ void __launch_bounds__(256) mma_chain(int rounds, float* out) {
  float sums[8][4] = {};
  uint32_t a[4] = {threadIdx.x, threadIdx.x + 1, threadIdx.x + 2, threadIdx.x + 3}, b[2] = {threadIdx.x, threadIdx.x * 3};
  for (int i = 0; i < rounds; ++i)
#pragma unroll
    for (int m = 0; m < 8; ++m) multiply(sums[m], a, b);
  float sum = 0;
#pragma unroll
  for (int m = 0; m < 8; ++m) sum += sums[m][0] + sums[m][1] + sums[m][2] + sums[m][3];
  if (sum == 12345.0f) *out = sum;
}

__global__ void copy_words(const uint4* from, uint4* to, int64_t count) {
  for (int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x; i < count; i += int64_t(gridDim.x) * blockDim.x) to[i] = from[i];
}

}  // namespace tomograd::msd_cuda
