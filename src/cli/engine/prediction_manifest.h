// What a folder of predictions says about itself: models and inputs by digest, settings, machine, and what the values mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "cli/engine.h"
#include "cli/engine/predicted_networks.h"
#include "dataset/dataset.h"

namespace tomograd {

// One table per foreground class: its name, the value in predictions, the label values of the truth that it stands for, and
// "values_from" where every value from there on belongs to it too.
Value class_tables(const ClassMap& classes);

// Without format and version, which the program adds. `models` are paths as given on the command line.
Value prediction_manifest(Env& env, const std::vector<std::string>& models, const PredictedNetworks& networks, const Dataset& dataset, const ComputeOptions& compute);

}  // namespace tomograd
