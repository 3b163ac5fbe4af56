#include "kernels/msd_cuda_fragments.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

int hidden_dilation(const MsdNetwork& network, int channel) { return int(network.dilations[size_t(channel - network.in_channels)]); }

MsdPush push_of(const MsdNetwork& network, int block, int dilation, std::vector<int> to) {
  MsdPush push{block, dilation, std::move(to), {}};
  for (int ky = 0; ky < 3; ++ky)
    for (int kx = 0; kx < 3; ++kx)
      for (int kz = 0; kz < 3; ++kz)
        for (int lane = 0; lane < msd_lanes; ++lane)
          for (int half = 0; half < 2; ++half) {
            size_t column = size_t(lane / 4);
            int from = block * msd_block_channels + half * 8 + lane % 4 * 2;
            auto w = [&](int c) { return column < push.channels.size() ? msd_weight(network, push.channels[column], c, kz, ky, kx) : 0.0f; };
            push.weights.push_back(bf16_pair(w(from), w(from + 1)));
          }
  return push;
}

MsdOwn own_of(const MsdNetwork& network, int channel) {
  int block = channel / msd_block_channels, first = block * msd_block_channels, hidden = channel - int(network.in_channels);
  int layer = hidden / int(network.width), read = std::max(0, int(network.inputs(layer)) - first);
  MsdOwn own{channel, hidden_dilation(network, channel), read, read > 8 ? 2 : 1, network.bias[size_t(layer)][hidden % network.width], {}};
  for (int row = 0; row < 4; ++row)
    for (int kx = 0; kx < 3; ++kx)
      for (int lane = 0; lane < msd_lanes; ++lane)
        for (int half = 0; half < own.halves; ++half) {
          int column = lane / 4, ky = row - column % 2, kz = column / 2;  // column 2 kz + row of the pair
          int from = first + half * 8 + lane % 4 * 2;
          auto w = [&](int c) { return column < 6 && ky >= 0 && ky < 3 && c - first < read ? msd_weight(network, channel, c, kz, ky, kx) : 0.0f; };
          own.weights.push_back(bf16_pair(w(from), w(from + 1)));
        }
  return own;
}

}  // namespace

float msd_weight(const MsdNetwork& network, int to, int from, int kz, int ky, int kx) {
  int64_t hidden = to - network.in_channels, layer = hidden / network.width, j = hidden % network.width, inputs = network.inputs(layer);
  return from < inputs ? network.weight[size_t(layer)][(j * inputs + from) * 27 + (kz * 3 + ky) * 3 + kx] : 0.0f;
}

MsdFragments msd_fragments(const MsdNetwork& given) {
  MsdNetwork network = given;
  std::vector<std::vector<float>> rounded;       // as the processor's kernels round them, so that bf16_pair() changes nothing
  for (int64_t i = 0; i < network.depth(); ++i) {
    std::vector<uint16_t> words = msd_rounded_weights(given.weight[size_t(i)], network.width * network.inputs(i), 27);
    rounded.emplace_back();
    for (uint16_t w : words) rounded.back().push_back(from_bf16(w));
    network.weight[size_t(i)] = rounded.back().data();
  }
  MsdFragments all;
  all.in_channels = int(network.in_channels), all.channels = int(network.channels());
  if (all.in_channels > msd_block_channels) fail_input(text("a network of ", all.in_channels, " input channels; the CUDA form takes at most ", msd_block_channels));
  all.blocks = (all.channels + msd_block_channels - 1) / msd_block_channels;
  all.own.resize(size_t(all.blocks)), all.push.resize(size_t(all.blocks));
  for (int c = all.in_channels; c < all.channels; ++c) all.own[size_t(c / msd_block_channels)].push_back(own_of(network, c));
  for (int b = 0; b < all.blocks; ++b) {
    std::map<int, std::vector<int>> later;
    for (int c = std::max((b + 1) * msd_block_channels, all.in_channels); c < all.channels; ++c) later[hidden_dilation(network, c)].push_back(c);
    for (auto& [dilation, channels] : later)
      for (size_t first = 0; first < channels.size(); first += msd_columns)
        all.push[size_t(b)].push_back(push_of(network, b, dilation, {channels.begin() + int64_t(first), channels.begin() + int64_t(std::min(channels.size(), first + msd_columns))}));
  }
  return all;
}

}  // namespace tomograd
