#include "base/extent.h"

#include <algorithm>

namespace tomograd {

Box intersection(const Box& a, const Box& b) {
  Box shared;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t begin = std::max(a.begin[axis], b.begin[axis]);
    int64_t end = std::min(a.begin[axis] + a.size[axis], b.begin[axis] + b.size[axis]);
    if (end <= begin) return Box{a.begin, {0, 0, 0}};
    shared.begin[axis] = begin;
    shared.size[axis] = end - begin;
  }
  return shared;
}

}  // namespace tomograd
