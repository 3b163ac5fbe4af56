#include "server/decoded_blocks.h"

#include <algorithm>

#include "base/error.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

constexpr int64_t blocks_of_limit = 8;

template <class T>
void copy_part(const unsigned char* raw, const Box& block, const Box& part, const Box& box, float* into) {
  const Extent from = part.begin - block.begin, to = part.begin - box.begin;
  for (int64_t z = 0; z < part.size.z; ++z)
    for (int64_t y = 0; y < part.size.y; ++y) {
      const unsigned char* row = raw + (((from.z + z) * block.size.y + from.y + y) * block.size.x + from.x) * int64_t(sizeof(T));
      float* out = into + ((to.z + z) * box.size.y + to.y + y) * box.size.x + to.x;
      for (int64_t x = 0; x < part.size.x; ++x) out[x] = float(load_voxel<T, false>(row + x * int64_t(sizeof(T))));
    }
}

}  // namespace

StoredBlocks DecodedBlocks::place(Extent size, Extent block, VoxelType type) {
  StoredBlocks blocks{size, block, type, -1};
  double count = 1;                              // of blocks, whose running number must be one
  for (int axis = 0; axis < 3; ++axis) blocks.block[axis] = std::min(block[axis], size[axis]), count *= double(ceil_div(size[axis], blocks.block[axis]));
  if (count > 1e18 || blocks.block.voxels() > limit_ / blocks_of_limit / voxel_bytes(type)) return blocks;
  std::lock_guard lock(mutex_);
  blocks.source = sources_++;
  return blocks;
}

Buffer<float> DecodedBlocks::read(const StoredBlocks& blocks, int64_t channel, const Box& box, const std::function<std::unique_ptr<BoxSource>()>& open) {
  const auto cache = this->cache();
  std::unique_ptr<BoxSource> source;
  Buffer<float> voxels(box.size.voxels());
  Extent grid, first, last;
  for (int axis = 0; axis < 3; ++axis)
    grid[axis] = ceil_div(blocks.size[axis], blocks.block[axis]), first[axis] = box.begin[axis] / blocks.block[axis], last[axis] = (box.end()[axis] - 1) / blocks.block[axis];
  for (int64_t z = first.z; z <= last.z; ++z)
    for (int64_t y = first.y; y <= last.y; ++y)
      for (int64_t x = first.x; x <= last.x; ++x) {
        Box block{{z * blocks.block.z, y * blocks.block.y, x * blocks.block.x}, blocks.block};
        block = intersection(block, {{0, 0, 0}, blocks.size});
        const auto held = cache->get({blocks.source, channel, (z * grid.y + y) * grid.x + x}, block.size.voxels() * voxel_bytes(blocks.type), [&](void* into) {
          if (!source) source = open();
          if (source->geometry().size != blocks.size || source->type() != blocks.type) fail_input("the array has changed while it was looked at", "it is looked at anew in a minute");
          source->read(channel, block, into);
        });
        with_voxel_type(blocks.type, [&]<class T>(T) { copy_part<T>(static_cast<const unsigned char*>(held->data()), block, intersection(block, box), box, voxels.data()); });
      }
  return voxels;
}

std::shared_ptr<BlockCache> DecodedBlocks::cache() const {
  std::lock_guard lock(mutex_);
  return cache_;
}

void DecodedBlocks::forget() {
  std::lock_guard lock(mutex_);
  cache_ = std::make_shared<BlockCache>(limit_);
}

}  // namespace tomograd
