// ONNX's Pad knows "edge", which is mirror for borders of one voxel, and "reflect" for borders narrower than the image.
// Everything else is a Gather with the list of source voxels: a constant where the size is known; otherwise Range, Mod and Min
// compute it from the size: m = i mod period, voxel min(m, period - 1 - m) for mirror and min(m, period - m) for reflect.
#include "arch/onnx_pad.h"

#include <algorithm>

#include "base/error.h"

namespace tomograd {
namespace {

std::vector<int64_t> source_voxels(int64_t n, int64_t before, int64_t after, Border border) {
  int64_t period = border == Border::mirror ? 2 * n : std::max<int64_t>(2 * n - 2, 1), last = border == Border::mirror ? period - 1 : period;
  std::vector<int64_t> list;
  for (int64_t i = -before; i < n + after; ++i) {
    int64_t m = (i % period + period) % period;
    list.push_back(std::min(m, last - m));
  }
  return list;
}

// The same list as a value, from the size that x has when the network runs.
std::string computed_voxels(OnnxNodes& nodes, const std::string& x, int axis, int64_t before, int64_t after, Border border, const std::string& grid) {
  std::string key = text("voxels ", grid, " ", axis, " ", before, " ", after, " ", border == Border::mirror ? "mirror" : "reflect"), part = grid + "/border";
  if (auto known = nodes.shared.find(key); known != nodes.shared.end()) return known->second;
  std::string shape = nodes.node("Shape", {x}, part + "/shape", {{"start", int64_t{axis + 2}}, {"end", int64_t{axis + 3}}});
  std::string n = nodes.node("Squeeze", {shape, nodes.integers({0})}, part + "/n");
  std::string twice = nodes.node("Add", {n, n}, part + "/2n");
  std::string period = twice, last;
  if (border == Border::mirror) {
    last = nodes.node("Sub", {period, nodes.integer(1)}, part + "/last");
  } else {
    period = nodes.node("Max", {nodes.node("Sub", {twice, nodes.integer(2)}, part + "/2n-2"), nodes.integer(1)}, part + "/period");
    last = period;
  }
  std::string end = nodes.node("Add", {n, nodes.integer(after)}, part + "/end");
  std::string i = nodes.node("Range", {nodes.integer(-before), end, nodes.integer(1)}, part + "/range");
  std::string m = nodes.node("Mod", {i, period}, part + "/mod");
  return nodes.shared[key] = nodes.node("Min", {m, nodes.node("Sub", {last, m}, part + "/back")}, part + "/voxels");
}

}  // namespace

std::string padded(OnnxNodes& nodes, const std::string& input, Extent size, Extent before, Extent after, Border border, const std::string& grid, const std::string& wanted) {
  std::string x = input;
  std::vector<int64_t> pads(10, 0);
  bool any = false;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t b = before[axis], a = after[axis], n = size[axis];
    if (b == 0 && a == 0) continue;
    bool simple = border == Border::mirror ? std::max(a, b) <= 1 : n > 0 && std::max(a, b) < n;
    if (simple) {
      pads[size_t(axis) + 2] = b, pads[size_t(axis) + 7] = a;
      any = true;
      continue;
    }
    std::string voxels = n > 0 ? nodes.integers(source_voxels(n, b, a, border)) : computed_voxels(nodes, x, axis, b, a, border, grid);
    x = nodes.node("Gather", {x, voxels}, text(wanted, "/", "zyx"[axis]), {{"axis", int64_t{axis + 2}}});
  }
  if (any) x = nodes.node("Pad", {x, nodes.integers(pads)}, wanted, {{"mode", std::string(border == Border::mirror ? "edge" : "reflect")}});
  return x;
}

}  // namespace tomograd
