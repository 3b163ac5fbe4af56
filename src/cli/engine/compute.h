// --device and --precision of the verbs that compute without a run spec of their own.
#pragma once

#include <string>

#include "cli/engine.h"
#include "nn/network.h"

namespace tomograd {

// `otherwise`: the number format that "auto" stands for ("auto" again is f32). Error(input) for a device or a format that this
// version does not compute with: a result must not get a false name.
Precision compute_precision(const ComputeOptions& compute, const std::string& otherwise);
const char* precision_name(Precision precision);
void use_threads(const ComputeOptions& compute);  // libtorch's; 0 = all the machine has

}  // namespace tomograd
