// The plain form of msd_conv.h's kernels, in the order that every form keeps; the adjoint sums in double.
#include <bit>
#include <cmath>

#include "kernels/msd_adjoint.h"
#include "kernels/msd_conv.h"

namespace tomograd {
namespace {

// Calls use(weight index of the tap, place in the channel or -1 outside) in the order ky, kx, kz.
template <class Use>
void each_tap(const MsdLayout& layout, int64_t dilation, int64_t z, int64_t y, int64_t x, Use&& use) {
  for (int64_t ky = 0; ky < (layout.flat ? 1 : 3); ++ky)
    for (int64_t kx = 0; kx < 3; ++kx)
      for (int64_t kz = 0; kz < 3; ++kz) {
        int64_t at_z = msd_place(layout, z + (kz - 1) * dilation, layout.size.z), at_y = layout.flat ? 0 : msd_place(layout, y + (ky - 1) * dilation, layout.size.y), at_x = msd_place(layout, x + (kx - 1) * dilation, layout.size.x);
        use((kz * (layout.flat ? 1 : 3) + ky) * 3 + kx, at_z < 0 || at_y < 0 || at_x < 0 ? -1 : layout.at(0, at_z, at_y, at_x));
      }
}

MsdPieces forward_pieces(const MsdLayout&, const Box& box, int64_t) { return {box.size.z, 0}; }

// The chain of multiply-adds of one voxel goes on over channels [first, end).
float summed(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t end, const float* stack, bool pairs, float sum, int64_t z, int64_t y, int64_t x) {
  for (int64_t c = first; c < end; ++c)
    each_tap(layout, layer.dilation, z, y, x, [&](int64_t tap, int64_t at) {
      float w = layer.weight[c * layout.taps() + tap], v = at < 0 ? 0.0f : stack[c * layout.channel + at];
      if (!pairs) {
        sum = std::fma(v, w, sum);
        return;
      }
      uint32_t vs = std::bit_cast<uint32_t>(v), ws = std::bit_cast<uint32_t>(w);
      sum = std::fma(from_bf16(uint16_t(vs >> 16)), from_bf16(uint16_t(ws >> 16)), sum);
      sum = std::fma(from_bf16(uint16_t(vs)), from_bf16(uint16_t(ws)), sum);
    });
  return sum;
}

template <class Store>
void forward_plane(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, bool pairs, int64_t output, Store&& keep) {
  int64_t z = box.begin.z + piece, channels = pairs ? ceil_div(layer.inputs, 2) : layer.inputs;
  for (int64_t y = box.begin.y; y < box.end().y; ++y) {
    for (int64_t x = box.begin.x; x < box.end().x; ++x) {
      float& own = stack[layout.at(output, z, y, x)];
      float sum = summed(layout, layer, layer.first, channels, stack, pairs, layer.first ? own : layer.bias, z, y, x);
      keep(own, sum > 0 ? sum : 0.0f);
    }
    msd_pad_row(layout, stack + layout.at(output, z, y, 0), box.begin.x == 0, box.end().x == layout.size.x);
  }
}

void forward(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, float*) {
  forward_plane(layout, layer, box, piece, stack, false, layer.output, [](float& to, float value) { to = value; });
}

MsdPieces forward_bf16_pieces(const MsdLayout&, const MsdLayer*, int64_t, const Box& box) { return {box.size.z, 0}; }

void forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t, const Box& box, int64_t piece, float* pairs, float*) {
  const MsdLayer& layer = layers[0];
  bool high = layer.output % 2;
  forward_plane(layout, layer, box, piece, pairs, true, layer.output / 2, [high](float& to, float value) {
    uint32_t bits = to_bf16(value);
    to = std::bit_cast<float>(high ? (std::bit_cast<uint32_t>(to) & 0xffffu) | bits << 16 : bits);
  });
}

MsdPieces push_pieces(const MsdLayout&, const Box& box, int64_t, int64_t) { return {box.size.z, 0}; }

void push(const MsdLayout& layout, const MsdLayer* layers, int64_t count, int64_t end, const Box& box, int64_t piece, float* stack, float*) {
  int64_t z = box.begin.z + piece;
  for (const MsdLayer* layer = layers; layer < layers + count; ++layer)
    for (int64_t y = box.begin.y; y < box.end().y; ++y)
      for (int64_t x = box.begin.x; x < box.end().x; ++x) {
        float& own = stack[layout.at(layer->output, z, y, x)];
        own = summed(layout, *layer, layer->first, end, stack, false, layer->first ? own : layer->bias, z, y, x);
      }
}

MsdPieces backward_groups(const MsdLayout&) { return {1, 0}; }

void backward(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t, const float* stack, float* grad, float* weight_sums, float* bias_sums, float*) {
  int64_t taps = layout.taps();
  std::vector<double> dw(size_t(layer.inputs * taps), 0.0), dx(size_t(layer.inputs * layout.channel), 0.0);
  double db = 0;
  for (int64_t z = 0; z < layout.size.z; ++z)
    for (int64_t y = 0; y < layout.size.y; ++y)
      for (int64_t x = 0; x < layout.size.x; ++x) {
        int64_t own = layout.at(layer.output, z, y, x);
        double g = stack[own] > 0 ? grad[own] : 0;
        db += g;
        each_tap(layout, layer.dilation, z, y, x, [&](int64_t tap, int64_t at) {
          for (int64_t c = 0; at >= 0 && c < layer.inputs; ++c) {
            dw[size_t(c * taps + tap)] += g * stack[c * layout.channel + at];
            dx[size_t(c * layout.channel + at)] += g * layer.weight[c * taps + tap];
          }
        });
      }
  for (int64_t c = first; c < layer.inputs; ++c)
    for (int64_t i = 0; i < layout.channel; ++i)
      if (double sum = dx[size_t(c * layout.channel + i)]; sum != 0) grad[c * layout.channel + i] = float(grad[c * layout.channel + i] + sum);
  for (int64_t i = 0; i < layer.inputs * taps; ++i)
    for (int64_t lane = 0; lane < 16; ++lane) weight_sums[i * 16 + lane] = lane ? 0.0f : float(dw[size_t(i)]);
  for (int64_t lane = 0; lane < 16; ++lane) bias_sums[lane] = lane ? 0.0f : float(db);
}

const MsdKernels reference = {forward_pieces, forward, 1, forward_bf16_pieces, forward_bf16, push_pieces, push, backward_groups, backward};

}  // namespace

const MsdKernels& msd_reference() { return reference; }

}  // namespace tomograd
