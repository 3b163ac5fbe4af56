#include "planning/trial_memory.h"

#include <algorithm>

#include "arch/graph.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr double gibibyte = 1073741824.0;
constexpr double usable = 0.92;                  // of a memory: the rest is the system's, or in pieces
// Stated, not measured on GPUs: workspaces of convolutions, and what a CUDA context with its libraries takes.
constexpr double workspace_factor = 1.25;
constexpr int64_t context_bytes = 750'000'000;
constexpr double heap_factor = 1.7;              // as training/memory_plan measured on processors
constexpr int64_t program_bytes = 600'000'000;   // of a process with libtorch

ModelSpec model_of(const RunSpec& run) {
  ModelSpec model = run.model;
  if (model.patch == cube(0)) model.patch = run.sampling.patch;
  return model;
}

int64_t moments_of(const OptimizerSpec& optimizer) { return optimizer.kind == "sgd" ? 1 : 2; }

std::string extent_list(Extent e) { return text("[", e.z, ", ", e.y, ", ", e.x, "]"); }

// Smaller batches first, which change least; then smaller patches, each axis in proportion and legal.
std::string change_for_device(TrialNetwork network, bool cpu, int64_t allowed) {
  auto needs = [&] {
    TrialMemory memory = trial_memory(network);
    return cpu ? memory.cpu_bytes + memory.host_bytes : memory.gpu_bytes;
  };
  SamplingSpec& sampling = network.run.sampling;
  while (sampling.batch > 1) {
    sampling.batch = std::max<int64_t>(1, sampling.batch / 2);
    if (needs() <= allowed) return text("sampling.batch = ", sampling.batch);
  }
  Extent full = sampling.patch;
  network.run.model.patch = cube(0);
  for (int tenths = 9; tenths >= 2; --tenths) {
    Extent wanted;
    for (int axis = 0; axis < 3; ++axis) wanted[axis] = std::max<int64_t>(1, full[axis] * tenths / 10);
    try {  // a network whose strides follow the patch may be none for it
      sampling.patch = wanted;
      sampling.patch = nearest_legal(build_graph(model_of(network.run)), wanted, full);
      if (sampling.patch.voxels() < full.voxels() && needs() <= allowed) return text("sampling.patch = ", extent_list(sampling.patch), " with sampling.batch = 1");
    } catch (const Error&) {
      continue;
    }
  }
  return "";
}

}  // namespace

TrialMemory trial_memory(const TrialNetwork& network) {
  const RunSpec& run = network.run;
  Graph graph = build_graph(model_of(run));
  TrialMemory memory;
  memory.parameters = parameter_count(graph);
  memory.weight_bytes = memory.parameters * 4 * (2 + moments_of(run.optimizer) + (run.optimizer.average > 0 ? 1 : 0));
  memory.activation_bytes = activation_bytes(graph, run.sampling.patch, run.sampling.batch, 4, true);
  // Half precision halves what convolutions keep; norms and losses stay in f32, and weights are there in both.
  bool half = run.precision == "bf16" || run.precision == "f16";
  double kept = double(memory.activation_bytes) * (half ? 0.6 : 1);
  int64_t copies = half ? memory.parameters * 2 : 0;
  memory.gpu_bytes = memory.weight_bytes + copies + int64_t(workspace_factor * kept) + context_bytes;
  memory.cpu_bytes = memory.weight_bytes + copies + int64_t(heap_factor * double(memory.activation_bytes));
  double per_voxel = 4.0 * double(run.model.in_channels) + 3;  // images, label, ROI, index of a part of the voxels
  memory.host_bytes = int64_t(double(network.cases) * network.voxels_per_case * per_voxel) + run.sampling.queue_megabytes * 1'000'000 + program_bytes;
  return memory;
}

MemoryFit memory_fit(const TrialNetwork& network, const TrialMemory& memory, const InstanceSpec& instance, const DeviceSpec& device) {
  MemoryFit fit;
  fit.host_has = int64_t(instance.memory_gib * gibibyte), fit.host_usable = int64_t(usable * double(fit.host_has));
  bool shared = device.cpu || device.memory_gib == 0;
  fit.device_has = shared ? fit.host_has : int64_t(device.memory_gib * gibibyte);
  fit.device_usable = int64_t(usable * double(fit.device_has)) / (shared ? instance.devices : 1);
  fit.device_bytes = shared ? memory.cpu_bytes + memory.host_bytes : memory.gpu_bytes;
  fit.host_bytes = instance.devices * (memory.host_bytes + (shared ? memory.cpu_bytes : 0));
  fit.device_fits = fit.device_bytes <= fit.device_usable, fit.host_fits = fit.host_bytes <= fit.host_usable;
  if (!shared && network.run.ranks > instance.devices) {
    fit.device_fits = false;
    fit.change = text("run.ranks = ", instance.devices, ", or a type with ", network.run.ranks, " devices: a trial's ranks share one machine");
  } else if (!fit.device_fits) fit.change = change_for_device(network, shared, fit.device_usable);
  else if (!fit.host_fits) fit.change = "scans in block stores (tomograd block), of which sampling.cache_megabytes are held";
  return fit;
}

}  // namespace tomograd
