// The kernels of blend.h, one vector of voxels at a time with the classes inside.
#include "kernels/blend.h"
#include "kernels/noise_lanes.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr float log2_of_e = 1.44269504f;
constexpr float smallest_power = -126.0f;  // below it 2^y is no normal number any more; 1e-38 is no probability worth having

inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }

// Logits of `count` <= lanes voxels as vectors; missing voxels repeat the first.
inline void gather(const LogitRow& row, int64_t classes, int64_t first, int64_t count, float (*into)[lanes]) {
  for (int64_t c = 0; c < classes; ++c) {
    const float* from = row.logits + c * row.class_stride + first * row.voxel_stride;
    for (int64_t i = 0; i < count; ++i) into[c][i] = from[i * row.voxel_stride];
    for (int64_t i = count; i < lanes; ++i) into[c][i] = from[0];
  }
}

}  // namespace

bool add_probabilities(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step) {
  alignas(64) float logits[most_blend_classes][lanes];
  Floats check = all(0);
  for (int64_t first = 0; first < count; first += lanes) {
    int64_t here = count - first < lanes ? count - first : lanes;
    bool direct = here == lanes && row.voxel_stride == 1;
    if (!direct) gather(row, classes, first, here, logits);
    auto logit = [&](int64_t c) { return load(direct ? row.logits + c * row.class_stride + first : logits[c]); };

    Floats largest = logit(0);
    for (int64_t c = 0; c < classes; ++c) {
      check += logit(c) * 0.0f;  // stays 0 unless a logit is infinite or NaN
      largest = larger(largest, logit(c));
    }
    Floats sum = all(0);
    for (int64_t c = 0; c < classes; ++c) {
      Floats e = exp2_of(larger((logit(c) - largest) * log2_of_e, all(smallest_power)));
      sum += e;
      store(logits[c], e);
    }
    if (here == lanes) {
      Floats scale = load(weights + first) * row_weight / sum;
      for (int64_t c = 1; c < classes; ++c) {
        float* to = into + (c - 1) * class_step + first;
        store(to, load(to) + scale * load(logits[c]));
      }
    } else {
      alignas(64) float total[lanes];
      store(total, sum);
      for (int64_t i = 0; i < here; ++i) {
        float scale = weights[first + i] * row_weight / total[i];
        for (int64_t c = 1; c < classes; ++c) into[(c - 1) * class_step + first + i] += scale * logits[c][i];
      }
    }
  }
  Ints wrong = check != check;
  int32_t any = 0;
  for (int i = 0; i < lanes; ++i) any |= wrong[i];
  return any == 0;
}

void take_labels(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    Floats best = load(totals + i) * row_total;
    for (int64_t c = 1; c < classes; ++c) best -= load(sums + (c - 1) * class_step + i);
    Ints label = Ints{};
    for (int64_t c = 1; c < classes; ++c) {
      float* at = sums + (c - 1) * class_step + i;
      Floats value = load(at);
      label = value > best ? Ints{} + int32_t(c) : label;
      best = larger(value, best);
      store(at, all(0));
    }
    for (int l = 0; l < lanes; ++l) labels[i + l] = uint8_t(label[l]);
  }
  take_labels_reference(sums + i, class_step, classes, count - i, row_total, totals + i, labels + i);
}

}  // namespace tomograd::TOMOGRAD_ISA
