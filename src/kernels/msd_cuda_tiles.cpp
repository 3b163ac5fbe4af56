#include <algorithm>

#include "base/error.h"
#include "kernels/msd_cuda.h"

namespace tomograd {

Box with_halo(const Box& core, int64_t halo, Extent volume) {
  Box box = core;
  for (int a = 0; a < 3; ++a) {
    int64_t begin = std::max<int64_t>(0, core.begin[a] - halo), end = std::min(volume[a], core.end()[a] + halo);
    box.begin[a] = begin, box.size[a] = end - begin;
  }
  return box;
}

namespace {

// The axis cut into `parts`: the longest tile, and the sum of all.
struct Cut { int64_t longest = 0, sum = 0; };
Cut cut(int64_t n, int64_t parts, int64_t halo) {
  Cut cut;
  int64_t core = ceil_div(n, parts);
  for (int64_t begin = 0; begin < n; begin += core) {
    int64_t length = std::min(n, std::min(n, begin + core) + halo) - std::max<int64_t>(0, begin - halo);
    cut.longest = std::max(cut.longest, length), cut.sum += length;
  }
  return cut;
}

}  // namespace

std::vector<Box> msd_cores(Extent volume, int64_t halo, int64_t most_voxels) {
  Extent best{0, 0, 0};
  int64_t least = -1;
  auto most = [&](int64_t n) { return std::min<int64_t>(n, 64); };
  for (int64_t z = 1; z <= most(volume.z); ++z)
    for (int64_t y = 1; y <= most(volume.y); ++y)
      for (int64_t x = 1; x <= most(volume.x); ++x) {
        Cut cz = cut(volume.z, z, halo), cy = cut(volume.y, y, halo), cx = cut(volume.x, x, halo);
        if (cz.longest * cy.longest * cx.longest > most_voxels) continue;
        if (int64_t sum = cz.sum * cy.sum * cx.sum; least < 0 || sum < least) least = sum, best = {z, y, x};
        break;                                   // more cuts of x only compute more
      }
  if (least < 0) fail(ErrorKind::budget, text("no tile with a halo of ", halo, " fits into ", most_voxels, " voxels"), "give it more memory, or a smaller halo");
  std::vector<Box> cores;
  Extent core{ceil_div(volume.z, best.z), ceil_div(volume.y, best.y), ceil_div(volume.x, best.x)};
  for (int64_t z = 0; z < volume.z; z += core.z)
    for (int64_t y = 0; y < volume.y; y += core.y)
      for (int64_t x = 0; x < volume.x; x += core.x)
        cores.push_back({{z, y, x}, {std::min(core.z, volume.z - z), std::min(core.y, volume.y - y), std::min(core.x, volume.x - x)}});
  return cores;
}

}  // namespace tomograd
