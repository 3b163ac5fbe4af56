// How msd_conv's kernels cut an axis: into parts of nearly equal length, and planes into blocks of a residue class.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/extent.h"

namespace tomograd {

struct Parts {  // [0, n) in parts of at most `most`, all but the last a multiple of `step` long
  int64_t n, count, length;
  Parts(int64_t size, int64_t most, int64_t step) : n(size), count(ceil_div(size, most)), length(round_up(ceil_div(size, count), step)) { count = ceil_div(n, length); }
  int64_t begin(int64_t i) const { return i * length; }
  int64_t end(int64_t i) const { return std::min(n, (i + 1) * length); }
};

// Planes r, r + d, r + 2d, ... of each residue r, in blocks of at most `most` and of nearly equal size.
struct PlaneBlocks {
  int64_t n, dilation, most;
  PlaneBlocks(int64_t planes, int64_t d, int64_t at_most) : n(planes), dilation(std::min(d, planes)), most(at_most), step(d) {}
  struct Block { int64_t first, count; };

  int64_t count() const {
    int64_t sum = 0;
    for (int64_t r = 0; r < dilation; ++r) sum += ceil_div(in_class(r), most);
    return sum;
  }
  Block at(int64_t index) const {
    for (int64_t r = 0; r < dilation; ++r) {
      int64_t planes = in_class(r), blocks = ceil_div(planes, most);
      if (index < blocks) {
        int64_t begin = index * planes / blocks, end = (index + 1) * planes / blocks;
        return {r + begin * step, end - begin};
      }
      index -= blocks;
    }
    return {0, 0};
  }

 private:
  int64_t step;
  int64_t in_class(int64_t r) const { return ceil_div(n - r, step); }
};

}  // namespace tomograd
