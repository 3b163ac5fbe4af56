#include "training/memory_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "dataset/stored_case.h"
#include "dataset/stored_intensities.h"
#include "inference/tile_plan.h"
#include "sampling/patch_queue.h"

namespace tomograd {
namespace {

// Measured: a process grows by 1.1 to 1.5 times the tensors that autograd keeps (residual, unet3d and DeepMedic networks, 1 to
// 8 patches), because convolutions copy what they read and the heap is in pieces between large tensors.
constexpr double heap_factor = 1.7;
constexpr int64_t library_bytes = 64'000'000;    // code and tables that libraries build at their first use

constexpr int64_t usual_block = 64;              // voxels a side; what a store's own are is not in the dataset
constexpr int64_t scratch_of_a_block = 8 * usual_block * usual_block * usual_block;  // as stored, encoded, and numbers on their way

int64_t blocks_of_a_patch(Extent patch) {        // decoded images that it touches at most, of one channel, while it is cut
  int64_t blocks = 1;
  for (int axis = 0; axis < 3; ++axis) blocks *= ceil_div(patch[axis] - 1, usual_block) + 1;
  return blocks * usual_block * usual_block * usual_block * 4;
}

int64_t voxels_of(const Case& item, const RunSpec& spec) {
  double voxels = double(item.geometry.size.voxels());
  if (!spec.preprocess.spacing.empty()) {
    auto spacing = item.geometry.spacing();
    double before = spacing[0] * spacing[1] * spacing[2], after = spec.preprocess.spacing[0] * spec.preprocess.spacing[1] * spec.preprocess.spacing[2];
    voxels *= before / after * 1.05;             // rounding of each axis to whole voxels
  }
  return int64_t(voxels);
}

// Cases in block stores: rows of their label blocks (dataset/stored_labels.h), at most 1 byte for 32 voxels and class; the pass for
// the statistics of the largest; the cache, or the blocks that are held at once where those are more, or all where that is less.
int64_t stored_bytes(const std::vector<Extent>& sizes, const RunSpec& spec, int64_t channels) {
  int64_t rows = 0, statistics = 0, all = 0;
  for (Extent size : sizes) {
    rows += size.voxels() / 32 * spec.model.out_channels + channels * (int64_t{65536} * 4);  // and a table of normalised values
    statistics = std::max(statistics, stored_statistics_bytes(size));
    Extent whole;
    for (int axis = 0; axis < 3; ++axis) whole[axis] = round_up(size[axis], usual_block);
    all += whole.voxels() * (4 * channels + 1);
  }
  int64_t cache = std::max(spec.sampling.cache_megabytes * 1'000'000, std::max<int64_t>(1, spec.sampling.workers) * blocks_of_a_patch(spec.sampling.patch));
  return rows + statistics + std::min(cache, all) + (spec.sampling.workers + spec.threads) * scratch_of_a_block;
}

}  // namespace

int64_t TrainingMemory::peak() const {
  int64_t held = cases + queue;
  return weights + library_bytes + std::max(held + activations, prediction + (predicts_in_between ? held : 0));
}

TrainingMemory plan_training_memory(const Graph& graph, const RunSpec& spec, const Dataset& dataset, const Split& split) {
  TrainingMemory plan;
  plan.predicts_in_between = spec.validation.every_steps > 0;
  int64_t channels = int64_t(spec.preprocess.channels.size()), per_voxel = 4 * channels + 3 + (spec.sampling.locations.empty() ? 0 : 4);  // images, labels, ROI, index of a quarter of the voxels
  int64_t largest = 0;
  std::vector<Extent> stored;
  for (int index : split.train) {
    if (is_stored(dataset.cases[size_t(index)])) {
      stored.push_back(dataset.cases[size_t(index)].geometry.size);
      continue;
    }
    int64_t voxels = voxels_of(dataset.cases[size_t(index)], spec);
    plan.cases += voxels * per_voxel;
    largest = std::max(largest, voxels);
  }
  plan.cases += largest * (per_voxel + 8);       // the case being read, one file of it as stored and as numbers
  if (!stored.empty()) plan.cases += stored_bytes(stored, spec, channels);
  plan.queue = std::max(spec.sampling.queue_megabytes * 1'000'000, 2 * batch_bytes(spec.sampling, channels));
  int64_t parameters = parameter_count(graph);
  plan.weights = parameters * 4 * (2 + 2 + (spec.optimizer.average > 0 ? 1 : 0) + 1) + parameters * 4;  // the last: a checkpoint on its way
  int64_t kept = spec.recompute ? recomputing_activation_bytes(graph, spec.sampling.patch, spec.sampling.batch, 4) : activation_bytes(graph, spec.sampling.patch, spec.sampling.batch, 4, true);
  plan.activations = int64_t(heap_factor * double(kept));
  for (const auto* predicted : {&split.validation, &split.test})
    for (int index : *predicted) {
      Extent size = reoriented(dataset.cases[size_t(index)].geometry, to_canonical(dataset.cases[size_t(index)].geometry)).size;
      int64_t voxels = voxels_of(dataset.cases[size_t(index)], spec);
      TilePlan tiles = plan_tiles(graph, size, spec.predict, spec.precision == "f32" ? 4 : 2, 0);
      plan.prediction = std::max(plan.prediction, voxels * (per_voxel + 8) + tiles.peak_bytes);
    }
  return plan;
}

int64_t promise_training_memory(const TrainingMemory& plan, const RunSpec& spec, int64_t limit_bytes) {
  int64_t most = process_resident_bytes() + plan.peak();
  info(text("memory at most ", bytes_text(most), ": ", bytes_text(plan.cases), " of scans, ", bytes_text(plan.queue), " of patches, ", bytes_text(plan.activations), " for a step, ",
            bytes_text(plan.weights), " of weights"));
  if (limit_bytes > 0 && most > limit_bytes)
    fail(ErrorKind::budget, text("this run needs up to ", bytes_text(most), " (", bytes_text(plan.cases), " of scans, ", bytes_text(plan.queue), " of patches made ahead, ",
                                 bytes_text(plan.activations), " for a step of ", spec.sampling.batch, " patches of ", to_string(spec.sampling.patch), "), the limit is ", bytes_text(limit_bytes)),
         text("lower sampling.patch, sampling.batch, sampling.queue_megabytes or, of block stores, sampling.cache_megabytes, use preprocess.crop", spec.recompute ? "" : ", recompute = true",
              ", or raise --max-memory"));
  return most;
}

}  // namespace tomograd
