// The mixed-scale dense network on a CUDA device: inference in bf16 with f32 sums, tile by tile (msd_cuda_layers.cuh has the kernels).
//
// Channels are worked off in blocks of 16. A finished block gives every later layer its part at once and is then forgotten, so that
// a voxel takes 32 bytes of feature maps and 4 bytes for the open sum of every later layer, however deep the network is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {

struct MsdCudaVolume {                           // [channel][z][y][x] in host memory; the network sees scale * voxel + offset
  const void* voxels = nullptr;
  bool u16 = false;                              // else f32
  Extent size;
  float scale = 1, offset = 0;
};

struct MsdCudaWork {                             // of kernels, summed
  double own_seconds = 0, push_seconds = 0, head_seconds = 0, load_seconds = 0;
  double bytes = 0;                              // that must move between device memory and processors: every input once, halos not counted
  double flop = 0, padded_flop = 0;              // of the network's taps; of the matrix instructions, their empty columns included
  double kernel_seconds() const { return own_seconds + push_seconds + head_seconds + load_seconds; }
};

struct CudaDevice {
  std::string name;
  int64_t memory_bytes = 0, free_bytes = 0;
  double copy_bytes_per_second = 0, mma_flop_per_second = 0;  // measured: bytes read and written; m16n8k16 in bf16
};

int cuda_devices();                              // 0 also where there is no driver
int64_t cuda_free_bytes(int device);
// Measures for about a tenth of a second. Error(failure) with CUDA's words.
CudaDevice measure_cuda_device(int device);

class PinnedHostMemory {                          // memory of the host that the device reads and writes directly while this lives
 public:
  PinnedHostMemory(void* data, int64_t bytes);
  ~PinnedHostMemory();
  PinnedHostMemory(const PinnedHostMemory&) = delete;

 private:
  void* data_;
};

class MsdCuda {
 public:
  // network: 3-D, at most 16 input channels, dilations at most 10; at most 8 classes. Error(input) otherwise, with the number.
  MsdCuda(const MsdNetwork& network, const MsdHead& head, bool reflect, int device);
  ~MsdCuda();
  MsdCuda(const MsdCuda&) = delete;
  MsdCuda& operator=(const MsdCuda&) = delete;

  int64_t bytes_per_voxel() const;               // of a tile, on the device
  // Logits [class][z][y][x] of a whole volume taken as one tile, and where wanted the bf16 channels [channel][z][y][x] of its stack.
  void forward(const MsdCudaVolume& volume, float* logits, uint16_t* stack);
  // The class of every voxel, by tiles that see `halo` voxels around their core; faces inside the volume are treated like the volume's
  // own (a truncated halo: near them the result differs from the untiled one). Copies run beside kernels. max_bytes: of device memory.
  // Error(budget) when not even a tile of one core voxel fits.
  MsdCudaWork predict(const MsdCudaVolume& volume, int64_t halo, int64_t max_bytes, uint8_t* labels);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The cores of a volume cut so that tiles (core and halo, clipped) have at most `most_voxels` and as little is computed twice as can be.
// Error(budget) when the halo alone is too large.
std::vector<Box> msd_cores(Extent volume, int64_t halo, int64_t most_voxels);
Box with_halo(const Box& core, int64_t halo, Extent volume);

}  // namespace tomograd
