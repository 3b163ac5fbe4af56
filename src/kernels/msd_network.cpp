#include "kernels/msd_network.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/memory.h"

namespace tomograd {
namespace {

// Ten channels are one round of the usual dilations: then most of what is pushed serves several layers at once.
constexpr int64_t channels_pushed = 10, most_together = 8;

class Scratch {  // one piece of memory for every piece of work that runs at the same time
 public:
  template <class Body>
  void with(int64_t floats, Body&& body) {
    std::unique_ptr<Buffer<float>> mine;
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) mine = std::move(free_.back()), free_.pop_back();
    }
    if (!mine || mine->size() < floats) mine = std::make_unique<Buffer<float>>(std::max<int64_t>(floats, 16));
    body(mine->data());
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(mine));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Buffer<float>>> free_;
};

void pad_channel(const MsdLayout& layout, const Box& box, float* channel, const ForEach& for_each) {
  for_each(box.size.z, [&](int64_t z) {
    for (int64_t y = box.begin.y; y < box.end().y; ++y) msd_pad_row(layout, channel + layout.at(0, box.begin.z + z, y, 0), box.begin.x == 0, box.end().x == layout.size.x);
  });
}

// Hidden channels of one dilation, of layers one after the other, that are summed together: what is read for the first of them serves all.
struct PairGroups {
  std::vector<size_t> next;                      // of the same group; the number of channels: none
  std::vector<int64_t> place;                    // where a channel's sums wait for its turn; -1: it comes first
  int64_t places = 0;
  int64_t floats(const MsdLayout& layout) const { return places ? layout.floats(places) : 0; }

  PairGroups(const std::vector<int64_t>& dilations, int64_t width, int64_t together) : next(dilations.size(), dilations.size()), place(dilations.size(), -1) {
    std::vector<bool> grouped(dilations.size(), false);
    std::vector<size_t> holds;                   // of each place: the channel whose turn frees it
    for (size_t i = 0; i < dilations.size(); ++i) {
      if (grouped[i]) continue;
      size_t last = i;
      int64_t members = 1;
      for (size_t k = i + 1; k < dilations.size() && members < together; ++k) {
        if (grouped[k] || dilations[k] != dilations[i] || int64_t(k) / width == int64_t(last) / width) continue;
        size_t free = 0;
        while (free < holds.size() && holds[free] >= i) ++free;
        if (free == holds.size()) holds.push_back(0);
        holds[free] = k, place[k] = int64_t(free);
        grouped[k] = true, next[last] = k, last = k, ++members;
      }
    }
    places = int64_t(holds.size());
  }
};

int64_t together(const MsdKernels& kernels, const MsdLayout& layout) { return layout.flat ? 1 : kernels.together; }

// What is left of the forward pass: each layer with the channels that are summed already.
struct Forward {
  const MsdKernels& kernels;
  const MsdLayout& layout;
  float* stack;
  const ForEach& for_each;
  std::vector<MsdLayer> layers = {};             // one for every hidden channel
  std::vector<Box> boxes = {};                   // of each of them
  Scratch scratch = {};

  Forward(const MsdKernels& by, const MsdLayout& of, const MsdNetwork& network, float* maps, const std::vector<Box>& layer_boxes, const ForEach& each, int64_t input_places) : kernels(by), layout(of), stack(maps), for_each(each) {
    Box whole{{0, 0, 0}, layout.size};
    for (int64_t c = 0; c < input_places; ++c) pad_channel(layout, whole, stack + c * layout.channel, for_each);
    for (int64_t i = 0; i < network.depth(); ++i)
      for (int64_t j = 0; j < network.width; ++j) {
        MsdLayer layer;
        layer.inputs = network.inputs(i), layer.output = layer.inputs + j;
        layer.dilation = network.dilations[size_t(i * network.width + j)];
        layer.weight = network.weight[size_t(i)] + j * layer.inputs * layout.taps();
        layer.bias = network.bias[size_t(i)][j];
        layers.push_back(layer), boxes.push_back(layer_boxes.empty() ? whole : layer_boxes[size_t(i)]);
      }
  }

  void finish(size_t i) {
    MsdPieces pieces = kernels.forward_pieces(layout, boxes[i], layers[i].dilation);
    for_each(pieces.count, [&](int64_t piece) {
      scratch.with(pieces.scratch_floats, [&](float* mine) { kernels.forward(layout, layers[i], boxes[i], piece, stack, mine); });
    });
    if (pieces.cuts_rows) pad_channel(layout, boxes[i], stack + layers[i].output * layout.channel, for_each);
  }

