// Where nodes lie in the input, which input voxels they are made from, and which output places are alike.
#include <numeric>

#include "arch/axis.h"
#include "arch/lanczos.h"
#include "arch/msd.h"
#include "base/error.h"

namespace tomograd {

int64_t crop_start(const Node& crop, int axis, int64_t from, int64_t to) {
  if (crop.like < 0 && crop.crop_size[axis] <= 0) return crop.crop_before[axis];
  return crop.crop_anchor == "first" ? 0 : (from - 1) / 2 - (to - 1) / 2;
}

namespace {

int64_t half_reach(const Node& node, int axis) { return node.dilation[axis] * (node.kernel[axis] - 1) / 2; }
int64_t padded_before(const Node& node, int axis) { return node.padding[axis] == Padding::valid ? 0 : half_reach(node, axis); }

// Deep U-Nets reach 256. The places of one period are walked one by one, and products must stay within 64 bits.
constexpr int64_t most_step = 4096, most_period = 65536;

void scale(Lattice& lattice, int64_t up, int64_t down) {
  lattice.step_up *= up;
  lattice.step_down *= down;
  int64_t common = std::gcd(lattice.step_up, lattice.step_down);
  lattice.step_up /= common;
  lattice.step_down /= common;
  if (int64_t step = std::max(lattice.step_up, lattice.step_down); step > most_step)
    fail_input(text("the network samples its input ", lattice.step_up, " to ", lattice.step_down, "; factors and strides may multiply to ", most_step, " at most"));
}

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

Run run_of_input(const Node& node, int axis, int64_t from, int64_t to, Run run) {
  int64_t reach = node.dilation[axis] * (node.kernel[axis] - 1), stride = node.stride[axis], factor = node.factor[axis], pad = padded_before(node, axis);
  switch (node.op) {
    case Op::conv: return {run.first * stride - pad, run.last * stride - pad + reach};
    case Op::transposed_conv: return {-floor_div(-(run.first + pad - reach), stride), floor_div(run.last + pad, stride)};
    case Op::pool: return {run.first * factor, run.last * factor + factor - 1};
    case Op::subsample: return {run.first * factor, run.last * factor};
    case Op::lanczos: {
      LanczosFilter filter = lanczos_filter(node.lobes, factor);
      return {run.first * factor - filter.before, run.last * factor - filter.before + int64_t(filter.taps.size()) - 1};
    }
    case Op::upsample:
      if (!node.linear_upsample) return {floor_div(run.first, factor), floor_div(run.last, factor)};
      return {floor_div(2 * run.first + 1 - factor, 2 * factor), floor_div(2 * run.last + 1 - factor, 2 * factor) + (factor > 1)};
    case Op::crop: return {run.first + crop_start(node, axis, from, to), run.last + crop_start(node, axis, from, to)};
    case Op::msd: return {run.first - msd_reach(node, axis), run.last + msd_reach(node, axis)};
    default: return run;
  }
}

}  // namespace

std::vector<Lattice> axis_lattice(const Graph& graph, int axis, const std::vector<int64_t>& sizes) {
  std::vector<Lattice> lattices;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Lattice here;
    int64_t from = 0;
    if (!node.inputs.empty()) {
      here = lattices[size_t(node.inputs.front())];
      from = sizes[size_t(node.inputs.front())];
    }
    if (node.op == Op::conv) {
      here.origin += here.step() * double(half_reach(node, axis) - padded_before(node, axis));
      scale(here, node.stride[axis], 1);
    } else if (node.op == Op::transposed_conv) {
      scale(here, 1, node.stride[axis]);
      here.origin -= here.step() * double(half_reach(node, axis) - padded_before(node, axis)) * (node.kernel[axis] == node.stride[axis] ? 0 : 1);
    } else if (node.op == Op::pool || node.op == Op::subsample || node.op == Op::lanczos) {
      scale(here, node.factor[axis], 1);
    } else if (node.op == Op::upsample) {
      scale(here, 1, node.factor[axis]);
    } else if (node.op == Op::crop) {
      here.origin += here.step() * double(crop_start(node, axis, from, sizes[i]));
    }
    lattices.push_back(here);
  }
  return lattices;
}

