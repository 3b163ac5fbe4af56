// The catalogue that is delivered, and small questions, for tests of this room.
#pragma once

#include "base/env.h"
#include "base/error.h"
#include "planning/experiment_plan.h"
#include "spec/text_formats.h"

namespace tomograd {

inline InstanceCatalogue delivered_catalogue() {
  std::string path = std::string(TOMOGRAD_SOURCE_DIR) + "/share/instances.toml";
  return catalogue_from(parse_toml(read_text(system_env(), path), "instances.toml"));
}

// The head-and-neck study: 36 patients x (all 7 channels + each left out) = 288 trials of 4 h.
inline PlanQuestion head_neck_question() {
  PlanQuestion question;
  question.experiment = "head-neck-288.toml", question.name = "head-neck-288";
  question.trials = 288;
  question.time.hours = exactly(4);
  question.checkpoint_hours = 0.1;
  RunSpec& run = question.network.run;
  run.model.kind = "unet", run.model.family = "nnunet", run.model.in_channels = 7, run.model.out_channels = 3;
  run.sampling.patch = {9, 165, 165}, run.sampling.batch = 1;
  run.optimizer.kind = "sgd", run.precision = "f32";
  question.network.cases = 36, question.network.voxels_per_case = 2.4e6;
  question.dataset_bytes = 36 * 33.6e6;
  return question;
}

template <class Body>
std::string error_text(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace tomograd
