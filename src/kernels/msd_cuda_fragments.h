// Weights of a mixed-scale dense network in the order in which a warp's matrix instructions want them (m16n8k16 and m16n8k8 of bf16:
// PTX ISA, "Matrix fragments for mma"), for the two kernels of msd_cuda_layers.cuh. Plain C++: tested without a device.
//
// Channels come in blocks of 16. A layer's sum is taken in two parts: what finished blocks give to all later layers of one dilation
// at once ("push", a column of the matrix per layer), and what the layer's own block gives ("own", where columns are instead the
// places that one voxel reaches: two rows times three planes).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/msd_network.h"

namespace tomograd {

constexpr int msd_block_channels = 16, msd_lanes = 32, msd_columns = 8;

struct MsdPush {                                 // from one finished block to at most 8 later channels of one dilation
  int block = 0, dilation = 1;
  std::vector<int> channels;                     // of the stack, ascending; all in later blocks
  std::vector<uint32_t> weights;                 // [ky][kx][kz][lane][2] pairs of bf16
};
struct MsdOwn {                                  // what a channel gets from the channels before it in its own block
  int channel = 0, dilation = 1;
  int read = 0;                                  // channels of the block that are read
  int halves = 1;                                // that hold them: 8 or 16 channels
  float bias = 0;
  std::vector<uint32_t> weights;                 // [row above the pair .. below it 4][kx][lane][halves]
};
struct MsdFragments {
  int in_channels = 1, channels = 0, blocks = 0; // of the stack
  std::vector<std::vector<MsdOwn>> own;          // [block]
  std::vector<std::vector<MsdPush>> push;        // [block]
};

// Error(input) for 2-D weights (taps other than 27 are not told apart here: the caller passes 3-D networks) and for more than 16
// input channels.
MsdFragments msd_fragments(const MsdNetwork& network);

// The weight from one channel of the stack to another, 0 where the layer does not read it. Taps kz, ky, kx in 0..2.
float msd_weight(const MsdNetwork& network, int to, int from, int kz, int ky, int kx);

}  // namespace tomograd
