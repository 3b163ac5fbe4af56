// Figures that several benchmarks need beside their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "base/extent.h"
#include "base/parallel.h"
#include "cli/bench_msd_weights.h"
#include "kernels/fma_peak.h"
#include "spec/value.h"

namespace tomograd {

// GFLOP/s of one kind of chain on all threads; 0 where the processor has none. Error(failure) when an answer is wrong.
double chain_rate(ThreadPool& pool, FmaChain (*chain)(int64_t), double seconds);

// The mixed-scale dense network forwards (f32, bf16) and one training step; Error(failure) when a voxel differs from the reference. With
// OpenVINO its seconds for the same network in f32 beside ours, else null.
Value bench_msd(int64_t depth, Extent size, int threads, int times, Backend* openvino);
std::unique_ptr<BackendTiles> bench_msd_tiles(Backend& backend, const BenchWeights& weights, Extent size, int threads);

// The same network on a CUDA device, a whole volume of 16-bit voxels by tiles with a halo; max_bytes of device memory, 0 = what is free.
Value bench_msd_cuda(int64_t depth, Extent size, int64_t halo, int64_t max_bytes, int device, int threads);

// Claims, completions and the list of 10,000 trials by so many clients at once, each answer checked; address "" = a SQLite file in a scratch
// folder here, with the syncs per transaction counted and the time of one measured beside it.
Value bench_store(const std::string& address, int64_t clients);

// Random crops of a block store at odd places, seeds 1 to `crops`, with no decoded block kept from one to the next; every crop is checked
// first, with `truth` (empty: none) against the volume that the store was made of. Error(failure) where one differs.
Value bench_crop(const std::string& store, const std::string& truth, Extent size, int64_t crops, int threads);

// Errors of probabilities in a core against the width of the halo its tile sees.
Value bench_seam(int64_t depth, Extent size, int threads);

}  // namespace tomograd
