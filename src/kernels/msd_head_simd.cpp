// The kernels of msd_head.h for one instruction set. Bound by reading the stack once.
#include <algorithm>

#include "kernels/msd_head.h"
#include "kernels/vec.h"

namespace tomograd::TOMOGRAD_ISA {

extern const MsdHeadKernels msd_head_kernels;

namespace {

constexpr int64_t lanes = Vec::lanes;

template <class Use>
void each_vector(int64_t n, Use&& use) {
  for (int64_t x = 0; x < n; x += lanes) use(x, std::min(lanes, n - x));
}

template <class Load>
void forward_rows(const MsdLayout& layout, const MsdHead& head, int64_t z, float* out, int64_t step, Load&& add_channels) {
  int64_t n = layout.size.x, volume = layout.size.voxels();
  for (int64_t y = 0; y < layout.size.y; ++y) {
    float* row = out + (z * layout.size.y + y) * n;
    for (int64_t k = 0; k < head.classes; ++k) std::fill(row + k * volume, row + k * volume + n, head.bias[k]);
    for (int64_t c = 0; c < head.channels; c += step) add_channels(c, y, row, volume, n);
  }
}

void forward(const MsdLayout& layout, const MsdHead& head, const float* stack, int64_t z, float* out) {
  forward_rows(layout, head, z, out, 1, [&](int64_t c, int64_t y, float* row, int64_t volume, int64_t n) {
    const float* from = stack + layout.at(c, z, y, 0);
    each_vector(n, [&](int64_t x, int64_t count) {
      Vec value = load_first(from + x, count);
      for (int64_t k = 0; k < head.classes; ++k) {
        float* to = row + k * volume + x;
        store_first(to, fused(value, broadcast(head.weight[k * head.channels + c]), load_first(to, count)), count);
      }
    });
  });
}

void forward_bf16(const MsdLayout& layout, const MsdHead& head, const float* pairs, int64_t z, float* out) {
  forward_rows(layout, head, z, out, 2, [&](int64_t c, int64_t y, float* row, int64_t volume, int64_t n) {
    const float* from = pairs + layout.at(c / 2, z, y, 0);
    bool both = c + 1 < head.channels;
    each_vector(n, [&](int64_t x, int64_t count) {
      Vec pair = load_first(from + x, count), low = low_as_float(pair), high = high_as_float(pair);
      for (int64_t k = 0; k < head.classes; ++k) {
        float* to = row + k * volume + x;
        const float* w = head.weight + k * head.channels + c;
        Vec sum = fused(low, broadcast(w[0]), load_first(to, count));
        store_first(to, both ? fused(high, broadcast(w[1]), sum) : sum, count);
      }
    });
  });
}

float total(Vec v) {
  float each[lanes], sum = 0;
  store(each, v);
  for (float one : each) sum += one;
  return sum;
}

void backward(const MsdLayout& layout, const MsdHead& head, const float* stack, const float* g, int64_t z, float* grad, float* weight_sums, float* bias_sums) {
  int64_t n = layout.size.x, volume = layout.size.voxels();
  std::fill(weight_sums, weight_sums + head.classes * head.channels, 0.0f);
  std::fill(bias_sums, bias_sums + head.classes, 0.0f);
  for (int64_t y = 0; y < layout.size.y; ++y) {
    const float* above = g + (z * layout.size.y + y) * n;
    for (int64_t k = 0; k < head.classes; ++k) {
      Vec sum = broadcast(0);
      each_vector(n, [&](int64_t x, int64_t count) { sum = add(sum, load_first(above + k * volume + x, count)); });
      bias_sums[k] += total(sum);
    }
    for (int64_t c = 0; c < head.channels; ++c) {
      const float* from = stack + layout.at(c, z, y, 0);
      float* to = grad + layout.at(c, z, y, 0);
      each_vector(n, [&](int64_t x, int64_t count) {
        Vec sum = broadcast(0);
        for (int64_t k = 0; k < head.classes; ++k) sum = fused(load_first(above + k * volume + x, count), broadcast(head.weight[k * head.channels + c]), sum);
        store_first(to + x, sum, count);
      });
      for (int64_t k = 0; k < head.classes; ++k) {
        Vec sum = broadcast(0);
        each_vector(n, [&](int64_t x, int64_t count) { sum = fused(load_first(above + k * volume + x, count), load_first(from + x, count), sum); });
        weight_sums[k * head.channels + c] += total(sum);
      }
    }
  }
}

}  // namespace

const MsdHeadKernels msd_head_kernels = {forward, forward_bf16, backward};

}  // namespace tomograd::TOMOGRAD_ISA
