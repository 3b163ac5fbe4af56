#include "inference/predictor.h"

#include <torch/torch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "base/clock.h"
#include "base/error.h"
#include "base/parallel.h"
#include "inference/slab_ring.h"
#include "inference/tile_reader.h"
#include "kernels/blend.h"

namespace tomograd {
namespace {

using Mirror = std::array<bool, 3>;

class PrecisionGuard {  // the caller's setting comes back whatever happens
 public:
  PrecisionGuard(const std::vector<Network*>& networks, Precision wanted) {
    for (Network* network : networks) {
      before_.emplace_back(network, network->precision());
      network->set_precision(wanted);
    }
  }
  ~PrecisionGuard() {
    for (auto [network, precision] : before_) network->set_precision(precision);
  }

 private:
  std::vector<std::pair<Network*, Precision>> before_;
};

void check(const std::vector<Network*>& networks, const PreparedCase& prepared) {
  if (networks.empty()) fail_input("a prediction needs at least one network");
  const Graph& first = networks.front()->graph();
  for (const Network* network : networks)
    if (network->graph().in_channels() != first.in_channels() || network->graph().out_channels() != first.out_channels())
      fail_input(text("networks that are averaged must agree: one has ", first.in_channels(), " channels and ", first.out_channels(), " classes, another ",
                      network->graph().in_channels(), " and ", network->graph().out_channels()));
  if (int64_t(prepared.images.size()) != first.in_channels())
    fail_input(text("the network takes ", first.in_channels(), " channels, case ", prepared.id, " has ", prepared.images.size()));
}

std::vector<Mirror> mirrors(bool all) {
  std::vector<Mirror> list;
  for (int i = 0; i < (all ? 8 : 1); ++i) list.push_back({(i & 1) != 0, (i & 2) != 0, (i & 4) != 0});
  return list;
}

struct Place { size_t z, y, x; };                // numbers of a tile along the axes

class TileRunner {
 public:
  TileRunner(const PreparedCase& prepared, const TilePlan& plan, SlabRing& ring)
      : prepared_(prepared), plan_(plan), ring_(ring) {}

  Box written(Place at) const {
    const auto& [z, y, x] = plan_.axes;
    Extent begin{z.begins[at.z], y.begins[at.y], x.begins[at.x]}, end{z.ends[at.z], y.ends[at.y], x.ends[at.x]};
    return {begin, end - begin};
  }

  bool any_roi(const Box& box) const {
    if (prepared_.roi.empty()) return true;
    Extent size = plan_.volume;
    for (int64_t z = box.begin.z; z < box.end().z; ++z)
      for (int64_t y = box.begin.y; y < box.end().y; ++y) {
        const uint8_t* row = prepared_.roi.data() + (z * size.y + y) * size.x;
        if (std::any_of(row + box.begin.x, row + box.end().x, [](uint8_t v) { return v != 0; })) return true;
      }
    return false;
  }

  void run(const TileForward& network, Place at, const Mirror& mirror) {
    at::Tensor logits = forward(network, origin(at), mirror);
    if (logits.size(1) != ring_.classes() || logits.size(2) != plan_.output.z || logits.size(3) != plan_.output.y || logits.size(4) != plan_.output.x)
      fail_failure(text("the network returned ", logits.size(1), " classes of ", logits.size(2), "x", logits.size(3), "x", logits.size(4), ", planned were ", ring_.classes(),
                        " of ", to_string(plan_.output)));
    if (!add(logits, at, mirror)) {
      Extent start = origin(at);
      fail_failure(text("the network's output is not finite in the tile that starts at z,y,x = ", start.z, ",", start.y, ",", start.x, " of case ", prepared_.id),
                   "the model is broken or the input holds NaN; with bf16, try --precision f32");
    }
  }

 private:
  Extent origin(Place at) const { return {plan_.axes[0].starts[at.z], plan_.axes[1].starts[at.y], plan_.axes[2].starts[at.x]}; }

  at::Tensor forward(const TileForward& network, Extent start, const Mirror& mirror) {
    Extent size = plan_.tile;
    Box box{{}, size};
    // A mirrored image has its margins the other way round.
    for (int axis = 0; axis < 3; ++axis) box.begin[axis] = start[axis] - (mirror[size_t(axis)] ? plan_.margin.after[axis] : plan_.margin.before[axis]);
    at::Tensor tile = at::empty({1, int64_t(prepared_.images.size()), size.z, size.y, size.x}, at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast3d));
    float* into = tile.data_ptr<float>();
    at::parallel_for(0, size.z * size.y, size.y, [&](int64_t first, int64_t last) { read_tile_rows(prepared_, box, mirror, first, last, into); });
    return network(std::move(tile));
  }

