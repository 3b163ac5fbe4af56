// Noise of magnitude MRI: m = |x + n| with complex Gaussian n of standard deviation sigma in each part, which has a Rician distribution
// (Gudbjartsson and Patz, Magn. Reson. Med. 34, 1995). Its mean is above x, by 1.25 sigma where there is no signal, so that a mean of
// noisy voxels, and any fit by least squares, leaves a haze in the background.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "volume/geometry.h"

namespace tomograd {

// I1(z) / I0(z) of modified Bessel functions, z >= 0: 0 at 0, growing to 1. And log(I0(z)) - z. To 5e-7, from the polynomials 9.8.1 to 9.8.4
// of Abramowitz and Stegun.
float bessel_ratio(float z);
float log_bessel0_scaled(float z);

// Sigma from air: there m has a Rayleigh distribution and mean(m^2) = 2 sigma^2. The background is taken to be the eight corner boxes of an eighth of
// each axis (at least 2 voxels); of those the second darkest counts, which up to six corners with tissue in them do not disturb. Corners with
// more than 5 % zeros were blanked by the scanner or by defacing and do not count; with fewer than two corners left, and where the second
// darkest is no noise (standard deviation of m not within 25 %, or three standard errors, of Rayleigh's 0.655 sigma), Error(input) asks for sigma.
double background_sigma(const Buffer<float>& voxels, Extent size);

}  // namespace tomograd
