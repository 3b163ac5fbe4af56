#include "inference/tile_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "kernels/few_channel_conv.h"

namespace tomograd {
namespace {

struct AxisFacts {  // along one axis, found once per graph
  int64_t smallest = 1, step = 1;                // input sizes of tiles
  int64_t stride = 1;                            // output_stride
  bool exact = false;                            // the same output whatever is around what it sees
};

// Output size along one axis; the others stand at their smallest.
int64_t output_along(const Graph& graph, const LegalSizes& legal, int axis, int64_t input) {
  Extent size = legal.smallest;
  size[axis] = input;
  return output_size(graph, size)[axis];
}

// Whether nothing along the axis takes part in an output voxel but real input voxels at fixed places: no padding, no window
// cut by the border, no statistics of the tile.
bool is_exact(const Graph& graph, int axis) {
  for (const Node& node : graph.nodes) {
    bool padded = node.padding[axis] != Padding::valid;
    switch (node.op) {
      case Op::conv:
        if (padded && node.kernel[axis] > 1) return false;
        break;
      case Op::transposed_conv:                  // where windows overlap, the first and last voxels lack a summand
        if (node.kernel[axis] > node.stride[axis] || (padded && node.kernel[axis] > 1)) return false;
        break;
      case Op::pool:
        if (padded && node.factor[axis] > 1) return false;
        break;
      case Op::upsample:
        if (node.linear_upsample && node.factor[axis] > 1) return false;
        break;
      case Op::norm:
        if (node.norm == Norm::instance) return false;
        break;
      default: break;
    }
  }
  return true;
}

// Legal sizes are those a network can take; tiles need those from which it also returns as many more voxels as it was given.
// (Halving an odd axis and doubling it again returns one more.)
AxisFacts find_axis(const Graph& graph, const LegalSizes& legal, int axis) {
  auto out = [&](int64_t size) { return output_along(graph, legal, axis, size); };
  constexpr int64_t most_tried = 64;
  for (int64_t multiple = 1; multiple <= most_tried; ++multiple) {
    int64_t step = legal.step[axis] * multiple;
    for (int64_t size = legal.smallest[axis]; size < legal.smallest[axis] + step; size += legal.step[axis]) {
      bool even = out(size) <= size;
      for (int64_t i = 0; even && i < 4; ++i) even = out(size + (i + 1) * step) - out(size + i * step) == step;
      if (!even) continue;
      return {size, step, output_stride(graph)[axis], is_exact(graph, axis)};
    }
  }
  fail_input(text(graph.title, " returns another resolution than it takes along ", "zyx"[axis], ", tiles cannot be joined"));
}

// The wanted tile rounded down to a legal size, but no larger than the smallest that covers the axis in one.
int64_t first_tile(const Graph& graph, const LegalSizes& legal, const AxisFacts& facts, int axis, int64_t wanted, int64_t volume, bool meet) {
  int64_t at_least = meet ? facts.stride : 1;  // so that aligned tiles leave no gap
  int64_t size = facts.smallest;
  while (output_along(graph, legal, axis, size) < at_least) size += facts.step;
  int64_t lowest = size;
  int64_t missing = volume - output_along(graph, legal, axis, size);
  int64_t enough = missing > 0 ? size + round_up(missing, facts.step) : size;
  int64_t largest = wanted < lowest ? lowest : lowest + (wanted - lowest) / facts.step * facts.step;
  return std::min(enough, largest);
}

// n tiles evenly spread, the first and the last flush with the volume.
std::vector<int64_t> spread(int64_t volume, int64_t output, double overlap) {
  if (output >= volume) return {-((output - volume) / 2)};
  int64_t step = std::max<int64_t>(1, int64_t(double(output) * (1 - overlap)));
  int64_t last = ceil_div(volume - output, step);
  std::vector<int64_t> starts;
  for (int64_t i = 0; i <= last; ++i) starts.push_back((2 * i * (volume - output) + last) / (2 * last));
  return starts;
}

// Multiples of `stride`, just enough that no voxel is left out.
std::vector<int64_t> aligned(int64_t volume, int64_t output, int64_t stride) {
  int64_t step = output / stride * stride, last = volume > output ? round_up(volume - output, stride) : 0;
  std::vector<int64_t> starts{0};
  while (starts.back() < last) starts.push_back(std::min(starts.back() + step, last));
  return starts;
}

bool meets(const AxisFacts& facts, const PredictSpec& spec) { return facts.exact && (spec.blend == "crop" || spec.blend == "auto"); }

AxisTiles plan_axis(const AxisFacts& facts, int64_t volume, int64_t output, const PredictSpec& spec) {
  AxisTiles axis;
  bool meet = meets(facts, spec), crop = meet || spec.blend == "crop";
  axis.starts = meet ? aligned(volume, output, facts.stride) : spread(volume, output, spec.overlap);
  size_t count = axis.starts.size();
  for (size_t i = 0; i < count; ++i) {
    int64_t begin = std::max<int64_t>(axis.starts[i], 0), end = std::min(axis.starts[i] + output, volume);
    if (crop && i > 0) begin = axis.ends[i - 1];
    if (crop && !meet && i + 1 < count) end = (axis.starts[i] + output + axis.starts[i + 1]) / 2;  // the middle of the overlap
    axis.begins.push_back(begin);
    axis.ends.push_back(end);
  }
  axis.weights.assign(size_t(output), 1.0f);
  if (spec.blend == "gaussian" || (spec.blend == "auto" && !meet))
    for (int64_t i = 0; i < output; ++i) {
      double d = (double(i) - double(output - 1) / 2) / (double(output) / 8);
      axis.weights[size_t(i)] = float(std::exp(-d * d / 2));
    }
  axis.totals.assign(size_t(volume), 0.0f);
  for (size_t i = 0; i < count; ++i)
    for (int64_t v = axis.begins[i]; v < axis.ends[i]; ++v) axis.totals[size_t(v)] += axis.weights[size_t(v - axis.starts[i])];
  return axis;
}

// Planes between the first that a later tile may still touch and the last that a tile has touched.
int64_t unfinished_planes(const AxisTiles& axis) {
  int64_t planes = 0;
  for (size_t i = 0; i < axis.starts.size(); ++i) planes = std::max(planes, axis.ends[i] - axis.begins[i]);
  return planes;
}

}  // namespace

// The worst moment of a forward pass: the tensors alive, what one convolution copies of its input and output into another
// layout or number format, and what is kept in pieces between them. The last is a measured factor: with tensors in an arena
// (nn/tensor_memory.h) a process grows by 0.5 to 1.0 times the sum of the first two, because fused layers skip some tensors.
constexpr double heap_factor = 1.25;

namespace {

int64_t tile_bytes(const Graph& graph, Extent tile, int bytes_per_value) {
  auto shape = shapes(graph, tile);
  int64_t copies = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op != Op::conv && node.op != Op::transposed_conv) continue;
    const NodeShape &from = shape[size_t(node.inputs.front())], &to = shape[i];
    copies = std::max(copies, (from.channels * from.size.voxels() + to.channels * to.size.voxels()) * bytes_per_value);
  }
  return int64_t(heap_factor * double(activation_bytes(graph, tile, 1, 4, false) + copies));
}

