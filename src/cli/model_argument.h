// What stands for a network on the command line of `model`: a kind, a TOML file, a run folder or a trained model. Torch-free: of a
// .safetensors file only the metadata are read.
#pragma once

#include <string>

#include "base/env.h"
#include "spec/value.h"

namespace tomograd {

// Whether it is a file or folder; else it is the kind of a network.
bool model_argument_is_file(Env& env, const std::string& argument);

// The run spec in it, as a table. Error(input) when the folder holds no run or the file no model of this program.
Value model_argument_spec(Env& env, const std::string& argument);

}  // namespace tomograd
