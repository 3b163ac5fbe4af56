#include "cli/engine/predicted_networks.h"

#include <torch/torch.h>

#include "base/error.h"
#include "cli/engine/compute.h"
#include "cli/engine/foreign_network.h"
#include "inference/backend_forward.h"

namespace tomograd {
namespace {

PredictSpec changed(PredictSpec spec, const Value& settings) {
  if (!settings.is_table()) return spec;
  Value table = spec_to_value(spec);
  for (const auto& [key, value] : settings.as_table()) table[key] = value;
  read_spec(spec, table);
  return spec;
}

BackendCompute backend_compute(Precision precision) { return {precision == Precision::bf16, at::get_num_threads()}; }

PredictedNetworks load_own(Env& env, const std::vector<std::string>& models, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute) {
  PredictedNetworks all;
  for (const auto& path : models) all.own.push_back(std::make_shared<LoadedModel>(load_model(env, path)));
  const LoadedModel& first = *all.own.front();
  for (const auto& other : all.own)
    if (other->channels != first.channels || other->classes.names != first.classes.names) fail_input("the models differ in channels or classes and cannot be averaged");
  all.spec = first.spec, all.channels = first.channels, all.channel_count = int64_t(first.channels.size()), all.classes = first.classes;
  all.spec.predict = changed(first.spec.predict, settings);
  all.precision = compute_precision(compute, first.spec.precision);
  use_threads(compute);
  std::vector<Network*> networks;
  for (auto& model : all.own) {
    Network& network = model->network;
    networks.push_back(&network);
    network.set_precision(all.precision);
    network.use_fused(backend.name != "torch");
    all.forward.push_back(backend.library ? tile_forward(network, *backend.library, backend_compute(all.precision)) : tile_forward(network));
  }
  all.plan = [networks, spec = all.spec, bytes = all.precision == Precision::f32 ? 4 : 2](const CaseSizes& sizes, Extent size, int64_t left) {
    CasePlan plan = plan_case(networks.front()->graph(), sizes, size, spec.predict, spec.postprocess, bytes, left, int64_t(networks.size()));
    check_tiles(networks, plan.tiles);
    return plan;
  };
  return all;
}

Extent tile_of(Extent fixed, const std::string& file, const Value& settings) {
  bool given = settings.is_table() && settings.find("tile");
  if (!given && fixed.voxels() == 0) fail_usage(text("'", file, "' does not fix the size of its tiles"), "give --tile Z,Y,X, a size that it was trained for");
  return given ? changed(PredictSpec(), settings).tile : fixed;
}

PredictedNetworks load_foreign(Env& env, const std::string& file, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute) {
  PredictedNetworks all;
  all.precision = compute_precision(compute, "f32");
  use_threads(compute);
  ForeignNetwork network = open_foreign(env, file, backend, all.precision, [&](Extent fixed) { return tile_of(fixed, file, settings); });
  all.channel_count = network.channels, all.channels = backend.channels, all.classes = network.classes;
  if (!all.channels.empty() && int64_t(all.channels.size()) != all.channel_count) fail_usage(text("--channels has ", all.channels.size(), " names, '", file, "' takes ", all.channel_count, " channels"));
  all.spec.predict = changed(PredictSpec(), settings), all.spec.predict.tile = network.size;
  all.spec.preprocess.normalize = backend.normalize, all.spec.preprocess.missing = "error";
  all.forward.push_back(tile_forward(network.tiles, network.returns));
  all.plan = [spec = all.spec, tile = network.size, margin = network.margin, classes = network.classes.count()](const CaseSizes& sizes, Extent size, int64_t left) {
    return plan_case([&](Extent volume, int64_t) { return plan_fixed_tiles(volume, tile, margin, classes, spec.predict); }, sizes, size, spec.postprocess, left);
  };
  return all;
}

}  // namespace

PredictedNetworks load_networks(Env& env, const std::vector<std::string>& models, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute) {
  refuse_memory_limit(backend, compute);
  compute_precision(compute, "f32");             // said before anything is loaded
  PredictedNetworks all = is_foreign_network(models.front()) ? load_foreign(env, models.front(), settings, backend, compute) : load_own(env, models, settings, backend, compute);
  all.bounded = backend.name == "native";
  all.backend = backend_name(backend);
  return all;
}

}  // namespace tomograd
