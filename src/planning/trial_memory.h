// What a trial needs of its device's memory and of its host's, before it is run: from the architecture graph and the run spec.
// On a machine the trainer counts again, from the headers of the scans (training/memory_plan); this is for machines one has not got.
#pragma once

#include <cstdint>
#include <string>

#include "planning/instance_catalogue.h"
#include "spec/run_spec.h"

namespace tomograd {

struct TrialNetwork {                            // a run's network with what data would decide filled in
  RunSpec run;                                   // channels, classes, patch, batch > 0
  int64_t cases = 0;                             // whose images are held while it trains
  double voxels_per_case = 0;
};

struct TrialMemory {
  int64_t parameters = 0;
  int64_t weight_bytes = 0;                      // weights, gradients, moments, the average
  int64_t activation_bytes = 0;                  // tensors of one batch, forward and backward
  int64_t gpu_bytes = 0;                         // of a GPU: both, what convolutions take beside them, the device's context
  int64_t cpu_bytes = 0;                         // the same on a processor: both, with what the heap leaves in pieces
  int64_t host_bytes = 0;                        // images, labels and patches made ahead, and the program
  bool operator==(const TrialMemory&) const = default;
};
TrialMemory trial_memory(const TrialNetwork& network);

struct MemoryFit {
  bool device_fits = true, host_fits = true;
  bool fits() const { return device_fits && host_fits; }
  int64_t device_bytes = 0, device_has = 0, device_usable = 0;  // per device; of a processor: the host's memory
  int64_t host_bytes = 0, host_has = 0, host_usable = 0;        // with a trial on each device
  std::string change;                            // settings that would make it fit; "" = fits, or nothing found
};
MemoryFit memory_fit(const TrialNetwork& network, const TrialMemory& memory, const InstanceSpec& instance, const DeviceSpec& device);

}  // namespace tomograd
