// Rows out of the blocks of a source. Private to this room.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/augment.h"
#include "volume/block_source.h"

namespace tomograd {

// Rows x in [box.begin.x, box.end().x) of one channel (or of the labels, channel -1) for the z and y of a box. All blocks
// that the box touches are asked for at once and held, so that rows cost no call. What lies outside the volume is `outside`.
template <class T>
class BlockRows {
 public:
  BlockRows(BlockSource& source, int64_t channel, const Box& box, T outside, T* line)  // line: room for box.size.x values
      : size_(source.size()), block_(source.block()), n_(box.size.x), outside_(outside), line_(line) {
    for (int64_t x = std::max<int64_t>(box.begin.x, 0), end = std::min(box.end().x, size_.x); x < end;) {
      int64_t bx = x / block_.x, stop = std::min(end, (bx + 1) * block_.x);
      pieces_.push_back({bx, x - bx * block_.x, x - box.begin.x, stop - x});
      x = stop;
    }
    std::fill(line_, line_ + n_, outside_);
    simple_ = !pieces_.empty() && pieces_.size() <= 2 && pieces_.front().to == 0 && pieces_.back().to + pieces_.back().count == n_;
    const Box inside = intersection(box, Box{{0, 0, 0}, size_});
    if (pieces_.empty() || inside.size.z == 0 || inside.size.y == 0) return;
    first_z_ = inside.begin.z / block_.z, first_y_ = inside.begin.y / block_.y;
    const int64_t last_z = (inside.end().z - 1) / block_.z, last_y = (inside.end().y - 1) / block_.y;
    across_ = last_y - first_y_ + 1;
    for (int64_t bz = first_z_; bz <= last_z; ++bz)
      for (int64_t by = first_y_; by <= last_y; ++by)
        for (const Piece& p : pieces_) {
          if constexpr (sizeof(T) == 1) held_.push_back(source.hold_label_block({bz, by, p.bx}));
          else held_.push_back(source.hold_image_block(channel, {bz, by, p.bx}));
          blocks_.push_back(held_.back().get());
        }
  }

  // The row at (z, y) of the box: in the blocks themselves when it lies in one or two, else put together in the line, which
  // the next call overwrites.
  SplitRow<T> at(int64_t z, int64_t y) {
    if (!inside(z, y)) {
      for (const Piece& p : pieces_) std::fill(line_ + p.to, line_ + p.to + p.count, outside_);
      return {line_, nullptr, n_};
    }
    int64_t offset;
    const T* const* blocks = blocks_at(z, y, offset);
    if (simple_) return {blocks[0] + offset + pieces_[0].from, pieces_.size() == 2 ? blocks[1] + offset : nullptr, pieces_[0].count};
    for (size_t i = 0; i < pieces_.size(); ++i) std::memcpy(line_ + pieces_[i].to, blocks[i] + offset + pieces_[i].from, size_t(pieces_[i].count) * sizeof(T));
    return {line_, nullptr, n_};
  }

  // Starts loading a row that is wanted soon; hardware loses the trail from row to row of a block.
  [[gnu::always_inline]] void prefetch(int64_t z, int64_t y) const {  // GCC drops calls of functions that only prefetch
    if (!inside(z, y)) return;
    int64_t offset;
    const T* const* blocks = blocks_at(z, y, offset);
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const char *from = reinterpret_cast<const char*>(blocks[i] + offset + pieces_[i].from), *end = from + pieces_[i].count * int64_t(sizeof(T));
      for (; from < end; from += 64) __builtin_prefetch(from);
      __builtin_prefetch(end - 1);
    }
  }

  void copy(int64_t z, int64_t y, T* into) {
    SplitRow<T> row = at(z, y);
    const int64_t split = std::min(row.split, n_);
    std::memcpy(into, row.first, size_t(split) * sizeof(T));
    if (split < n_) std::memcpy(into + split, row.second, size_t(n_ - split) * sizeof(T));
  }

 private:
  struct Piece { int64_t bx, from, to, count; };  // block, first voxel in it, first voxel in the line
  bool inside(int64_t z, int64_t y) const { return z >= 0 && y >= 0 && z < size_.z && y < size_.y && !blocks_.empty(); }
  const T* const* blocks_at(int64_t z, int64_t y, int64_t& offset) const {
    const int64_t bz = z / block_.z, by = y / block_.y;
    offset = ((z - bz * block_.z) * block_.y + (y - by * block_.y)) * block_.x;
    return blocks_.data() + ((bz - first_z_) * across_ + (by - first_y_)) * int64_t(pieces_.size());
  }

  Extent size_, block_;
  int64_t n_;
  T outside_;
  T* line_;
  std::vector<Piece> pieces_;
  std::vector<std::shared_ptr<const T>> held_;
  std::vector<const T*> blocks_;                 // [block z][block y][piece]
  int64_t first_z_ = 0, first_y_ = 0, across_ = 1;
  bool simple_ = false;
};

}  // namespace tomograd
