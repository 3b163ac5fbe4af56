// `--settings`: what a spec can say, from the same list of fields that reads it.
#pragma once

#include <string>

#include "cli/verb.h"

namespace tomograd {

void show_run_settings(const Output& out);        // of a run spec, RUN.toml
void show_experiment_settings(const Output& out); // of an experiment spec, EXPERIMENT.toml

}  // namespace tomograd
