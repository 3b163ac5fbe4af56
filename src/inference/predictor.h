// Whole-volume prediction in bounded memory: tiles from legal sizes and the budget, blended into slabs, argmax streamed,
// so that float class maps of the whole volume never exist.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/prepared_case.h"
#include "inference/tile_plan.h"
#include "nn/network.h"
#include "spec/run_spec.h"

namespace tomograd {

struct Prediction {
  Buffer<uint8_t> labels;                        // on prepared.geometry, class indices, 0 outside the ROI
  double seconds = 0;
  int64_t predicted_peak_bytes = 0;              // above the process's size before the call
};

// Several networks are averaged (probabilities). `batch_threads` is torch's thread count.
Prediction predict_volume(const std::vector<Network*>& networks, const PreparedCase& prepared, const PredictSpec& spec, Precision precision,
                          int64_t max_memory_bytes, std::stop_token stop = {}, std::function<void(int64_t done, int64_t of)> progress = {});

}  // namespace tomograd
