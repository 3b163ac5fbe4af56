// Figures that several benchmarks need beside their own.
#pragma once

#include <cstdint>

#include "base/extent.h"
#include "base/parallel.h"
#include "kernels/fma_peak.h"
#include "spec/value.h"

namespace tomograd {

// GFLOP/s of one kind of chain on all threads; 0 where the processor has none. Error(failure) when an answer is wrong.
double chain_rate(ThreadPool& pool, FmaChain (*chain)(int64_t), double seconds);

// The mixed-scale dense network forwards (f32, bf16) and one training step; Error(failure) when a voxel differs from the reference.
Value bench_msd(int64_t depth, Extent size, int threads, int times);

}  // namespace tomograd
