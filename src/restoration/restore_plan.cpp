#include "restoration/restore_plan.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "restoration/input_code.h"
#include "restoration/lbfgs.h"
#include "restoration/plane_pairs.h"
#include "restoration/slice_profile.h"

namespace tomograd {
namespace {

// For the pieces that the heap is in between large tensors, and copies that convolutions make. Measured: at 40^3 to 96^3 voxels a process grows by
// 0.7 to 1.0 of what the graph says (small network f32 and bf16, published bf16), as fused nodes keep less.
constexpr double heap_share = 1.15;
constexpr int64_t library_code_bytes = 64'000'000;  // code and tables that libraries make at their first use
constexpr int64_t lbfgs_vectors = 5;             // float64, while a step is made
constexpr int64_t least_tile = 16;               // voxels a side below which tiles are not made smaller

// Windows of slices: so many voxels in an iteration, at most so many a side. Settings were chosen with them.
constexpr int64_t window_side = 96, voxels_of_a_batch = 12 * window_side * window_side;

bool from_planes(const RestoreSpec& spec) { return spec.code == "planes"; }

ModelSpec model_of(const RestoreSpec& spec, Extent tile) {
  ModelSpec model = spec.model;
  model.in_channels = code_channels(spec);
  model.out_channels = from_planes(spec) ? spec.factor : 1;
  model.patch = tile;
  if (tile.z == 1) model.dims = 2;               // a picture: nothing lies above or below it
  return model;
}

int64_t bytes_of_a_value(const RestoreSpec& spec) { return spec.precision == "bf16" || spec.precision == "f16" ? 2 : 4; }

int64_t copies_of_a_weight(const RestoreSpec& spec) {  // float32, beside it and its gradient
  if (spec.optimizer == "lbfgs") return 2 * (2 * lbfgs_history + lbfgs_vectors) + 1;
  constexpr int64_t adam = 2, saved = 3;         // moments; what is saved of them and of the weight
  return adam + saved + (from_planes(spec) ? 3 : 0);  // its average, the best one, and the network that shows it
}

// Bytes of weights, and of the activations of `batch` fields.
void count_network(RestorePlan& plan, const RestoreSpec& spec, int64_t batch) {
  int64_t value = bytes_of_a_value(spec);
  int64_t kept = activation_bytes(plan.graph, plan.field, batch, int(value), true);
  if (spec.recompute) kept = std::min(kept, recomputing_activation_bytes(plan.graph, plan.field, batch, int(value)));
  plan.activation_bytes = int64_t(heap_share * double(kept));
  plan.weight_bytes = parameter_count(plan.graph) * (4 * (2 + copies_of_a_weight(spec)) + (value == 2 ? 2 : 0)) + library_code_bytes;
  plan.iteration_flop = 3 * double(batch) * forward_flop(plan.graph, plan.field);
}

void fit_tiles(RestorePlan& plan, const RestoreSpec& spec, Extent wanted) {
  Extent step = cube(1);
  if (spec.task == "superres") step[plan.axis] = spec.factor;
  plan.tiles = prior_tiles(plan.restored.size, wanted, spec.overlap, step);
  plan.field = field_for(plan.graph, plan.tiles.tile);
  count_network(plan, spec, 1);
  int64_t tiled = plan.tiles.tile.voxels() * plan.tiles.count();
  // Observed voxels scaled and their use; averages and the best; output, gradient, what is seen of a tile and what the network sees; the result and, of
  // super-resolution, interpolated slices and what the projection needs.
  plan.volume_bytes = plan.observed.size.voxels() * 5 + tiled * 4 * (spec.stop.rule == "none" ? 1 : 2) + plan.field.voxels() * 4 * (4 + image_channels(spec)) + plan.restored.size.voxels() * (spec.task == "superres" ? 16 : 8);
}

// Windows of at most window_side a side, as many as a batch has voxels for. Planes across the slices are shown one by one, whole: where one is larger than
// a batch, it counts, but only its forward pass.
void fit_planes(RestorePlan& plan, const RestoreSpec& spec, int64_t planes) {
  Extent size = plan.observed.size;
  int64_t shortest = window_side;
  for (int axis = 0; axis < 3; ++axis)
    if (axis != plan.axis && can_be_made_coarse(size[axis], spec.factor)) shortest = std::min(shortest, size[axis]);
  plan.field = field_for(plan.graph, {1, std::max<int64_t>(1, shortest / spec.factor), shortest});
  plan.tiles = prior_tiles(plan.restored.size, cube(0), spec.overlap, cube(1));
  plan.planes = planes > 0 ? planes : std::max<int64_t>(1, voxels_of_a_batch / (shortest * shortest));
  count_network(plan, spec, plan.planes);
  for (int axis = 0; axis < 3; ++axis)
    if (axis != plan.axis) {
      Extent shown = field_for(plan.graph, {1, size[plan.axis], size[axis]});
      plan.activation_bytes = std::max(plan.activation_bytes, int64_t(heap_share * double(activation_bytes(plan.graph, shown, plan.shown_at_once(shown), int(bytes_of_a_value(spec)), false))));
    }
  // Observed voxels scaled; for each axis a copy while it is made coarse, coarse and interpolated; batches; the result, interpolation and what the projection needs.
  plan.volume_bytes = size.voxels() * (4 + 4 + 2 * 8) + plan.planes * plan.field.voxels() * 4 * (1 + 4 * spec.factor) + plan.restored.size.voxels() * 16;
}

void check_planes(const RestorePlan& plan, const RestoreSpec& spec) {
  if (spec.task != "superres") fail_input(text("code is planes, which only superres can learn from, and the task is ", spec.task), "expected noise, meshgrid or observed");
  if (spec.tile != cube(0)) fail_input(text("tile is ", to_string(spec.tile), ", but with code = planes windows of slices are fitted, whatever the volume's size"), "leave tile out, or use code=noise");
  if (spec.optimizer != "adam") fail_input(text("optimizer is ", spec.optimizer, ", but with code = planes each iteration fits other slices"), "use adam");
  if (spec.stop.rule == "variance") fail_input("stop.rule is variance, but with code = planes the volume is not made in each iteration", "use holdout or none");
  for (const Node& node : plan.graph.nodes)
    if (node.kernel.z > 1 || node.stride.z > 1 || node.factor.z > 1) fail_input(text("block ", node.name, " of the network reaches across planes, which code = planes shows one by one"), "use kernels, strides and factors [1, k, k], or model.dims = 2");
}

// Halves the longest side until the plan fits.
void shrink_tiles(RestorePlan& plan, const RestoreSpec& spec, int64_t limit) {
  int64_t whole = plan.added_bytes();
  Extent wanted = plan.tiles.tile;
  while (plan.added_bytes() > limit) {
    int longest = 0;
    for (int axis = 1; axis < 3; ++axis)
      if (wanted[axis] > wanted[longest]) longest = axis;
    if (wanted[longest] <= least_tile)
      fail(ErrorKind::budget, text("the whole volume of ", to_string(plan.restored.size), " takes ", bytes_text(whole), ", and even tiles of ", to_string(plan.tiles.tile), " take ", bytes_text(plan.added_bytes()), ", of which ",
                                   bytes_text(plan.volume_bytes), " are the volumes; ", bytes_text(std::max<int64_t>(0, limit)), " are left"),
           "raise --max-memory, or take a smaller network: --size small");
    wanted[longest] = std::max(least_tile, ceil_div(wanted[longest], 2));
    fit_tiles(plan, spec, wanted);
  }
}

RestorePlan plan_planes(RestorePlan plan, const RestoreSpec& spec, int64_t limit) {
  plan.graph = build_graph(model_of(spec, {1, window_side / spec.factor, window_side}));
  check_planes(plan, spec);
  fit_planes(plan, spec, 0);
  while (limit > 0 && plan.added_bytes() > limit && plan.planes > 1) fit_planes(plan, spec, plan.planes / 2);
  if (limit > 0 && plan.added_bytes() > limit)
    fail(ErrorKind::budget, text("the fit takes ", bytes_text(plan.added_bytes()), " even with one window of slices at a time, of which ", bytes_text(plan.volume_bytes), " are the volumes; ", bytes_text(limit), " are left"), "raise --max-memory, or take a smaller network");
  return plan;
}

}  // namespace

Extent field_for(const Graph& graph, Extent tile) {
  LegalSizes legal = legal_sizes(graph);
  Extent field;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t beyond = std::max<int64_t>(0, tile[axis] - legal.smallest[axis]);
    field[axis] = legal.smallest[axis] + round_up(beyond, legal.step[axis]);
  }
  return field;
}

RestorePlan plan_restoration(const RestoreSpec& spec, const Geometry& observed, int64_t limit_bytes) {
  RestorePlan plan;
  plan.observed = plan.restored = observed;
  if (spec.task == "superres") {
    plan.axis = spec.axis == "auto" ? thickest_axis(observed) : spec.axis == "z" ? 0 : spec.axis == "y" ? 1 : 2;
    plan.restored = thin_grid(observed, spec.factor, plan.axis);
  }
  if (from_planes(spec)) return plan_planes(std::move(plan), spec, limit_bytes);
  plan.graph = build_graph(model_of(spec, plan.restored.size));
  fit_tiles(plan, spec, spec.tile);
  if (limit_bytes <= 0 || plan.added_bytes() <= limit_bytes) return plan;
  if (spec.tile == cube(0)) shrink_tiles(plan, spec, limit_bytes);
  else fail(ErrorKind::budget, text("tiles of ", to_string(plan.tiles.tile), " take ", bytes_text(plan.added_bytes()), ", ", bytes_text(limit_bytes), " are left"), "leave --tile out, or raise --max-memory");
  return plan;
}

}  // namespace tomograd
