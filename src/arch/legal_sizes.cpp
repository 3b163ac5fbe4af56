// Which input sizes a network takes, found by trying: an axis costs one pass over the nodes per size.
#include <algorithm>

#include "arch/axis.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t kLargestTried = 16384, kWindow = 512;

bool legal(const Graph& graph, int axis, int64_t size) { return axis_sizes(graph, axis, size).failed < 0; }

// Smallest legal size, or 0; then the smallest step whose whole progression over the window is legal, or 0.
std::pair<int64_t, int64_t> axis_legal(const Graph& graph, int axis) {
  for (int64_t smallest = 1; smallest <= kLargestTried; ++smallest) {
    if (!legal(graph, axis, smallest)) continue;
    std::vector<bool> fine;
    for (int64_t i = 0; i <= kWindow; ++i) fine.push_back(legal(graph, axis, smallest + i));
    for (int64_t step = 1; step <= kWindow / 2; ++step) {
      bool all = true;
      for (int64_t i = 0; all && i <= kWindow; i += step) all = fine[size_t(i)];
      if (all) return {smallest, step};
    }
    // Legal by chance (a border case): the progression starts at a larger one.
  }
  return {0, 0};
}

int64_t nearest(int64_t smallest, int64_t step, int64_t wanted, int64_t at_most) {
  int64_t goal = std::min(std::max(wanted, smallest), at_most);
  return goal < smallest ? smallest : smallest + (goal - smallest) / step * step;
}

}  // namespace

LegalSizes legal_sizes(const Graph& graph) {
  LegalSizes sizes;
  for (int axis = 0; axis < 3; ++axis) {
    auto [smallest, step] = axis_legal(graph, axis);
    if (smallest == 0) {
      AxisSizes tried = axis_sizes(graph, axis, 1024);
      std::string why = tried.failed < 0 ? "" : text("; at 1024 voxels, \"", graph.nodes[size_t(tried.failed)].name, "\" ", tried.why);
      fail_input(text(graph.title, " takes no input size along ", "zyx"[axis], why));
    }
    sizes.smallest[axis] = smallest;
    sizes.step[axis] = step;
  }
  return sizes;
}

Extent nearest_legal(const Graph& graph, Extent wanted, Extent at_most) {
  LegalSizes sizes = legal_sizes(graph);
  Extent result;
  for (int axis = 0; axis < 3; ++axis) result[axis] = nearest(sizes.smallest[axis], sizes.step[axis], wanted[axis], at_most[axis]);
  return result;
}

std::string nearest_legal_hint(const Graph& graph, Extent input) {
  Extent near;
  for (int axis = 0; axis < 3; ++axis) {
    auto [smallest, step] = axis_legal(graph, axis);
    if (smallest == 0) return "this network takes no input size at all";
    near[axis] = nearest(smallest, step, input[axis] + step / 2, input[axis] + step);
  }
  return text("the nearest input size it takes is ", to_string(near));
}

}  // namespace tomograd
