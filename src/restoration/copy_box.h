// The voxels of a box of a volume [z][y][x], one behind the other.
#pragma once

#include <cstring>

#include "base/extent.h"

namespace tomograd {

template <class T>
void copy_box(const T* from, Extent size, const Box& box, T* to) {
  for (int64_t z = 0; z < box.size.z; ++z)
    for (int64_t y = 0; y < box.size.y; ++y)
      std::memcpy(to + (z * box.size.y + y) * box.size.x, from + ((box.begin.z + z) * size.y + box.begin.y + y) * size.x + box.begin.x, size_t(box.size.x) * sizeof(T));
}

}  // namespace tomograd
