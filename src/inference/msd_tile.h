// One region of a volume after the other through a mixed-scale dense network, on the processor and without libtorch. The halo shrinks
// from layer to layer: a map is computed where later layers read it on their way to the core, nowhere else. The bits are those of the
// whole region (kernels/msd_conv.h). One stack of feature maps serves all regions: memory that was touched once costs nothing again.
#pragma once

#include "base/memory.h"
#include "base/parallel.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {

// Of the largest region: maps, sums that wait, input and logits. dilations, width: as MsdNetwork has them.
int64_t msd_tile_bytes(Extent region, int64_t in_channels, const std::vector<int64_t>& dilations, int64_t width, int64_t classes, bool bf16);

class MsdTile {
 public:
  // All arguments outlive this. bf16: maps and weights in bf16, sums in f32.
  MsdTile(const MsdNetwork& network, const MsdHead& head, bool reflect, bool bf16, ThreadPool& pool) : network_(network), head_(head), reflect_(reflect), bf16_(bf16), pool_(pool) {}

  // region [channel][z][y][x], core within it; logits [class][z][y][x] of the region: those of the core, beside it in its planes numbers
  // without meaning.
  void forward(const float* region, Extent size, const Box& core, float* logits);

 private:
  void put_input(const float* region);

  const MsdNetwork& network_;
  const MsdHead& head_;
  bool reflect_, bf16_;
  ThreadPool& pool_;
  MsdLayout layout_;
  Buffer<float> stack_, sums_;
};

}  // namespace tomograd
