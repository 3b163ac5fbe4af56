// Whole-volume prediction in bounded memory: tiles from legal sizes and the budget, blended into slabs, argmax streamed,
// so that float class maps of the whole volume never exist.
#pragma once

#include <ATen/core/ATen_fwd.h>

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

// Softmax probabilities of all networks, and with spec.mirror of all eight mirror images, are averaged with the tiles' blending
// weights; the label is the class with the largest average, the lowest of equals. Tiles that would only write outside the ROI
// are skipped. The compute precision is set for the call and restored. Networks run where their weights are and use torch's
// thread count; the same number of threads gives the same bits.
// max_memory_bytes: above the process's size before the call, 0 = no limit; it decides the tile and thus the result, so the
// caller fixes it once. Errors: Error(input) when networks and case do not fit together, Error(budget) when no tile fits,
// Error(stopped), Error(failure) naming the tile whose logits are not finite.
Prediction predict_volume(const std::vector<Network*>& networks, const PreparedCase& prepared, const PredictSpec& spec, Precision precision,
                          int64_t max_memory_bytes, std::stop_token stop = {}, std::function<void(int64_t done, int64_t of)> progress = {});

// Error(input) unless each of the networks returns what is planned for a tile.
void check_tiles(const std::vector<Network*>& networks, const TilePlan& plan);

// Logits [1][class][z][y][x] of a tile [1][channel][z][y][x] that lies channels last in memory and is given away; both f32 on the CPU.
using TileForward = std::function<at::Tensor(at::Tensor tile)>;
TileForward tile_forward(Network& network);      // in its present precision, wherever its weights are; not longer than it lives

// The same with tiles that were planned before (case_memory.h), whoever computes them (inference/backend_forward.h).
Prediction predict_tiles(const std::vector<TileForward>& networks, int64_t classes, const PreparedCase& prepared, const TilePlan& plan, bool mirror, std::stop_token stop = {},
                         std::function<void(int64_t done, int64_t of)> progress = {});

}  // namespace tomograd