// Weights reordered for the library as they are used, and kept in bf16.
int64_t library_weight_bytes(const Graph& graph, int64_t networks) { return parameter_count(graph) * (4 + 2 * networks); }

}  // namespace

int64_t network_bytes(const Graph& graph, Extent tile, int bytes_per_value, int64_t networks) { return tile_bytes(graph, tile, bytes_per_value) + library_weight_bytes(graph, networks); }

namespace {

// Axes, sweep and slab; tile, output and margin are there. peak_bytes becomes what class sums and labels take.
void lay_out(TilePlan& plan, const std::array<AxisFacts, 3>& facts, int64_t classes, const PredictSpec& spec) {
  Extent volume = plan.volume;
  for (int axis = 0; axis < 3; ++axis) plan.axes[size_t(axis)] = plan_axis(facts[size_t(axis)], volume[axis], plan.output[axis], spec);
  int64_t along_z = unfinished_planes(plan.axes[0]), along_y = unfinished_planes(plan.axes[1]);
  plan.sweep = along_y * volume.z < along_z * volume.y ? 1 : 0;
  plan.slab_planes = plan.sweep == 1 ? along_y : along_z;
  int64_t sums = (classes - 1) * plan.slab_planes * (plan.sweep == 1 ? volume.z : volume.y) * volume.x * 4;
  plan.peak_bytes = sums + volume.voxels();
}

void list_starts(TilePlan& plan) {
  for (int64_t z : plan.axes[0].starts)
    for (int64_t y : plan.axes[1].starts)
      for (int64_t x : plan.axes[2].starts) plan.starts.push_back({z, y, x});
}

void check_volume(Extent volume) {
  if (volume.z < 1 || volume.y < 1 || volume.x < 1) fail_input(text("volume of ", to_string(volume), " voxels cannot be predicted"));
}

TilePlan plan_of(const Graph& graph, const std::array<AxisFacts, 3>& facts, Extent volume, Extent tile, const PredictSpec& spec, int bytes_per_value, int64_t networks) {
  TilePlan plan;
  plan.volume = volume;
  plan.tile = tile;
  plan.output = output_size(graph, tile);
  plan.margin = output_margin(graph, tile);
  lay_out(plan, facts, graph.out_channels(), spec);
  plan.weight_bytes = library_weight_bytes(graph, networks);
  plan.peak_bytes += tile_bytes(graph, tile, bytes_per_value) + plan.weight_bytes;
  return plan;
}

}  // namespace

