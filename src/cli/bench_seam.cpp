// `bench seam`: what a truncated halo costs. The core of a volume is computed as part of the whole and as tiles that see h voxels
// around it, whose cut faces are bordered like the volume's own; by halo, how far the classes' probabilities differ. Random weights
// of the paper's size forget slowly: a trained network's seams are told by comparing its own predictions.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "cli/bench_msd_weights.h"
#include "cli/bench_rates.h"

namespace tomograd {
namespace {

// Probability of class 1 in `core`, from the voxels of `region` alone.
std::vector<double> probabilities(const BenchWeights& weights, const std::vector<float>& volume, Extent size, const Box& region, const Box& core, ThreadPool& pool) {
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); };
  MsdLayout layout = msd_layout(region.size, weights.network.largest_dilation(), true, false);
  Buffer<float> stack(layout.floats(weights.network.channels()), 0.0f);
  for (int64_t z = 0; z < region.size.z; ++z)
    for (int64_t y = 0; y < region.size.y; ++y)
      for (int64_t x = 0; x < region.size.x; ++x)
        stack[layout.at(0, z, y, x)] = volume[size_t(((region.begin.z + z) * size.y + region.begin.y + y) * size.x + region.begin.x + x)];
  msd_forward(msd_kernels(), layout, weights.network, stack.data(), {}, for_each);
  std::vector<float> logits(size_t(BenchWeights::classes * region.size.voxels()));
  for_each(region.size.z, [&](int64_t z) { msd_head_kernels().forward(layout, weights.head, stack.data(), z, logits.data()); });
  std::vector<double> result;
  Extent at = core.begin - region.begin;
  for (int64_t z = 0; z < core.size.z; ++z)
    for (int64_t y = 0; y < core.size.y; ++y)
      for (int64_t x = 0; x < core.size.x; ++x) {
        size_t i = size_t(((at.z + z) * region.size.y + at.y + y) * region.size.x + at.x + x);
        result.push_back(1 / (1 + std::exp(double(logits[i]) - logits[i + size_t(region.size.voxels())])));
      }
  return result;
}

}  // namespace

Value bench_seam(int64_t depth, Extent size, int threads) {
  ThreadPool pool(threads);
  BenchWeights weights(depth);
  Box whole{{0, 0, 0}, size}, core;
  int64_t field = 0;                             // what a voxel sees on each side
  for (int64_t d : weights.network.dilations) field += d;
  for (int axis = 0; axis < 3; ++axis) {
    if (size[axis] < 16) fail_usage(text("--size has ", size[axis], "; a seam needs at least 16 voxels along each axis"));
    core.size[axis] = std::max<int64_t>(4, size[axis] / 4), core.begin[axis] = (size[axis] - core.size[axis]) / 2;
  }
  Random random(5, "bench-seam");
  std::vector<float> volume;
  for (int64_t i = 0; i < size.voxels(); ++i) volume.push_back(float(random.normal()));
  std::vector<double> exact = probabilities(weights, volume, size, whole, core, pool);
  Value::List rows;
  for (int64_t halo : {0, 2, 4, 8, 12, 16, 24, 32, 48, 64}) {
    Box region = intersection({core.begin - cube(halo), core.size + cube(2 * halo)}, whole);
    bool everything = region == whole;
    std::vector<double> cut = probabilities(weights, volume, size, region, core, pool);
    double worst = 0, sum = 0;
    for (size_t i = 0; i < exact.size(); ++i) worst = std::max(worst, std::abs(exact[i] - cut[i])), sum += std::abs(exact[i] - cut[i]);
    if ((everything || halo >= field) && worst != 0) fail_failure(text("with all that the network sees the result still differs by ", worst, "; no figure is given"));
    Value row = Value::table();
    row["halo"] = halo, row["max_error"] = worst, row["mean_error"] = sum / double(exact.size());
    row["computed_times"] = double(region.size.voxels()) / double(core.size.voxels());
    rows.push_back(row);
    if (everything) break;
  }
  Value value = Value::table();
  value["depth"] = depth, value["field_of_view_halo"] = field;
  value["size_zyx"] = Value(Value::List{size.z, size.y, size.x}), value["core_zyx"] = Value(Value::List{core.size.z, core.size.y, core.size.x});
  value["halos"] = std::move(rows);
  return value;
}

}  // namespace tomograd