  bool add(const at::Tensor& logits, Place at, const Mirror& mirror) {
    Box box = written(at);
    Extent start = origin(at), out = plan_.output, step{logits.stride(2), logits.stride(3), logits.stride(4)};
    const float* data = logits.const_data_ptr<float>();
    auto place = [&](int axis, int64_t v) { return mirror[size_t(axis)] ? out[axis] - 1 - (v - start[axis]) : v - start[axis]; };
    std::atomic<bool> finite{true};
    at::parallel_for(box.begin.z, box.end().z, 1, [&](int64_t first, int64_t last) {
      for (int64_t z = first; z < last; ++z)
        for (int64_t y = box.begin.y; y < box.end().y; ++y) {
          float weight = plan_.axes[0].weights[size_t(z - start.z)] * plan_.axes[1].weights[size_t(y - start.y)];
          LogitRow row{data + place(0, z) * step.z + place(1, y) * step.y + place(2, box.begin.x) * step.x, logits.stride(1), mirror[2] ? -step.x : step.x};
          if (!add_probabilities(row, ring_.classes(), box.size.x, weight, plan_.axes[2].weights.data() + (box.begin.x - start.x), ring_.at(z, y, box.begin.x), ring_.class_step()))
            finite = false;
        }
    });
    return finite;
  }

  const PreparedCase& prepared_;
  const TilePlan& plan_;
  SlabRing& ring_;
};

void take_planes(SlabRing& ring, int64_t up_to, const PreparedCase& prepared, Buffer<uint8_t>& labels) {
  const uint8_t* roi = prepared.roi.empty() ? nullptr : prepared.roi.data();
  at::parallel_for(0, ring.rows(up_to), 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) ring.take_row(row, roi, labels.data());
  });
  ring.finish(up_to);
}

}  // namespace

Prediction predict_volume(const std::vector<Network*>& networks, const PreparedCase& prepared, const PredictSpec& spec, Precision precision,
                          int64_t max_memory_bytes, std::stop_token stop, std::function<void(int64_t done, int64_t of)> progress) {
  check(networks, prepared);
  TilePlan plan = plan_tiles(networks.front()->graph(), prepared.geometry.size, spec, precision == Precision::f32 ? 4 : 2, max_memory_bytes, int64_t(networks.size()));
  check_tiles(networks, plan);
  PrecisionGuard precision_guard(networks, precision);
  std::vector<TileForward> forward;
  for (Network* network : networks) forward.push_back(tile_forward(*network));
  return predict_tiles(forward, networks.front()->graph().out_channels(), prepared, plan, spec.mirror, stop, std::move(progress));
}

void check_tiles(const std::vector<Network*>& networks, const TilePlan& plan) {
  for (Network* network : networks)
    if (!fits(network->graph(), plan.tile) || output_size(network->graph(), plan.tile) != plan.output)
      fail_input(text("networks that are averaged must return equal sizes for a tile of ", to_string(plan.tile)));
}

TileForward tile_forward(Network& network) {
  return [&network](at::Tensor tile) {
    auto weights = network.state();
    if (!weights.empty()) tile = tile.to(weights.front().second.device());
    return network.forward(std::move(tile), false).front().to(at::kCPU, at::kFloat);  // the network frees the tile as soon as it is read
  };
}

Prediction predict_tiles(const std::vector<TileForward>& networks, int64_t classes, const PreparedCase& prepared, const TilePlan& plan, bool mirror, std::stop_token stop,
                         std::function<void(int64_t done, int64_t of)> progress) {
  if (classes > most_blend_classes) fail_input(text("the network has ", classes, " classes, at most ", most_blend_classes, " can be predicted"));
  if (!(plan.volume == prepared.geometry.size)) fail_failure(text("tiles were planned for ", to_string(plan.volume), " voxels, the case has ", to_string(prepared.geometry.size)));
  double began = system_clock().monotonic_seconds();
  torch::NoGradGuard no_grad;
  Prediction result;
  result.predicted_peak_bytes = plan.peak_bytes;
  result.labels = Buffer<uint8_t>(plan.volume.voxels());
  std::vector<Mirror> images = mirrors(mirror);
  SlabRing ring(plan, classes, float(networks.size() * images.size()));
  TileRunner runner(prepared, plan, ring);
  int64_t done = 0, of = int64_t(plan.starts.size() * networks.size() * images.size());
  const AxisTiles &along = plan.axes[size_t(plan.sweep)], &across = plan.axes[size_t(1 - plan.sweep)];
  for (size_t slow = 0; slow < along.starts.size(); ++slow) {
    take_planes(ring, along.begins[slow], prepared, result.labels);  // no tile from here on touches planes before
    for (size_t fast = 0; fast < across.starts.size(); ++fast)
      for (size_t x = 0; x < plan.axes[2].starts.size(); ++x) {
        Place place = plan.sweep == 0 ? Place{slow, fast, x} : Place{fast, slow, x};
        bool needed = runner.any_roi(runner.written(place));
        for (const TileForward& network : networks)
          for (const Mirror& mirror : images) {
            throw_if_stopped(stop);
            if (needed) runner.run(network, place, mirror);
            if (progress) progress(++done, of);
          }
      }
  }
  take_planes(ring, plan.volume[plan.sweep], prepared, result.labels);
  result.seconds = system_clock().monotonic_seconds() - began;
  return result;
}

}  // namespace tomograd
