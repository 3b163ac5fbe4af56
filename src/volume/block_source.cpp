// Blocks lie one after the other, [block z][block y][block x][z][y][x], each whole, so that a box touches few pages and
// one block is one contiguous piece.
#include "volume/block_source.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

template <class T>
Buffer<T> cut_into_blocks(const T* volume, Extent size, Extent block, Extent grid, T fill) {
  Buffer<T> blocks(grid.voxels() * block.voxels());
  T* to = blocks.data();
  for (int64_t bz = 0; bz < grid.z; ++bz)
    for (int64_t by = 0; by < grid.y; ++by)
      for (int64_t bx = 0; bx < grid.x; ++bx)
        for (int64_t z = bz * block.z; z < (bz + 1) * block.z; ++z)
          for (int64_t y = by * block.y; y < (by + 1) * block.y; ++y, to += block.x) {
            int64_t x = bx * block.x, inside = z < size.z && y < size.y ? std::min(block.x, size.x - x) : 0;
            if (inside > 0) std::memcpy(to, volume + (z * size.y + y) * size.x + x, size_t(inside) * sizeof(T));
            std::fill(to + inside, to + block.x, fill);
          }
  return blocks;
}

class MemoryBlocks : public BlockSource {
 public:
  MemoryBlocks(Extent size, const std::vector<const float*>& channels, const uint8_t* labels, std::vector<float> outside, Extent block)
      : size_(size), block_(block), outside_(std::move(outside)) {
    for (int axis = 0; axis < 3; ++axis) {
      if (size[axis] < 1 || block[axis] < 1)
        fail_failure(text("blocks of ", to_string(block), " of a volume of ", to_string(size), " were asked for"));
      grid_[axis] = ceil_div(size[axis], block[axis]);
    }
    if (channels.size() != outside_.size())
      fail_failure(text(channels.size(), " channels were given with ", outside_.size(), " values for the outside"));
    for (size_t c = 0; c < channels.size(); ++c) images_.push_back(cut_into_blocks(channels[c], size_, block_, grid_, outside_[c]));
    if (labels) labels_ = cut_into_blocks(labels, size_, block_, grid_, uint8_t{255});
  }

  Extent size() const override { return size_; }
  Extent block() const override { return block_; }
  int64_t channels() const override { return int64_t(images_.size()); }
  float outside(int64_t channel) const override { return outside_[checked(channel)]; }
  const float* image_block(int64_t channel, Extent at) override { return images_[checked(channel)].data() + offset(at); }
  const uint8_t* label_block(Extent at) override { return labels_.empty() ? nullptr : labels_.data() + offset(at); }

 private:
  size_t checked(int64_t channel) const {
    if (channel < 0 || channel >= channels()) fail_failure(text("channel ", channel, " of ", channels(), " was asked for"));
    return size_t(channel);
  }
  int64_t offset(Extent at) const {
    if (!Box{{0, 0, 0}, grid_}.contains(at))
      fail_failure(text("block ", at.z, ",", at.y, ",", at.x, " of ", to_string(grid_), " was asked for"));
    return ((at.z * grid_.y + at.y) * grid_.x + at.x) * block_.voxels();
  }

  Extent size_, block_, grid_;
  std::vector<float> outside_;
  std::vector<Buffer<float>> images_;
  Buffer<uint8_t> labels_;
};

// Fetches the parts of `box` that lie in the volume, block by block, row by row.
template <class T, class Fetch>
void copy_blocks(BlockSource& source, const Box& box, T* into, T fill, const Fetch& fetch) {
  std::fill(into, into + box.size.voxels(), fill);
  Box inside = intersection(box, Box{{0, 0, 0}, source.size()});
  if (inside.size.voxels() == 0) return;
  Extent block = source.block();
  Extent last = inside.end() - Extent{1, 1, 1};
  for (int64_t bz = inside.begin.z / block.z; bz <= last.z / block.z; ++bz)
    for (int64_t by = inside.begin.y / block.y; by <= last.y / block.y; ++by)
      for (int64_t bx = inside.begin.x / block.x; bx <= last.x / block.x; ++bx) {
        Extent begin{bz * block.z, by * block.y, bx * block.x};
        Box part = intersection(inside, Box{begin, block});
        const auto held = fetch(Extent{bz, by, bx});
        const T* from = held.get();
        for (int64_t z = part.begin.z; z < part.end().z; ++z)
          for (int64_t y = part.begin.y; y < part.end().y; ++y)
            std::memcpy(into + ((z - box.begin.z) * box.size.y + (y - box.begin.y)) * box.size.x + (part.begin.x - box.begin.x),
                        from + ((z - begin.z) * block.y + (y - begin.y)) * block.x + (part.begin.x - begin.x),
                            size_t(part.size.x) * sizeof(T));
      }
}

}  // namespace

std::unique_ptr<BlockSource> make_memory_blocks(Extent size, const std::vector<const float*>& channels, const uint8_t* labels,
    std::vector<float> outside, Extent block) {
  return std::make_unique<MemoryBlocks>(size, channels, labels, std::move(outside), block);
}

void copy_box(BlockSource& source, int64_t channel, const Box& box, float* into) {
  copy_blocks(source, box, into, source.outside(channel), [&](Extent at) { return source.hold_image_block(channel, at); });
}

void copy_label_box(BlockSource& source, const Box& box, uint8_t* into, uint8_t outside_value) {
  copy_blocks(source, box, into, outside_value, [&](Extent at) {
    auto block = source.hold_label_block(at);
    if (!block) fail_failure("labels of a case without labels were asked for");
    return block;
  });
}

}  // namespace tomograd
