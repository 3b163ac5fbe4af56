#include "restoration/restore_plan.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "restoration/input_code.h"
#include "restoration/lbfgs.h"
#include "restoration/slice_profile.h"

namespace tomograd {
namespace {

// For the pieces that the heap is in between large tensors, and copies that convolutions make. Measured: at 40^3 to 96^3 voxels a process grows by
// 0.7 to 1.0 of what the graph says (small network f32 and bf16, published bf16), as fused nodes keep less.
constexpr double heap_share = 1.15;
constexpr int64_t library_code_bytes = 64'000'000;  // code and tables that libraries make at their first use
constexpr int64_t lbfgs_vectors = 5;             // float64, while a step is made
constexpr int64_t least_tile = 16;               // voxels a side below which tiles are not made smaller

ModelSpec model_of(const RestoreSpec& spec, Extent tile) {
  ModelSpec model = spec.model;
  model.in_channels = code_channels(spec);
  model.out_channels = 1;
  model.patch = tile;
  if (tile.z == 1) model.dims = 2;               // a picture: nothing lies above or below it
  return model;
}

int64_t bytes_of_a_value(const RestoreSpec& spec) { return spec.precision == "bf16" || spec.precision == "f16" ? 2 : 4; }

// Per axis the smallest size >= tile that the network takes.
Extent field_for(const Graph& graph, Extent tile) {
  LegalSizes legal = legal_sizes(graph);
  Extent field;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t beyond = std::max<int64_t>(0, tile[axis] - legal.smallest[axis]);
    field[axis] = legal.smallest[axis] + round_up(beyond, legal.step[axis]);
  }
  return field;
}

void fit_tiles(RestorePlan& plan, const RestoreSpec& spec, Extent wanted) {
  Extent step = cube(1);
  if (spec.task == "superres") step[plan.axis] = spec.factor;
  plan.tiles = prior_tiles(plan.restored.size, wanted, spec.overlap, step);
  plan.field = field_for(plan.graph, plan.tiles.tile);
  int64_t value = bytes_of_a_value(spec), parameters = parameter_count(plan.graph), tiled = plan.tiles.tile.voxels() * plan.tiles.count();
  int64_t kept = activation_bytes(plan.graph, plan.field, 1, int(value), true);
  if (spec.recompute) kept = std::min(kept, recomputing_activation_bytes(plan.graph, plan.field, 1, int(value)));
  plan.activation_bytes = int64_t(heap_share * double(kept));
  int64_t optimizer = spec.optimizer == "lbfgs" ? 8 * (2 * lbfgs_history + lbfgs_vectors) + 4 : 4 * (2 + 3);  // its state, and what is saved of it and of the weights
  plan.weight_bytes = parameters * (4 * (1 + 1) + optimizer + (value == 2 ? 2 : 0)) + library_code_bytes;
  // Observed voxels scaled and their use; averages and the best; output, gradient, what is seen of a tile and what the network sees; the result and, of
  // super-resolution, interpolated slices and what the projection needs.
  plan.volume_bytes = plan.observed.size.voxels() * 5 + tiled * 4 * (spec.stop.rule == "none" ? 1 : 2) + plan.field.voxels() * 4 * (4 + image_channels(spec)) + plan.restored.size.voxels() * (spec.task == "superres" ? 16 : 8);
  plan.iteration_flop = 3 * forward_flop(plan.graph, plan.field);
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

}  // namespace

RestorePlan plan_restoration(const RestoreSpec& spec, const Geometry& observed, int64_t limit_bytes) {
  RestorePlan plan;
  plan.observed = plan.restored = observed;
  if (spec.task == "superres") {
    plan.axis = spec.axis == "auto" ? thickest_axis(observed) : spec.axis == "z" ? 0 : spec.axis == "y" ? 1 : 2;
    plan.restored = thin_grid(observed, spec.factor, plan.axis);
  }
  plan.graph = build_graph(model_of(spec, plan.restored.size));
  fit_tiles(plan, spec, spec.tile);
  if (limit_bytes <= 0 || plan.added_bytes() <= limit_bytes) return plan;
  if (spec.tile == cube(0)) shrink_tiles(plan, spec, limit_bytes);
  else fail(ErrorKind::budget, text("tiles of ", to_string(plan.tiles.tile), " take ", bytes_text(plan.added_bytes()), ", ", bytes_text(limit_bytes), " are left"), "leave --tile out, or raise --max-memory");
  return plan;
}

}  // namespace tomograd