TilePlan plan_tiles(const Graph& graph, Extent volume, const PredictSpec& spec, int bytes_per_value, int64_t max_memory_bytes, int64_t networks) {
  check_volume(volume);
  LegalSizes legal = legal_sizes(graph);
  std::array<AxisFacts, 3> facts{find_axis(graph, legal, 0), find_axis(graph, legal, 1), find_axis(graph, legal, 2)};
  Extent tile;
  for (int axis = 0; axis < 3; ++axis) tile[axis] = first_tile(graph, legal, facts[size_t(axis)], axis, spec.tile[axis], volume[axis], meets(facts[size_t(axis)], spec));
  Extent lowest;
  for (int axis = 0; axis < 3; ++axis) lowest[axis] = first_tile(graph, legal, facts[size_t(axis)], axis, 1, volume[axis], meets(facts[size_t(axis)], spec));

  TilePlan plan = plan_of(graph, facts, volume, tile, spec, bytes_per_value, networks);
  while (max_memory_bytes > 0 && plan.peak_bytes > max_memory_bytes) {
    // The axis whose next smaller size saves most per lost voxel; among equals the longest, so that tiles stay compact.
    TilePlan best;
    double best_score = -1;
    for (int axis = 0; axis < 3; ++axis) {
      Extent smaller = plan.tile;
      smaller[axis] -= facts[size_t(axis)].step;
      if (smaller[axis] < lowest[axis]) continue;
      TilePlan candidate = plan_of(graph, facts, volume, smaller, spec, bytes_per_value, networks);
      double lost = double(facts[size_t(axis)].step) / double(plan.tile[axis]);
      double score = std::max(0.0, double(plan.peak_bytes - candidate.peak_bytes)) / lost * double(plan.tile[axis]);
      if (score > best_score) best_score = score, best = std::move(candidate);
    }
    if (best_score < 0)
      fail(ErrorKind::budget, text("prediction of ", to_string(volume), " voxels needs ", bytes_text(plan.peak_bytes), " even with the smallest tile ", to_string(plan.tile),
                                   ", the limit is ", bytes_text(max_memory_bytes)),
           "raise --max-memory, or predict fewer classes or a smaller region");
    plan = std::move(best);
  }
  list_starts(plan);
  return plan;
}

TilePlan plan_fixed_tiles(Extent volume, Extent tile, Extent margin, int64_t classes, const PredictSpec& spec) {
  check_volume(volume);
  TilePlan plan;
  plan.volume = volume;
  plan.tile = tile, plan.output = tile - margin - margin, plan.margin = {margin, margin};
  lay_out(plan, {}, classes, spec);
  list_starts(plan);
  return plan;
}

}  // namespace tomograd
