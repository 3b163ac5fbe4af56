#include "training/network_of_run.h"

#include "base/log.h"
#include "nn/devices.h"
#include "nn/precision.h"

namespace tomograd {

Network network_of_run(Graph graph, const RunSpec& spec, const std::vector<std::string>& channels) {
  Network network(std::move(graph), uint64_t(spec.seed), channels);
  network.use_recomputing(spec.recompute);
  std::string placed = place_network(network, spec.device, spec.split, spec.sampling.patch, spec.sampling.batch, spec.precision == "f32" ? 4 : 2);
  if (!placed.empty()) info(placed);
  network.set_precision(precision_of(spec.precision));
  return network;
}

}  // namespace tomograd
