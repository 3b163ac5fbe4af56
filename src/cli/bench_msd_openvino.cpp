// The network of `bench msd` in OpenVINO: the same weights in the same architecture graph, handed over as ONNX.
#include "arch/onnx_export.h"
#include "base/error.h"
#include "cli/bench_rates.h"

namespace tomograd {

std::unique_ptr<BackendTiles> bench_msd_tiles(Backend& backend, const BenchWeights& weights, Extent size, int threads) {
  ModelSpec spec;
  spec.kind = "msd", spec.depth = weights.network.depth(), spec.in_channels = 1, spec.out_channels = BenchWeights::classes, spec.patch = size;
  Graph graph = build_graph(spec);
  std::vector<std::span<const float>> numbers;   // in the order of parameters(): each layer's weight and bias, then the last layer's
  for (int64_t i = 0; i < weights.network.depth(); ++i) numbers.emplace_back(weights.weight[size_t(i)]), numbers.emplace_back(weights.bias[size_t(i)]);
  numbers.emplace_back(weights.head_weight), numbers.emplace_back(weights.head_bias);
  std::vector<Parameter> names = parameters(graph);
  if (names.size() != numbers.size()) fail_failure(text("the graph of ", graph.title, " has ", names.size(), " parameters, the kernels' network ", numbers.size()));
  std::map<std::string, std::span<const float>> by_name;
  for (size_t i = 0; i < names.size(); ++i) by_name[names[i].name] = numbers[i];
  OnnxOptions options;
  options.size = size, options.batch = 1;
  return backend.read_onnx(export_onnx(graph, [&](const std::string& name) { return by_name.at(name); }, options), graph.title)->compile(size, {false, threads});
}

}  // namespace tomograd
