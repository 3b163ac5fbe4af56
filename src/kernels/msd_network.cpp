#include "kernels/msd_network.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/memory.h"

namespace tomograd {
namespace {

class Scratch {  // one piece of memory for every piece of work that runs at the same time
 public:
  explicit Scratch(int64_t floats) : floats_(floats) {}
  template <class Body>
  void with(Body&& body) {
    std::unique_ptr<Buffer<float>> mine;
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) mine = std::move(free_.back()), free_.pop_back();
    }
    if (!mine) mine = std::make_unique<Buffer<float>>(std::max<int64_t>(floats_, 16));
    body(mine->data());
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(mine));
  }

 private:
  int64_t floats_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Buffer<float>>> free_;
};

void pad_channel(const MsdLayout& layout, const Box& box, float* channel, const ForEach& for_each) {
  for_each(box.size.z, [&](int64_t z) {
    for (int64_t y = box.begin.y; y < box.end().y; ++y) msd_pad_row(layout, channel + layout.at(0, box.begin.z + z, y, 0), box.begin.x == 0, box.end().x == layout.size.x);
  });
}

void forward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each, bool pairs) {
  Box whole{{0, 0, 0}, layout.size};
  for (int64_t c = 0; c < (pairs ? ceil_div(network.in_channels, 2) : network.in_channels); ++c) pad_channel(layout, whole, stack + c * layout.channel, for_each);
  int64_t most = 0;
  for (int64_t i = 0; i < network.depth(); ++i)
    for (int64_t j = 0; j < network.width; ++j) most = std::max(most, kernels.forward_pieces(layout, boxes.empty() ? whole : boxes[size_t(i)], network.dilations[size_t(i * network.width + j)]).scratch_floats);
  Scratch scratch(most);
  for (int64_t i = 0; i < network.depth(); ++i)
    for (int64_t j = 0; j < network.width; ++j) {
      const Box& box = boxes.empty() ? whole : boxes[size_t(i)];
      MsdLayer layer;
      layer.inputs = network.inputs(i), layer.output = layer.inputs + j;
      layer.dilation = network.dilations[size_t(i * network.width + j)];
      layer.weight = network.weight[size_t(i)] + j * layer.inputs * layout.taps();
      layer.bias = network.bias[size_t(i)][j];
      std::vector<float> rounded;
      if (pairs) rounded = msd_pair_weights(layer.weight, layer.inputs, layout.taps()), layer.weight = rounded.data();
      MsdPieces pieces = kernels.forward_pieces(layout, box, layer.dilation);
      for_each(pieces.count, [&](int64_t piece) { scratch.with([&](float* mine) { (pairs ? kernels.forward_bf16 : kernels.forward)(layout, layer, box, piece, stack, mine); }); });
      if (pieces.cuts_rows) pad_channel(layout, box, stack + (pairs ? layer.output / 2 : layer.output) * layout.channel, for_each);
    }
}

}  // namespace

int64_t MsdNetwork::largest_dilation() const { return *std::max_element(dilations.begin(), dilations.end()); }

void msd_forward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each) {
  forward(kernels, layout, network, stack, boxes, for_each, false);
}

void msd_forward_bf16(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each) {
  forward(kernels, layout, network, stack, boxes, for_each, true);
}

void msd_backward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, const float* stack, float* grad, bool into_input,
                  const std::vector<float*>& weight_grad, const std::vector<float*>& bias_grad, const ForEach& for_each) {
  MsdPieces groups = kernels.backward_groups(layout);
  int64_t taps = layout.taps(), first = into_input ? 0 : network.in_channels;
  Scratch scratch(groups.scratch_floats);
  Buffer<float> weight_sums(groups.count * network.inputs(network.depth() - 1) * taps * 16), bias_sums(groups.count * 16);
  for (int64_t i = network.depth() - 1; i >= 0; --i)
    for (int64_t j = network.width - 1; j >= 0; --j) {
      MsdLayer layer;
      layer.inputs = network.inputs(i), layer.output = layer.inputs + j;
      layer.dilation = network.dilations[size_t(i * network.width + j)];
      layer.weight = network.weight[size_t(i)] + j * layer.inputs * taps;
      for_each(groups.count, [&](int64_t group) { scratch.with([&](float* mine) { kernels.backward(layout, layer, first, group, stack, grad, weight_sums.data(), bias_sums.data(), mine); }); });
      auto total = [&](const float* sums, int64_t step) {
        double sum = 0;
        for (int64_t group = 0; group < groups.count; ++group)
          for (int64_t lane = 0; lane < 16; ++lane) sum += sums[group * step + lane];
        return float(sum);
      };
      float* dw = weight_grad[size_t(i)] + j * layer.inputs * taps;
      for (int64_t k = 0; k < layer.inputs * taps; ++k) dw[k] = total(weight_sums.data() + k * 16, layer.inputs * taps * 16);
      bias_grad[size_t(i)][j] = total(bias_sums.data(), 16);
    }
}

}  // namespace tomograd
