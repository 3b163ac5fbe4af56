// Coefficients, lowest power first, of the minimax polynomials that the noise and gamma kernels share (Lawson-weighted
// least squares on 4000 Chebyshev nodes, rounded to float).
#pragma once

namespace tomograd::polynomials {

// log2(1 + x) / x on [sqrt(1/2) - 1, sqrt(2) - 1], error 3.8e-8
constexpr float log2_over_x[9] = {1.44269502f, -0.721347213f, 0.480910271f, -0.360716254f, 0.287939101f, -0.238675684f, 0.215212256f, -0.208933815f, 0.129264295f};
// sin(pi/4 t) / t in powers of t^2 on [0, 1], error 2.4e-9
constexpr float sine_over_t[4] = {0.785398185f, -0.0807454363f, 0.00249000709f, -3.59545083e-05f};
// cos(pi/4 t) in powers of t^2 on [0, 1], error 2.8e-8
constexpr float cosine[4] = {1.0f, -0.308424264f, 0.0158499144f, -0.000318880513f};
// 2^f on [-1/2, 1/2], relative error 1.9e-9
constexpr float exp2[7] = {1.0f, 0.693147182f, 0.240226462f, 0.0555032864f, 0.00961848907f, 0.00133999309f, 0.000153458124f};

constexpr int sqrt_half_bits = 0x3F3504F3;      // of sqrt(1/2): mantissas are taken from [sqrt(1/2), sqrt(2))
constexpr float minus_two_ln2 = -1.38629436f;   // -2 ln u = minus_two_ln2 * log2 u

}  // namespace tomograd::polynomials
