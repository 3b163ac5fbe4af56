// What `predict` runs over its tiles, made ready: models of ours, by our kernels, by libtorch or in a backend, or a network of somebody
// else's in a backend.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "dataset/prepared_case.h"
#include "inference/case_memory.h"
#include "inference/predictor.h"
#include "training/model_file.h"

namespace tomograd {

struct PredictedNetworks {
  std::vector<std::shared_ptr<LoadedModel>> own;  // kept for `forward`; none of a foreign network
  RunSpec spec;                                  // of which preprocess, predict, postprocess and seed count
  int64_t channel_count = 0;
  std::vector<std::string> channels;             // names in the networks' order; empty = as the inputs name them
  ClassMap classes;
  Precision precision = Precision::f32;
  std::string backend;                           // "native", "torch", "openvino 2026.4.1"
  bool bounded = true;                           // whether their memory is known before they run
  std::vector<TileForward> forward;
  std::function<CasePlan(const CaseSizes& sizes, Extent size, int64_t max_memory_bytes)> plan;  // plan_case() of them
};

// `settings`: [predict] values that replace the model's own. Sets libtorch's threads. Error(input) or (usage) for what does not fit together,
// before an image is opened.
PredictedNetworks load_networks(Env& env, const std::vector<std::string>& models, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute);

}  // namespace tomograd
