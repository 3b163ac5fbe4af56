// RUN.toml with --set, as `train` and `doctor` take it.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace tomograd {

// A path in the file is meant relative to the file; one given by --set, relative to where the user stands. Error(input) names the
// file and the field.
RunSpec read_run_argument(const std::string& path, const std::vector<std::string>& settings);

}  // namespace tomograd