Run input_run(const Graph& graph, int node, int axis, const std::vector<int64_t>& sizes, Run run) {
  std::vector<Run> runs(size_t(node) + 1, Run{0, -1});  // empty
  runs[size_t(node)] = run;
  for (int i = node; i > 0; --i) {
    Run here = runs[size_t(i)];
    if (here.last < here.first) continue;
    const Node& at = graph.nodes[size_t(i)];
    Run wanted = run_of_input(at, axis, sizes[size_t(at.inputs.front())], sizes[size_t(i)], here);
    for (int input : at.inputs) {
      Run& other = runs[size_t(input)];
      if (wanted.last < wanted.first) continue;
      if (other.last < other.first) other = wanted;
      else other = {std::min(other.first, wanted.first), std::max(other.last, wanted.last)};
    }
  }
  return runs.front();
}

namespace {

// A legal size at which crops by `like` have settled, and the period of the lattice there.
std::vector<int64_t> settled_sizes(const Graph& graph, int axis, int64_t smallest, int64_t step, int64_t period) {
  return axis_sizes(graph, axis, smallest + step * period * 4).sizes;
}

int64_t period_of(const Graph& graph, int axis, const std::vector<int64_t>& sizes) {
  int64_t period = 1;
  for (const Lattice& lattice : axis_lattice(graph, axis, sizes)) {
    period = std::lcm(period, lattice.step_up);
    if (period > most_period) fail_input(text("the network's paths are alike only every ", period, " voxels, at most ", most_period, " are handled"));
  }
  return period;
}

}  // namespace

Extent output_stride(const Graph& graph) {
  Extent stride, smallest = legal_sizes(graph).smallest;
  for (int axis = 0; axis < 3; ++axis) stride[axis] = period_of(graph, axis, axis_sizes(graph, axis, smallest[axis]).sizes);
  return stride;
}

Extent receptive_field(const Graph& graph) { return receptive_field(graph, graph.outputs.front().node); }

Extent receptive_field(const Graph& graph, int node) {
  Extent field;
  LegalSizes legal = legal_sizes(graph);
  for (int axis = 0; axis < 3; ++axis) {
    int64_t period = period_of(graph, axis, axis_sizes(graph, axis, legal.smallest[axis]).sizes);
    auto sizes = settled_sizes(graph, axis, legal.smallest[axis], legal.step[axis], period);
    Lattice lattice = axis_lattice(graph, axis, sizes)[size_t(node)];
    int64_t places = period * lattice.step_down / lattice.step_up;  // voxels of this node per period
    double before = 0, after = 0;
    for (int64_t i = 0; i < std::max<int64_t>(places, 1); ++i) {
      Run run = input_run(graph, node, axis, sizes, {i, i});
      double place = lattice.origin + double(i) * lattice.step();
      before = i == 0 ? place - double(run.first) : std::max(before, place - double(run.first));
      after = i == 0 ? double(run.last) - place : std::max(after, double(run.last) - place);
    }
    field[axis] = int64_t(before + after + 0.5) + 1;
  }
  return field;
}

Margin output_margin(const Graph& graph, Extent input) {
  Margin margin;
  size_t out = size_t(graph.outputs.front().node);
  auto all = shapes(graph, input);
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<int64_t> sizes;
    for (const NodeShape& shape : all) sizes.push_back(shape.size[axis]);
    margin.before[axis] = int64_t(axis_lattice(graph, axis, sizes)[out].origin);
    margin.after[axis] = input[axis] - sizes[out] - margin.before[axis];
  }
  return margin;
}

}  // namespace tomograd
