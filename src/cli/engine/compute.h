// --device, --threads, --precision and --seed, with a run spec and without one.
#pragma once

#include <string>

#include "cli/engine.h"
#include "nn/precision.h"

namespace tomograd {

// `otherwise`: the number format that "auto" stands for ("auto" again is f32). Error(input) for a device or a format that this
// version does not compute with: a result must not get a false name.
Precision compute_precision(const ComputeOptions& compute, const std::string& otherwise);
std::string backend_name(const BackendChoice& backend);  // "native", "torch", "openvino 2026.4.1"
void refuse_memory_limit(const BackendChoice& backend, const ComputeOptions& compute);  // Error(usage): other backends keep none
void use_threads(const ComputeOptions& compute);  // libtorch's; 0 = all the machine has

}  // namespace tomograd
