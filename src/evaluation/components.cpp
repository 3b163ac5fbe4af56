// Union-find over the neighbours that come earlier in scan order; components are numbered by their first voxel.
#include "evaluation/components.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

int32_t root_of(std::vector<int32_t>& parent, int32_t i) {
  while (parent[size_t(i)] != i) i = parent[size_t(i)] = parent[size_t(parent[size_t(i)])];
  return i;
}

template <bool all_neighbours>  // 26, or the 6 that share a face
Components label_components(const uint8_t* mask, Extent size) {
  if (size.voxels() > std::numeric_limits<int32_t>::max())
    fail_input(text("connected components of ", to_string(size), " voxels were asked for, at most 2147483647 are possible"));
  Components result;
  result.label = Buffer<int32_t>(size.voxels(), 0);
  std::vector<std::array<int, 3>> earlier;
  for (int dz = -1; dz <= 0; ++dz)
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx)
        if (std::array{dz, dy, dx} < std::array{0, 0, 0} && (all_neighbours || dz * dz + dy * dy + dx * dx == 1)) earlier.push_back({dz, dy, dx});

  std::vector<int32_t> parent{0};
  int32_t* label = result.label.data();
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        if (!mask[i]) continue;
        int32_t mine = 0;
        for (auto [dz, dy, dx] : earlier) {
          if (z + dz < 0 || y + dy < 0 || y + dy >= size.y || x + dx < 0 || x + dx >= size.x) continue;
          int32_t other = label[i + (dz * size.y + dy) * size.x + dx];
          if (!other) continue;
          other = root_of(parent, other);
          if (mine && mine != other) parent[size_t(std::max(mine, other))] = std::min(mine, other), mine = std::min(mine, other);
          else mine = other;
        }
        if (!mine) {
          mine = int32_t(parent.size());
          parent.push_back(mine);
        }
        label[i] = mine;
      }

  std::vector<int32_t> number(parent.size(), 0);
  for (int64_t i = 0; i < size.voxels(); ++i) {
    if (!label[i]) continue;
    int32_t& n = number[size_t(root_of(parent, label[i]))];
    if (!n) {
      result.voxels.push_back(0);
      n = int32_t(result.voxels.size());
    }
    label[i] = n;
    ++result.voxels[size_t(n - 1)];
  }
  return result;
}

// A hole is background that cannot reach the border through faces and whose face neighbours all have one class.
void fill(uint8_t* labels, Extent size) {
  Buffer<uint8_t> background(size.voxels());
  for (int64_t i = 0; i < size.voxels(); ++i) background[i] = labels[i] == 0;
  Components parts = label_components<false>(background.data(), size);
  constexpr int unknown = 0, open = -1;  // else the one class around it
  std::vector<int> around(parts.voxels.size() + 1, unknown);
  const int64_t steps[3] = {size.y * size.x, size.x, 1};
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        int& who = around[size_t(parts.label[i])];
        if (!parts.label[i] || who == open) continue;
        if (z == 0 || y == 0 || x == 0 || z + 1 == size.z || y + 1 == size.y || x + 1 == size.x) {
          who = open;
          continue;
        }
        for (int64_t step : steps)
          for (int64_t at : {i - step, i + step})
            if (int other = labels[at]; other && who != open) who = who == unknown || who == other ? other : open;
      }
  for (int64_t i = 0; i < size.voxels(); ++i)
    if (parts.label[i] && around[size_t(parts.label[i])] > 0) labels[i] = uint8_t(around[size_t(parts.label[i])]);
}

}  // namespace

Components connected_components(const uint8_t* mask, Extent size) { return label_components<true>(mask, size); }

void clean(uint8_t* labels, Extent size, int64_t classes, const Cleaning& cleaning) {
  if (cleaning.fill_holes) fill(labels, size);
  if (!cleaning.largest_component && cleaning.min_voxels <= 1) return;
  Buffer<uint8_t> mask(size.voxels());
  for (int64_t cls = 1; cls < classes; ++cls) {
    bool any = false;
    for (int64_t i = 0; i < size.voxels(); ++i) any |= (mask[i] = labels[i] == cls) != 0;
    if (!any) continue;
    Components parts = connected_components(mask.data(), size);
    int64_t largest = std::max_element(parts.voxels.begin(), parts.voxels.end()) - parts.voxels.begin();  // of equals the first
    for (int64_t i = 0; i < size.voxels(); ++i) {
      int64_t part = parts.label[i] - 1;
      if (part < 0) continue;
      bool keep = parts.voxels[size_t(part)] >= cleaning.min_voxels && (!cleaning.largest_component || part == largest);
      if (!keep) labels[i] = 0;
    }
  }
}

}  // namespace tomograd
