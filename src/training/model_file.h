// MODEL on the command line: a run folder or a .safetensors file whose metadata carry the resolved run spec (architecture,
// channels, classes, pre- and post-processing).
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/prepared_case.h"
#include "nn/network.h"
#include "spec/run_spec.h"

namespace tomograd {

struct LoadedModel {
  RunSpec spec;                                  // resolved: channels, classes, model sizes are all set
  std::vector<std::string> channels;
  ClassMap classes;
  Network network;
};

std::string model_path(Env& env, const std::string& model);  // of the .safetensors file that MODEL names
LoadedModel load_model(Env& env, const std::string& path);
void save_model(Env& env, const std::string& path, const RunSpec& resolved, const std::vector<std::string>& channels, const ClassMap& classes, Network& network);

}  // namespace tomograd
