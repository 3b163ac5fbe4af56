#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "inference/exact_msd.h"
#include "inference/exact_parts.h"

namespace tomograd {

int64_t layer_reach(const MsdNetwork& network, int64_t layer) {
  auto first = network.dilations.begin() + layer * network.width;
  return *std::max_element(first, first + network.width);
}

int64_t group_reach(const MsdNetwork& network, int64_t first, int64_t end) {
  int64_t sum = 0;
  for (int64_t i = first; i < end; ++i) sum += layer_reach(network, i);
  return sum;
}

Box grown(const Box& box, int64_t by, Extent volume) { return intersection({box.begin - cube(by), box.size + cube(2 * by)}, {{}, volume}); }

Box core_of(const ExactPlan& plan, int64_t tile) {
  Extent grid = plan.grid(), at{tile / grid.x / grid.y, tile / grid.x % grid.y, tile % grid.x};
  Box box;
  for (int axis = 0; axis < 3; ++axis) {
    box.begin[axis] = at[axis] * plan.core[axis];
    box.size[axis] = std::min(plan.core[axis], plan.volume[axis] - box.begin[axis]);
  }
  return box;
}

namespace {

// Multiply-adds of layers [first, end) in one group, in units of a tap, over all tiles.
double group_work(const ExactPlan& plan, const MsdNetwork& network, int64_t first, int64_t end) {
  double sum = 0;
  for (int64_t i = first; i < end; ++i) {
    double voxels = 1;                           // tiles are a product of axes, and so is the sum of their boxes
    for (int axis = 0; axis < 3; ++axis) {
      int64_t along = 0, reach = group_reach(network, i + 1, end);
      for (int64_t begin = 0; begin < plan.volume[axis]; begin += plan.core[axis])
        along += std::min(plan.volume[axis], std::min(begin + plan.core[axis], plan.volume[axis]) + reach) - std::max<int64_t>(0, begin - reach);
      voxels *= double(along);
    }
    sum += voxels * double(network.inputs(i) * network.width);
  }
  return sum;
}

double pass_work(const ExactPlan& plan, const MsdNetwork& network, int64_t first, int64_t end) {
  double sum = 0;
  for (int64_t i = first; i < end; ++i) sum += double(plan.volume.voxels()) * double(network.inputs(i) * network.width);
  return sum;
}

int64_t group_bytes(const ExactPlan& plan, const MsdNetwork& network, int64_t first, int64_t end, int64_t classes) {
  Extent region;
  for (int axis = 0; axis < 3; ++axis) region[axis] = std::min(plan.volume[axis], plan.core[axis] + 2 * group_reach(network, first, end));
  MsdLayout layout = msd_layout(region, network.largest_dilation(), true, false);
  bool last = end == network.depth();
  return layout.floats(network.inputs(end)) * 4 + region.voxels() * 4 * (1 + (last ? classes : 0)) + plan.core.voxels() * 4 * (1 + (last ? classes : 0)) + (int64_t{4} << 20);
}

int64_t chunk_side(int64_t core) {
  for (int64_t side = std::min<int64_t>(32, core); side >= 8; --side)
    if (core % side == 0) return side;
  return core;
}

ExactPlan tiles_of(Extent volume, Extent core) {
  ExactPlan plan;
  plan.volume = volume;
  for (int axis = 0; axis < 3; ++axis) {
    if (volume[axis] < 1 || core[axis] < 1) fail_input(text("volume ", to_string(volume), " and tile ", to_string(core), ": every size must be at least 1"));
    plan.core[axis] = std::min(core[axis], volume[axis]);
  }
  return plan;
}

}  // namespace

Extent exact_chunk(Extent core) { return {chunk_side(core.z), chunk_side(core.y), chunk_side(core.x)}; }
int64_t exact_io_bytes(Extent core, int threads) { return int64_t(threads) * 4 * exact_chunk(core).voxels() * 4; }

ExactPlan exact_plan_of(const MsdNetwork& network, Extent volume, Extent core, int64_t classes, std::vector<int64_t> ends) {
  ExactPlan plan = tiles_of(volume, core);
  plan.ends = std::move(ends);
  double work = 0, once = pass_work(plan, network, 0, network.depth());
  int64_t first = 0;
  for (int64_t end : plan.ends) {
    if (end <= first || end > network.depth()) fail_input(text("a group of layers ends at ", end, " after one that ends at ", first, "; the network has ", network.depth(), " layers"));
    plan.peak_bytes = std::max(plan.peak_bytes, group_bytes(plan, network, first, end, classes));
    work += group_work(plan, network, first, end);
    first = end;
  }
  if (first != network.depth()) fail_input(text("the groups end at layer ", first, " of ", network.depth()));
  plan.arithmetic = once > 0 ? work / once : 1;
  int64_t spilled = plan.groups() > 1 ? plan.ends[size_t(plan.groups()) - 2] * network.width : 0;
  Extent chunk = exact_chunk(plan.core);
  plan.scratch_bytes = spilled * 4 * round_up(volume.z, chunk.z) * round_up(volume.y, chunk.y) * round_up(volume.x, chunk.x);
  return plan;
}

ExactPlan plan_exact(const MsdNetwork& network, Extent volume, Extent core, int64_t classes, int64_t max_memory_bytes, double most_arithmetic) {
  ExactPlan plan = tiles_of(volume, core);
  for (int64_t first = 0; first < network.depth();) {
    auto fits = [&](int64_t end) { return max_memory_bytes == 0 || group_bytes(plan, network, first, end, classes) <= max_memory_bytes; };
    int64_t end = first + 1;
    if (!fits(end)) {
      Extent smaller = plan.core;
      while (smaller.z * smaller.y * smaller.x > 1) {
        for (int axis = 0; axis < 3; ++axis) smaller[axis] = std::max<int64_t>(1, smaller[axis] / 2);
        ExactPlan other = plan;
        other.core = smaller;
        if (group_bytes(other, network, network.depth() - 1, network.depth(), classes) <= max_memory_bytes) break;
      }
      fail(ErrorKind::budget, text("layer ", first, " of a tile of ", to_string(plan.core), " needs ", bytes_text(group_bytes(plan, network, first, end, classes)), ", the limit is ", bytes_text(max_memory_bytes)),
           text("use a smaller tile, such as ", to_string(smaller)));
    }
    while (end < network.depth() && fits(end + 1) && group_work(plan, network, first, end + 1) <= most_arithmetic * pass_work(plan, network, first, end + 1)) ++end;
    plan.ends.push_back(end);
    first = end;
  }
  return exact_plan_of(network, volume, core, classes, plan.ends);
}

}  // namespace tomograd
