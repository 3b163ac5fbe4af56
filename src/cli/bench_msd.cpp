// `bench msd`: the mixed-scale dense network's kernels on this machine, beside the processor's own limit measured in the same
// breath, and beside libtorch. Answers first: voxels of every layer recomputed by the plain reference.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "cli/bench_rates.h"
#include "cli/verb.h"
#include "kernels/fma_peak.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {
namespace {

constexpr int64_t classes = BenchWeights::classes;

struct Subject : BenchWeights {                  // and an input of noise
  MsdLayout layout;
  Buffer<float> stack;

  Subject(int64_t depth, Extent size) : BenchWeights(depth) {
    Random random(3, "bench-msd-input");
    layout = msd_layout(size, network.largest_dilation(), true, false);
    stack = Buffer<float>(layout.floats(network.channels()), 0.0f);
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x) stack[layout.at(0, z, y, x)] = float(random.normal());
  }
  double flop() const {                          // of the 3x3x3 taps, as the peers count
    double sum = 0;
    for (int64_t i = 0; i < network.depth(); ++i) sum += 2.0 * 27 * double(network.inputs(i)) * double(layout.size.voxels());
    return sum;
  }
};

// The largest difference between voxels of the stack and what the reference makes of the channels before them.
double largest_error(Subject& subject, int64_t per_layer) {
  Random random(2, "bench-msd-check");
  double worst = 0;
  Extent size = subject.layout.size;
  for (int64_t i = 0; i < subject.network.depth(); ++i)
    for (int64_t k = 0; k < per_layer; ++k) {
      Extent at{random.below(size.z), random.below(size.y), random.below(size.x)};
      float& voxel = subject.stack[subject.layout.at(1 + i, at.z, at.y, at.x)];
      float ours = voxel;
      MsdLayer layer{1 + i, subject.network.dilations[size_t(i)], subject.network.weight[size_t(i)], 0, 1 + i};
      msd_reference().forward(subject.layout, layer, {at, cube(1)}, 0, subject.stack.data(), nullptr);
      worst = std::max(worst, std::abs(double(ours) - voxel));
      voxel = ours;
    }
  return worst;
}

template <class Body>
double fastest(int times, Body&& body) {
  double best = INFINITY;
  for (int i = 0; i < times; ++i) {
    double begun = system_clock().monotonic_seconds();
    body();
    best = std::min(best, system_clock().monotonic_seconds() - begun);
  }
  return best;
}

std::vector<float> logits(const Subject& subject, const float* stack, bool pairs, const ForEach& for_each) {
  std::vector<float> out(size_t(classes * subject.layout.size.voxels()));
  for_each(subject.layout.size.z, [&](int64_t z) { (pairs ? msd_head_kernels().forward_bf16 : msd_head_kernels().forward)(subject.layout, subject.head, stack, z, out.data()); });
  return out;
}

double largest_softmax_error(const std::vector<float>& a, const std::vector<float>& b) {  // two classes: a logistic function of their difference
  double worst = 0;
  size_t n = a.size() / 2;
  for (size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(1 / (1 + std::exp(double(a[i]) - a[n + i])) - 1 / (1 + std::exp(double(b[i]) - b[n + i]))));
  return worst;
}

// Its own time and no other work of it: the network is compiled before.
double openvino_seconds(Backend& openvino, const Subject& subject, const std::vector<float>& exact, int threads) {
  Extent size = subject.layout.size;
  std::unique_ptr<BackendTiles> tiles = bench_msd_tiles(openvino, subject, size, threads);
  std::vector<float> input, theirs(exact.size());
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y) {
      const float* row = &subject.stack[subject.layout.at(0, z, y, 0)];
      input.insert(input.end(), row, row + size.x);
    }
  double seconds = fastest(2, [&] { tiles->run(input.data(), theirs.data()); });
  // Float sums in another order; a wrong layer would be off by something like 1.
  if (double error = largest_softmax_error(exact, theirs); error > 1e-3) fail_failure(text("OpenVINO's probabilities differ from ours by ", error, "; no figure is given"));
  return seconds;
}

Value rate(double seconds, double flop, double peak) {
  Value value = Value::table();
  value["duration_seconds"] = seconds;
  value["gflops"] = flop / seconds * 1e-9;
  value["fma_peak_gflops"] = peak;
  value["fraction_of_peak"] = peak > 0 ? flop / seconds * 1e-9 / peak : 0;
  return value;
}

}  // namespace

Value bench_msd(int64_t depth, Extent size, int threads, int times, Backend* openvino) {
  ThreadPool pool(threads);
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); };
  Subject subject(depth, size);
  double flop = subject.flop();

  double before = chain_rate(pool, fma_chain_f32, 0.5);
  double seconds = fastest(times, [&] { msd_forward(msd_kernels(), subject.layout, subject.network, subject.stack.data(), {}, for_each); });
  Value value = rate(seconds, flop, std::max(before, chain_rate(pool, fma_chain_f32, 0.5)));
  double error = largest_error(subject, 50);
  if (error != 0) fail_failure(text("a voxel differs from the reference by ", error, "; no figure is given"));
  value["max_abs_error"] = error;
  value["gflop"] = flop * 1e-9;
  value["threads"] = int64_t(threads);
  std::vector<float> exact = logits(subject, subject.stack.data(), false, for_each);

  value["openvino_seconds"] = openvino ? Value(openvino_seconds(*openvino, subject, exact, threads)) : Value();

  {
    Buffer<float> pairs(subject.layout.floats(ceil_div(subject.network.channels(), 2)), 0.0f);
    for (int64_t i = 0; i < subject.layout.channel; ++i) {
      uint32_t word = to_bf16(subject.stack[i]);
      std::memcpy(&pairs[i], &word, 4);
    }
    double peak = chain_rate(pool, fma_chain_bf16, 0.5);
    double took = fastest(times, [&] { msd_forward_bf16(msd_kernels(), subject.layout, subject.network, pairs.data(), {}, for_each); });
    Value bf16 = rate(took, flop, std::max(peak, chain_rate(pool, fma_chain_bf16, 0.5)));
    bf16["max_softmax_error"] = largest_softmax_error(exact, logits(subject, pairs.data(), true, for_each));
    value["bf16"] = bf16;
  }
  {
    Buffer<float> grad(subject.stack.size(), 0.0f);
    std::vector<std::vector<float>> dw = subject.weight, db = subject.bias;
    std::vector<float*> to_weight, to_bias;
    for (size_t i = 0; i < dw.size(); ++i) to_weight.push_back(dw[i].data()), to_bias.push_back(db[i].data());
    double peak = chain_rate(pool, fma_chain_f32, 0.5);
    double took = fastest(std::max(1, times / 2), [&] {
      msd_forward(msd_kernels(), subject.layout, subject.network, subject.stack.data(), {}, for_each);
      for (auto& g : grad) g = 1e-3f;
      msd_backward(msd_kernels(), subject.layout, subject.network, subject.stack.data(), grad.data(), false, to_weight, to_bias, for_each);
    });
    value["train"] = rate(took, 3 * flop, std::max(peak, chain_rate(pool, fma_chain_f32, 0.5)));
    value["train"]["peak_bytes"] = process_peak_bytes();
  }
  return value;
}

}  // namespace tomograd
