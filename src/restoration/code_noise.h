// The numbers of a network's input code, made on the fly: a code is as large as 32 volumes, and so is its perturbation, which is new in
// each iteration. Both are functions of (key, place), so that nothing is stored and a tile of a volume sees the whole volume's code.
//
// One 64-bit hash (splitmix64's finaliser over a Weyl sequence; Steele, Lea, Flood, OOPSLA 2014) gives four values. A uniform value has 16
// bits. A normal one looks its quantile up among 4096: the midpoints' quantiles of N(0, 1), scaled to variance 1, so its mean is 0 and its
// variance 1 exactly, its kurtosis 2.96 and its largest value 3.7. Box-Muller costs ten times as much and no fit can tell the difference.
#pragma once

#include <cstdint>

namespace tomograd {

struct CodeNoise {
  uint64_t code_key = 0, perturbation_key = 0;
  int64_t depth = 0;                             // channels
  float scale = 0.1f, sigma = 0;                 // uniform on [0, scale), plus sigma times a normal value
};

const float* normal_quantiles();                 // 4096 of them, ascending

// Channels of `voxels` voxels that follow each other in the volume, the first of which is number `first`: [voxel][depth]. `code` false: the
// perturbation alone is added to what stands there. T is float or at::BFloat16.
template <class T>
void code_row(const CodeNoise& noise, uint64_t first, int64_t voxels, bool code, T* into);

}  // namespace tomograd
