#include "inference/backend_forward.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <map>

#include "arch/onnx_export.h"
#include "base/error.h"

namespace tomograd {
namespace {

at::Tensor run(BackendTiles& tiles, const at::Tensor& tile) {
  at::Tensor rows = tile.contiguous();
  Extent size = tiles.output();
  at::Tensor out = at::empty({1, tiles.classes(), size.z, size.y, size.x}, at::kFloat);
  tiles.run(rows.const_data_ptr<float>(), out.data_ptr<float>());
  return out;
}

std::string as_onnx(Network& network, Extent tile) {
  std::map<std::string, at::Tensor> weights;
  for (auto& [name, tensor] : network.state()) weights.emplace(name, tensor.detach().to(at::kCPU, at::kFloat).contiguous());
  WeightLookup lookup = [&](const std::string& name) {
    const at::Tensor& weight = weights.at(name);
    return std::span<const float>(weight.const_data_ptr<float>(), size_t(weight.numel()));
  };
  OnnxOptions options;
  options.size = tile, options.batch = 1;
  return export_onnx(network.graph(), lookup, options);
}

class Compiled {                                 // for the size that was asked for last
 public:
  Compiled(Network& network, Backend& backend, const BackendCompute& compute) : network_(network), backend_(backend), compute_(compute) {}
  BackendTiles& tiles(Extent size) {
    if (tiles_ && size_ == size) return *tiles_;
    tiles_.reset();                              // its memory first
    tiles_ = backend_.read_onnx(as_onnx(network_, size), network_.graph().title)->compile(size, compute_);
    size_ = size;
    return *tiles_;
  }

 private:
  Network& network_;
  Backend& backend_;
  BackendCompute compute_;
  Extent size_;
  std::unique_ptr<BackendTiles> tiles_;
};

}  // namespace

TileForward tile_forward(std::shared_ptr<BackendTiles> tiles, TileReturns returns) {
  return [tiles, returns](at::Tensor tile) {
    at::Tensor out = run(*tiles, tile);
    if (returns == TileReturns::shares) {
      double low = out.min().item<double>(), high = out.max().item<double>();
      constexpr double rounding = 1e-2;          // of bf16, half a unit in the last place at 1
      if (low < -rounding || high > 1 + rounding) fail_failure(text("the network returns ", low, " to ", high, ", which are no shares of 1"), "use --activation softmax");
      constexpr float least = std::numeric_limits<float>::min();
      if (out.size(1) == 1) out = at::cat({1 - out, out}, 1);
      return out.clamp_min(least).log();
    }
    return out.size(1) == 1 ? at::cat({at::zeros_like(out), out}, 1) : out;
  };
}

TileForward tile_forward(Network& network, Backend& backend, const BackendCompute& compute) {
  return [compiled = std::make_shared<Compiled>(network, backend, compute)](at::Tensor tile) { return run(compiled->tiles({tile.size(2), tile.size(3), tile.size(4)}), tile); };
}

CoreForward core_forward(Network& network, Backend& backend, const BackendCompute& compute) {
  return [compiled = std::make_shared<Compiled>(network, backend, compute)](const float* region, Extent size, const Box&, float* logits) { compiled->tiles(size).run(region, logits); };
}

RegionForward region_forward(std::shared_ptr<BackendTiles> tiles, int64_t channels, TileReturns returns) {
  return [forward = tile_forward(std::move(tiles), returns), channels](const float* region, Extent size, float* logits) {
    at::Tensor out = forward(at::from_blob(const_cast<float*>(region), {1, channels, size.z, size.y, size.x}, at::kFloat)).contiguous();  // only read
    std::copy_n(out.const_data_ptr<float>(), out.numel(), logits);
  };
}

}  // namespace tomograd
