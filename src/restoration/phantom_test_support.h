// A smooth head of a few ellipsoids, its noisy copies, and a network small enough for tests.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "spec/restore_spec.h"
#include "volume/volume.h"

namespace tomograd {

inline Volume head_phantom(Extent size) {
  Volume volume{{}, Buffer<float>(size.voxels())};
  volume.geometry.size = size;
  auto inside = [&](double z, double y, double x, double radius) { return z * z + y * y + x * x < radius * radius; };
  for (int64_t i = 0; i < size.voxels(); ++i) {
    double z = (double(i / (size.y * size.x)) + 0.5) / double(size.z) * 2 - 1, y = (double(i / size.x % size.y) + 0.5) / double(size.y) * 2 - 1, x = (double(i % size.x) + 0.5) / double(size.x) * 2 - 1;
    float value = 0;
    if (inside(z, y, x, 0.8)) value = 0.5f + 0.2f * float(z);
    if (inside(z, y - 0.2, x + 0.3, 0.3)) value = 0.9f;
    if (inside(z + 0.1, y + 0.3, x - 0.2, 0.25)) value = 0.2f;
    volume.voxels[i] = value;
  }
  return volume;
}

inline Volume with_noise(const Volume& clean, double sigma, bool rician, uint64_t seed = 1) {
  Volume noisy{clean.geometry, Buffer<float>(clean.voxels.size())};
  Random random(seed, "test/noise");
  for (int64_t i = 0; i < clean.voxels.size(); ++i) {
    double a = double(clean.voxels[i]) + sigma * random.normal(), b = rician ? sigma * random.normal() : 0;
    noisy.voxels[i] = float(rician ? std::sqrt(a * a + b * b) : a);
  }
  return noisy;
}

inline double psnr_between(const Volume& a, const Volume& b) {
  double squares = 0;
  for (int64_t i = 0; i < a.voxels.size(); ++i) squares += (double(a.voxels[i]) - double(b.voxels[i])) * (double(a.voxels[i]) - double(b.voxels[i]));
  return -10 * std::log10(squares / double(a.voxels.size()));
}

inline RestoreSpec tiny_restoration(const std::string& task = "denoise") {
  RestoreSpec spec = default_restoration(task, "small", false, "noise");
  spec.model.n_down = {8, 8}, spec.model.n_skip = {4};
  spec.code_depth = 8, spec.perturbation = 0.01, spec.learning_rate = 0.01;
  spec.iterations = 60;
  spec.precision = "f32";
  spec.seed = 3;
  return spec;
}

}  // namespace tomograd
