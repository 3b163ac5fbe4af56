// Normalisation and activation in one sweep: y = act(a x + b) (+ residual), where a and b hold mean, deviation and affine part
// of each channel, and act(v) = v > 0 ? v : slope v (PReLU, leaky ReLU with their slope; ReLU with 0; none with 1). Forward
// takes two sweeps over memory (sums, apply), backward two (gradient sums, gradient), where separate operations take about
// twelve.
//
// Memory is seen flat: `values` numbers whose coefficients repeat with a period, a multiple of 16 and of the channel count
// (channels-last: lcm(channels, 16); planar: 16 equal coefficients). Any number of values, of which the first belongs to
// position 0 of the period. float or bfloat16 (as uint16_t; rounding to nearest even) in memory, float arithmetic.
#pragma once

#include <cstdint>

namespace tomograd {

struct NormActCoefficients { const float *a, *b, *slope; };     // [period] each
struct NormActSlopes { const float *a, *u, *v; };               // d loss/dx = a dz + u + v x; [period] each

template <class T>
struct NormActKernels {
  // sum[p] = sum of (x - origin[p]), squares[p] = sum of (x - origin[p])^2; origin: a value near the mean.
  void (*sums)(const T* x, int64_t values, int64_t period, const float* origin, float* sum, float* squares);
  // `residual` may be null.
  void (*apply)(const T* x, int64_t values, int64_t period, NormActCoefficients c, const T* residual, T* y);
  // With z = a x + b and dz = g (z > 0 ? 1 : slope): first[p] = sum dz, second[p] = sum dz (x - mean[p]), third[p] = sum of
  // g z where z <= 0.
  void (*gradient_sums)(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, const float* mean, float* first, float* second, float* third);
  void (*gradient)(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, NormActSlopes s, T* dx);
};

// The best of this processor (or the forced one, cpu_isa.h); reference: the obvious loops.
template <class T> const NormActKernels<T>& norm_act_kernels();
template <class T> const NormActKernels<T>& norm_act_reference();
template <> const NormActKernels<float>& norm_act_kernels<float>();
template <> const NormActKernels<uint16_t>& norm_act_kernels<uint16_t>();
template <> const NormActKernels<float>& norm_act_reference<float>();
template <> const NormActKernels<uint16_t>& norm_act_reference<uint16_t>();

}  // namespace tomograd
