#include "inference/msd_tile.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "inference/exact_parts.h"

namespace tomograd {
namespace {

int64_t places(int64_t channels, bool bf16) { return bf16 ? ceil_div(channels, 2) : channels; }

}  // namespace

int64_t msd_tile_bytes(Extent region, int64_t in_channels, const std::vector<int64_t>& dilations, int64_t width, int64_t classes, bool bf16) {
  MsdLayout layout = msd_layout(region, *std::max_element(dilations.begin(), dilations.end()), true, false);
  int64_t floats = layout.floats(places(in_channels + int64_t(dilations.size()), bf16));
  if (bf16) floats += msd_bf16_sums_floats(msd_kernels(), layout, dilations, width);
  return floats * 4 + region.voxels() * 4 * (in_channels + classes);
}

void MsdTile::put_input(const float* region) {
  Extent size = layout_.size;
  int64_t step = bf16_ ? 2 : 1;
  pool_.for_each(size.z * size.y, [&](int64_t row) {
    for (int64_t c = 0; c < network_.in_channels; c += step) {
      const float* from = region + (c * size.z * size.y + row) * size.x;
      float* to = stack_.data() + layout_.at(c / step, row / size.y, row % size.y, 0);
      if (!bf16_) {
        std::memcpy(to, from, size_t(size.x) * 4);
        continue;
      }
      const float* second = c + 1 < network_.in_channels ? from + size.voxels() : nullptr;
      for (int64_t x = 0; x < size.x; ++x) to[x] = std::bit_cast<float>(bf16_pair(from[x], second ? second[x] : 0.0f));
    }
  });
}

void MsdTile::forward(const float* region, Extent size, const Box& core, float* logits) {
  layout_ = msd_layout(size, network_.largest_dilation(), reflect_, false);
  int64_t floats = layout_.floats(places(network_.channels(), bf16_));
  if (stack_.size() < floats) stack_ = Buffer<float>(), stack_ = Buffer<float>(floats);
  std::memset(stack_.data() + floats - 64, 0, 64 * 4);
  put_input(region);
  std::vector<Box> boxes;
  for (int64_t i = 0; i < network_.depth(); ++i) boxes.push_back(grown(core, group_reach(network_, i + 1, network_.depth()), size));
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool_.for_each(count, body); };
  if (bf16_) msd_forward_bf16_with(sums_, msd_kernels(), layout_, network_, stack_.data(), boxes, for_each);
  else msd_forward(msd_kernels(), layout_, network_, stack_.data(), boxes, for_each);
  auto classes = bf16_ ? msd_head_kernels().forward_bf16 : msd_head_kernels().forward;
  pool_.for_each(core.size.z, [&](int64_t z) { classes(layout_, head_, stack_.data(), core.begin.z + z, logits); });
}

}  // namespace tomograd
