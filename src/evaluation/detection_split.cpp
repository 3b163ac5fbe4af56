// Flooding of the distance to the background from its tops downwards. Where two hills meet, the lower one is one of its own if its
// top is `depth` above the meeting, else it becomes part of the higher one.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/memory.h"
#include "evaluation/detection.h"
#include "kernels/distance_transform.h"

namespace tomograd {

std::vector<Detection> split_component(const uint8_t* mask, Extent size, const std::array<double, 3>& spacing, double depth_um) {
  // One voxel of background all around: the volume's border is no cell's middle.
  const Extent wide = size + cube(2);
  Buffer<uint8_t> outside(wide.voxels(), 1);
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) outside[((z + 1) * wide.y + y + 1) * wide.x + x + 1] = mask[i] == 0;
  Buffer<double> height(wide.voxels());
  squared_distance_transform(outside.data(), wide, spacing, height.data());
  std::vector<int64_t> order;
  for (int64_t i = 0; i < wide.voxels(); ++i)
    if (!outside[i]) height[i] = std::sqrt(height[i]), order.push_back(i);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return height[a] != height[b] ? height[a] > height[b] : a < b; });

  struct Hill { int32_t parent; double top; int64_t n, z, y, x; };
  std::vector<Hill> hills;
  auto root = [&](int32_t h) {
    while (hills[size_t(h)].parent != h) h = hills[size_t(h)].parent = hills[size_t(hills[size_t(h)].parent)].parent;
    return h;
  };
  Buffer<int32_t> hill(wide.voxels(), -1);
  for (int64_t i : order) {
    const int64_t z = i / (wide.y * wide.x), y = i / wide.x % wide.y, x = i % wide.x;
    int32_t mine = -1;
    double steepest = 0;
    std::vector<int32_t> meeting;
    for (int64_t dz = -1; dz <= 1; ++dz)
      for (int64_t dy = -1; dy <= 1; ++dy)
        for (int64_t dx = -1; dx <= 1; ++dx) {
          int64_t j = i + (dz * wide.y + dy) * wide.x + dx;
          if (hill[j] < 0) continue;
          int32_t other = root(hill[j]);
          if (std::find(meeting.begin(), meeting.end(), other) == meeting.end()) meeting.push_back(other);
          double um = std::sqrt(std::pow(double(dz) * spacing[0], 2) + std::pow(double(dy) * spacing[1], 2) + std::pow(double(dx) * spacing[2], 2));
          double rise = (height[j] - height[i]) / um;
          if (mine < 0 || rise > steepest) mine = other, steepest = rise;
        }
    if (mine < 0) {
      mine = int32_t(hills.size());
      hills.push_back({mine, height[i], 0, 0, 0, 0});
    }
    for (int32_t other : meeting) {              // `mine` may have become part of another on the way
      int32_t a = root(mine), b = root(other);
      if (a == b) continue;
      if (hills[size_t(a)].top < hills[size_t(b)].top || (hills[size_t(a)].top == hills[size_t(b)].top && a > b)) std::swap(a, b);
      Hill &high = hills[size_t(a)], &low = hills[size_t(b)];
      if (low.top - height[i] >= depth_um) continue;
      low.parent = a;
      high.n += low.n, high.z += low.z, high.y += low.y, high.x += low.x;
    }
    hill[i] = mine = root(mine);
    Hill& h = hills[size_t(mine)];
    ++h.n, h.z += z - 1, h.y += y - 1, h.x += x - 1;
  }
  std::vector<Detection> cells;
  for (size_t k = 0; k < hills.size(); ++k) {
    const Hill& h = hills[k];
    if (h.parent == int32_t(k)) cells.push_back({{double(h.z) / double(h.n), double(h.y) / double(h.n), double(h.x) / double(h.n)}, h.n});
  }
  return cells;
}

}  // namespace tomograd
