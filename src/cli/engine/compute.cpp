#include "cli/engine/compute.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/parallel.h"

namespace tomograd {

Precision compute_precision(const ComputeOptions& compute, const std::string& otherwise) {
  if (compute.device != "auto" && compute.device != "cpu") fail_input(text("device is '", compute.device, "'; this version computes on cpu only"), "use --device cpu");
  std::string name = compute.precision == "auto" ? otherwise : compute.precision;
  if (name == "f16") fail_input("precision is 'f16'; on a CPU convolutions have no half form", "use bf16 or f32");
  return name == "bf16" ? Precision::bf16 : Precision::f32;
}

std::string backend_name(const BackendChoice& backend) { return backend.library ? backend.name + " " + backend.library->version() : backend.name; }

void refuse_memory_limit(const BackendChoice& backend, const ComputeOptions& compute) {
  if (backend.name != "native" && compute.max_memory_bytes > 0) fail_usage(text("--max-memory is kept by --backend native alone; what ", backend.name, " takes is not known before"), "leave one of the two out");
}

void use_threads(const ComputeOptions& compute) { at::set_num_threads(compute.threads > 0 ? compute.threads : available_threads()); }

}  // namespace tomograd
