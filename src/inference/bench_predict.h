// The measurement behind `bench predict`: whole-volume prediction of one head-sized case with a residual U-Net, the same task
// as bench/peers/predict_monai.py.
#pragma once

#include <cstdint>

#include "base/extent.h"
#include "nn/network.h"
#include "spec/model_spec.h"

namespace tomograd {

struct PredictBenchSettings {
  ModelSpec model;                               // the residual U-Net by default; channels, classes and patch come from here below
  Extent volume{155, 240, 240}, tile = cube(96);
  int64_t channels = 2, classes = 2;
  double overlap = 0.5;
  Precision precision = Precision::f32;
  int64_t max_memory_bytes = 0;                  // as predict_volume's
  bool mirror = false;
};

struct PredictBench {
  double duration_seconds = 0;
  int64_t peak_bytes = 0;                        // the process's peak above its size before the call
  int64_t predicted_peak_bytes = 0;
  int64_t tiles = 0;
  double forward_flop = 0;                       // of all tiles together
};

// Random weights and a synthetic volume; a small prediction first, so that loading and warming libtorch is not measured.
PredictBench bench_predict(const PredictBenchSettings& settings);

}  // namespace tomograd
