#include "inference/bench_predict.h"

#include <algorithm>

#include "base/memory.h"
#include "inference/predictor.h"

namespace tomograd {
namespace {

PreparedCase synthetic_case(Extent size, int64_t channels) {
  PreparedCase prepared;
  prepared.id = prepared.patient = "synthetic";
  prepared.geometry.size = size;
  for (int64_t c = 0; c < channels; ++c) {
    prepared.channels.push_back("channel" + std::to_string(c));
    prepared.present.push_back(true);
    prepared.outside.push_back(0);
    Buffer<float> image(size.voxels());
    for (int64_t i = 0; i < image.size(); ++i) image[i] = float((i * 2654435761u + uint64_t(c) * 97) % 2048) / 1024 - 1;
    prepared.images.push_back(std::move(image));
  }
  return prepared;
}

}  // namespace

PredictBench bench_predict(const PredictBenchSettings& settings) {
  ModelSpec model = settings.model;
  model.in_channels = settings.channels;
  model.out_channels = settings.classes;
  model.patch = settings.tile;
  PreparedCase prepared = synthetic_case(settings.volume, settings.channels);
  Network network(build_graph(model), 1, prepared.channels);
  PredictSpec spec;
  spec.tile = settings.tile;
  spec.overlap = settings.overlap;
  spec.mirror = settings.mirror;

  PreparedCase small = synthetic_case(legal_sizes(network.graph()).smallest, settings.channels);
  predict_volume({&network}, small, spec, settings.precision, 0);

  PredictBench bench;
  int64_t before = process_resident_bytes();
  Prediction prediction = predict_volume({&network}, prepared, spec, settings.precision, settings.max_memory_bytes, {},
                                         [&](int64_t, int64_t of) { bench.tiles = of; });
  bench.duration_seconds = prediction.seconds;
  bench.peak_bytes = std::max<int64_t>(0, process_peak_bytes() - before);
  bench.predicted_peak_bytes = prediction.predicted_peak_bytes;
  bench.forward_flop = forward_flop(network.graph(), nearest_legal(network.graph(), settings.tile, settings.tile)) * double(bench.tiles);
  return bench;
}

}  // namespace tomograd
