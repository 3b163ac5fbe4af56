// `bench msd --device cuda:N`: the mixed-scale dense network on a CUDA device, a whole volume by tiles. Answers first: a small
// volume against what the processor computes (bf16 between layers too). The bound beside it: the bytes that must move at the copy rate, the matrix instructions'
// arithmetic (empty columns included) at the rate of such instructions alone, both measured on the device in the same breath.
#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "cli/bench_msd_weights.h"
#include "cli/bench_rates.h"
#include "kernels/msd_cuda.h"

namespace tomograd {
namespace {


// The largest difference of the classes' probabilities from the processor's, which rounds to bf16 at the same places.
double largest_error_of_cuda(const BenchWeights& subject, MsdCuda& cuda, ThreadPool& pool) {
  Extent size{33, 47, 70};
  MsdLayout layout = msd_layout(size, subject.network.largest_dilation(), true, false);
  Buffer<float> pairs(layout.floats(ceil_div(subject.network.channels(), 2)), 0.0f);
  std::vector<float> input, ours(size_t(BenchWeights::classes * size.voxels())), theirs = ours;
  Random random(2, "bench-msd-check");
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) input.push_back(float(random.normal())), *reinterpret_cast<uint16_t*>(&pairs[layout.at(0, z, y, x)]) = to_bf16(input.back());
  msd_forward_bf16(msd_kernels(), layout, subject.network, pairs.data(), {}, [&](int64_t n, const std::function<void(int64_t)>& body) { pool.for_each(n, body); });
  for (int64_t z = 0; z < size.z; ++z) msd_head_reference().forward_bf16(layout, subject.head, pairs.data(), z, theirs.data());
  cuda.forward({input.data(), false, size}, ours.data(), nullptr);
  double worst = 0;
  size_t n = size_t(size.voxels());
  for (size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(1 / (1 + std::exp(double(ours[i]) - ours[n + i])) - 1 / (1 + std::exp(double(theirs[i]) - theirs[n + i]))));
  return worst;
}

// Noise over bright balls on a lattice: something that labels can differ on.
void fill(Buffer<uint16_t>& voxels, Extent size, ThreadPool& pool) {
  pool.for_each(size.z, [&](int64_t z) {
    uint64_t state = uint64_t(z) * 0x9e3779b97f4a7c15u + 1;
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t dz = z % 40 - 20, dy = y % 40 - 20, dx = x % 40 - 20;
        voxels[(z * size.y + y) * size.x + x] = uint16_t(800 + (state >> 56) + (dz * dz + dy * dy + dx * dx < 81 ? 700 : 0));
      }
  });
}

double differing(const Buffer<uint8_t>& a, const Buffer<uint8_t>& b, int64_t n) {
  int64_t differ = 0;
  for (int64_t i = 0; i < n; ++i) differ += a[i] != b[i];
  return double(differ) / double(n);
}

}  // namespace

Value bench_msd_cuda(int64_t depth, Extent size, int64_t halo, int64_t max_bytes, int device, int threads) {
  Clock& clock = system_clock();
  ThreadPool pool(threads);
  BenchWeights subject(depth);
  MsdCuda cuda(subject.network, subject.head, true, device);
  CudaDevice facts = measure_cuda_device(device);
  if (max_bytes <= 0) max_bytes = facts.free_bytes - (int64_t{1} << 30);
  Value value = Value::table();
  value["device"] = facts.name;
  value["copy_gb_per_second"] = facts.copy_bytes_per_second * 1e-9;
  value["mma_tflops"] = facts.mma_flop_per_second * 1e-12;
  double error = largest_error_of_cuda(subject, cuda, pool);
  if (!(error < 0.02)) fail_failure(text("a probability differs from the processor's by ", error, "; no figure is given"));
  value["max_softmax_error"] = error;

  Buffer<uint16_t> voxels(size.voxels());
  Buffer<uint8_t> labels(size.voxels(), 255);
  fill(voxels, size, pool);
  double begun = clock.monotonic_seconds();
  PinnedHostMemory pinned_voxels(voxels.data(), size.voxels() * 2), pinned_labels(labels.data(), size.voxels());
  value["pin_seconds"] = clock.monotonic_seconds() - begun;
  MsdCudaVolume volume{voxels.data(), true, size, 1.0f / 256, -4};
  begun = clock.monotonic_seconds();
  MsdCudaWork work = cuda.predict(volume, halo, max_bytes, labels.data());
  double took = clock.monotonic_seconds() - begun;
  int64_t second_class = 0;
  for (int64_t i = 0; i < size.voxels(); ++i) {
    if (labels[i] >= BenchWeights::classes) fail_failure(text("voxel ", i, " got the label ", int(labels[i]), "; no figure is given"));
    second_class += labels[i];
  }
  value["second_class_fraction"] = double(second_class) / double(size.voxels());
  value["duration_seconds"] = took;
  value["kernel_seconds"] = work.kernel_seconds();
  value["own_seconds"] = work.own_seconds, value["push_seconds"] = work.push_seconds, value["head_seconds"] = work.head_seconds, value["load_seconds"] = work.load_seconds;
  value["tflops"] = work.flop / work.kernel_seconds() * 1e-12;
  value["computed_twice"] = work.flop / (2 * 27 * double(depth * (depth + 1) / 2) * double(size.voxels()));
  double bytes = work.bytes / facts.copy_bytes_per_second, mma = work.padded_flop / facts.mma_flop_per_second;
  value["bytes_bound_seconds"] = bytes, value["mma_bound_seconds"] = mma;
  value["fraction_of_bound"] = std::max(bytes, mma) / work.kernel_seconds();

  // The seam of a truncated halo: a part of the volume that fits untiled, against the same part in at least eight tiles.
  Extent part{std::min<int64_t>(size.z, 256), std::min<int64_t>(size.y, 256), std::min<int64_t>(size.x, 256)};
  Buffer<uint8_t> whole(part.voxels()), tiled(part.voxels());
  fill(voxels, part, pool);
  MsdCudaVolume small{voxels.data(), true, part, 1.0f / 256, -4};
  int64_t per_voxel = cuda.bytes_per_voxel() + 6;
  cuda.predict(small, 0, part.voxels() * per_voxel, whole.data());
  cuda.predict(small, halo, std::max<int64_t>(part.voxels() / 3, (2 * halo + 1) * (2 * halo + 1) * (2 * halo + 1)) * per_voxel, tiled.data());
  value["seam_labels_differ"] = differing(whole, tiled, part.voxels());
  return value;
}

}  // namespace tomograd