  // Layer i, and what is read for it added to the sums of those after it in its group.
  void finish_pairs(const PairGroups& groups, size_t i, float* sums) {
    std::vector<MsdLayer> group;
    for (size_t k = i; k < layers.size(); k = groups.next[k]) {
      group.push_back(layers[k]);
      if (groups.place[k] >= 0) group.back().sums = sums + groups.place[k] * layout.channel;
    }
    MsdPieces pieces = kernels.forward_bf16_pieces(layout, group.data(), int64_t(group.size()), boxes[i]);
    for_each(pieces.count, [&](int64_t piece) {
      scratch.with(pieces.scratch_floats, [&](float* mine) { kernels.forward_bf16(layout, group.data(), int64_t(group.size()), boxes[i], piece, stack, mine); });
    });
    for (size_t k = groups.next[i]; k < layers.size(); k = groups.next[k]) layers[k].first = layers[i].inputs / 2 * 2;
    if (pieces.cuts_rows) pad_channel(layout, boxes[i], stack + layers[i].output / 2 * layout.channel, for_each);
  }

  // Channels before `end` are finished: they are added to all layers from `from` on, those of one dilation and box together.
  void push(size_t from, int64_t end) {
    std::vector<bool> done(layers.size(), false);
    for (size_t i = from; i < layers.size(); ++i) {
      std::vector<size_t> alike;
      for (size_t k = i; k < layers.size() && int64_t(alike.size()) < most_together; ++k)
        if (!done[k] && layers[k].dilation == layers[i].dilation && layers[k].first == layers[i].first && boxes[k] == boxes[i]) alike.push_back(k);
      if (done[i] || alike.size() < 2) continue;
      std::vector<MsdLayer> group;
      for (size_t k : alike) group.push_back(layers[k]), done[k] = true;
      MsdPieces pieces = kernels.push_pieces(layout, boxes[i], group[0].dilation, int64_t(group.size()));
      for_each(pieces.count, [&](int64_t piece) {
        scratch.with(pieces.scratch_floats, [&](float* mine) { kernels.push(layout, group.data(), int64_t(group.size()), end, boxes[i], piece, stack, mine); });
      });
      for (size_t k : alike) layers[k].first = end;
    }
  }
};

}  // namespace

int64_t MsdNetwork::largest_dilation() const { return *std::max_element(dilations.begin(), dilations.end()); }

void msd_forward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each) {
  Forward work(kernels, layout, network, stack, boxes, for_each, network.in_channels);
  int64_t since = 0;                             // channels finished since the last push
  for (int64_t i = 0; i < network.depth(); ++i) {
    for (int64_t j = 0; j < network.width; ++j) work.finish(size_t(i * network.width + j));
    since += network.width;
    if (since >= channels_pushed) work.push(size_t((i + 1) * network.width), network.inputs(i + 1) - 1), since = 0;  // each layer keeps a channel to finish with
  }
}

int64_t msd_bf16_sums_floats(const MsdKernels& kernels, const MsdLayout& layout, const std::vector<int64_t>& dilations, int64_t width) {
  return PairGroups(dilations, width, together(kernels, layout)).floats(layout);
}

void msd_forward_bf16(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each) {
  Buffer<float> sums;
  msd_forward_bf16_with(sums, kernels, layout, network, stack, boxes, for_each);
}

void msd_forward_bf16_with(Buffer<float>& sums, const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each) {
  Forward work(kernels, layout, network, stack, boxes, for_each, ceil_div(network.in_channels, 2));
  std::vector<std::vector<float>> rounded;       // once, though a layer's turn may come in several groups
  for (MsdLayer& layer : work.layers) rounded.push_back(msd_pair_weights(layer.weight, layer.inputs, layout.taps())), layer.weight = rounded.back().data();
  PairGroups groups(network.dilations, network.width, together(kernels, layout));
  if (sums.size() < groups.floats(layout)) sums = Buffer<float>(), sums = Buffer<float>(groups.floats(layout));
  for (size_t i = 0; i < work.layers.size(); ++i) work.finish_pairs(groups, i, sums.data());
}

void msd_backward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, const float* stack, float* grad, bool into_input,
                  const std::vector<float*>& weight_grad, const std::vector<float*>& bias_grad, const ForEach& for_each) {
  MsdPieces groups = kernels.backward_groups(layout);
  int64_t taps = layout.taps(), first = into_input ? 0 : network.in_channels;
  Scratch scratch;
  Buffer<float> weight_sums(groups.count * network.inputs(network.depth() - 1) * taps * 16), bias_sums(groups.count * 16);
  for (int64_t i = network.depth() - 1; i >= 0; --i)
    for (int64_t j = network.width - 1; j >= 0; --j) {
      MsdLayer layer;
      layer.inputs = network.inputs(i), layer.output = layer.inputs + j;
      layer.dilation = network.dilations[size_t(i * network.width + j)];
      layer.weight = network.weight[size_t(i)] + j * layer.inputs * taps;
      for_each(groups.count, [&](int64_t group) { scratch.with(groups.scratch_floats, [&](float* mine) { kernels.backward(layout, layer, first, group, stack, grad, weight_sums.data(), bias_sums.data(), mine); }); });
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
