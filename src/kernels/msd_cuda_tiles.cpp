#include <algorithm>
#include <array>

#include "base/error.h"
#include "kernels/msd_cuda.h"

namespace tomograd {

Box with_halo(const Box& core, int64_t halo, Extent volume) { return intersection({core.begin - cube(halo), core.size + cube(2 * halo)}, {{}, volume}); }

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
  constexpr int64_t most_parts = 64;             // of an axis
  std::array<std::vector<Cut>, 3> cuts;          // of each axis, by the number of parts less one
  for (int a = 0; a < 3; ++a)
    for (int64_t parts = 1; parts <= std::min(volume[a], most_parts); ++parts) cuts[size_t(a)].push_back(cut(volume[a], parts, halo));
  Extent best;
  int64_t least = -1;
  for (size_t z = 0; z < cuts[0].size(); ++z)
    for (size_t y = 0; y < cuts[1].size(); ++y)
      for (size_t x = 0; x < cuts[2].size(); ++x) {
        const Cut &cz = cuts[0][z], &cy = cuts[1][y], &cx = cuts[2][x];
        if (cz.longest * cy.longest * cx.longest > most_voxels) continue;
        if (int64_t sum = cz.sum * cy.sum * cx.sum; least < 0 || sum < least) least = sum, best = {int64_t(z) + 1, int64_t(y) + 1, int64_t(x) + 1};
        break;                                   // more cuts of x only compute more
      }
  if (least < 0) fail(ErrorKind::budget, text("no tile with a halo of ", halo, " fits into ", most_voxels, " voxels"), "give it more memory, or a smaller halo");
  std::vector<Box> cores;
  Extent core{ceil_div(volume.z, best.z), ceil_div(volume.y, best.y), ceil_div(volume.x, best.x)};
  for (int64_t z = 0; z < volume.z; z += core.z)
    for (int64_t y = 0; y < volume.y; y += core.y)
      for (int64_t x = 0; x < volume.x; x += core.x)
        cores.push_back(intersection({{z, y, x}, core}, {{}, volume}));
  return cores;
}

}  // namespace tomograd
