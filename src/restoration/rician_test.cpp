#include "restoration/rician.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "restoration/data_term.h"
#include "restoration/phantom_test_support.h"

namespace tomograd {
namespace {

TEST(Rician, BesselFunctions) {
  EXPECT_EQ(bessel_ratio(0), 0);
  for (double z : {1e-4, 0.3, 1.0, 3.7, 3.8, 10.0, 80.0}) {
    EXPECT_NEAR(bessel_ratio(float(z)), std::cyl_bessel_i(1, z) / std::cyl_bessel_i(0, z), 1e-6) << z;
    EXPECT_NEAR(log_bessel0_scaled(float(z)), std::log(std::cyl_bessel_i(0, z)) - z, 1e-5) << z;
  }
  EXPECT_NEAR(bessel_ratio(1e6f), 1 - 0.5e-6, 1e-6);
}

// The gradient is the derivative of the loss, which the held-out path gives.
TEST(Rician, GradientIsTheDerivativeOfTheLoss) {
  DataTerm term{true, 0.1};
  uint8_t held = uint8_t(VoxelUse::held_out);
  auto loss = [&](float x, float m) { return data_errors(term, &x, &m, &held, 1, 1, nullptr).held_out; };
  for (float m : {0.02f, 0.15f, 0.8f})
    for (float x : {0.01f, 0.1f, 0.7f}) {
      float gradient = 0;
      data_errors(term, &x, &m, nullptr, 1, 1, &gradient);
      EXPECT_NEAR(gradient, (loss(x + 1e-3f, m) - loss(x - 1e-3f, m)) / 2e-3, 2e-3) << "x " << x << " m " << m;
    }
}

TEST(Rician, WithoutSignalTheBestFitIsNone) {
  DataTerm term{true, 0.1};
  Random random(1, "test/rayleigh");
  double at_zero = 0, at_haze = 0;
  for (int i = 0; i < 4000; ++i) {
    float m = float(std::hypot(0.1 * random.normal(), 0.1 * random.normal())), gradient, x = 0.02f;
    data_errors(term, &x, &m, nullptr, 1, 1, &gradient);
    at_zero += gradient;
    x = 0.125f;                                  // the mean of such voxels, where least squares ends
    data_errors(term, &x, &m, nullptr, 1, 1, &gradient);
    at_haze += gradient;
  }
  EXPECT_NEAR(at_zero / 4000, 0, 0.002);
  EXPECT_GT(at_haze / 4000, 0.05);
}

TEST(Rician, SigmaFromTheCorners) {
  Volume clean = head_phantom({40, 48, 32});
  Volume noisy = with_noise(clean, 0.07, true);
  // Two corners with tissue, two blanked: the others tell. 120 voxels a corner: the standard error of sigma is 1 / (2 sqrt(120)).
  auto set = [&](bool top, bool blank) {
    for (int64_t z = 0; z < 8; ++z)
      for (int64_t y = 0; y < 48; ++y)
        for (int64_t x = 0; x < 6; ++x) {
          float& voxel = noisy.voxels[noisy.index(top ? 39 - z : z, y, x)];
          voxel = blank ? 0 : voxel + 0.5f;
        }
  };
  set(false, true);
  set(true, false);
  EXPECT_NEAR(background_sigma(noisy.voxels, noisy.geometry.size), 0.07, 0.07 * 3 / (2 * std::sqrt(120.0)));
}

TEST(Rician, CornersWithoutNoiseAreRefused) {
  Volume blank = head_phantom({16, 20, 12});
  EXPECT_THROW(background_sigma(blank.voxels, blank.geometry.size), Error);
  for (float& value : blank.voxels) value += 1;  // tissue everywhere
  EXPECT_THROW(background_sigma(blank.voxels, blank.geometry.size), Error);
}

}  // namespace
}  // namespace tomograd
