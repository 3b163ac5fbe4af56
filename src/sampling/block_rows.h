// Rows and boxes out of the blocks of a source, without asking it for the same block twice in a row. Private to this room.
#pragma once

#include <cstring>
#include <vector>

#include "volume/block_source.h"

namespace tomograd {

// Rows x in [begin, begin + n) of one channel (or of the labels) at any (z, y); what lies outside the volume is `outside`.
template <class T>
class BlockRows {
 public:
  // channel -1 = labels. `line` has room for n values.
  BlockRows(BlockSource& source, int64_t channel, int64_t begin, int64_t n, T outside, T* line)
      : source_(source), channel_(channel), size_(source.size()), block_(source.block()), n_(n), outside_(outside), line_(line) {
    for (int64_t x = std::max<int64_t>(begin, 0), end = std::min(begin + n, size_.x); x < end;) {
      int64_t bx = x / block_.x, stop = std::min(end, (bx + 1) * block_.x);
      pieces_.push_back({bx, x - bx * block_.x, x - begin, stop - x, nullptr});
      x = stop;
    }
    whole_ = pieces_.size() == 1 && pieces_[0].count == n;
    for (int64_t i = 0; i < n; ++i) line_[i] = outside_;
  }

  // The row: in the block itself when it lies in one, else put together in the line, which the next call overwrites.
  const T* at(int64_t z, int64_t y) {
    if (z < 0 || y < 0 || z >= size_.z || y >= size_.y || pieces_.empty()) {
      for (const Piece& p : pieces_)
        for (int64_t i = 0; i < p.count; ++i) line_[p.to + i] = outside_;
      return line_;
    }
    const int64_t bz = z / block_.z, by = y / block_.y;
    if (bz != bz_ || by != by_) {
      bz_ = bz, by_ = by;
      for (Piece& p : pieces_) {
        if constexpr (sizeof(T) == 1) p.block = source_.label_block({bz, by, p.bx});
        else p.block = source_.image_block(channel_, {bz, by, p.bx});
      }
    }
    const int64_t row = ((z - bz * block_.z) * block_.y + (y - by * block_.y)) * block_.x;
    if (whole_) return pieces_[0].block + row + pieces_[0].from;
    for (const Piece& p : pieces_) std::memcpy(line_ + p.to, p.block + row + p.from, size_t(p.count) * sizeof(T));
    return line_;
  }

 private:
  struct Piece {
    int64_t bx, from, to, count;                 // block, first voxel in it, first voxel in the line
    const T* block;
  };
  BlockSource& source_;
  int64_t channel_;
  Extent size_, block_;
  int64_t n_;
  T outside_;
  T* line_;
  std::vector<Piece> pieces_;
  bool whole_ = false;
  int64_t bz_ = -1, by_ = -1;
};

}  // namespace tomograd
