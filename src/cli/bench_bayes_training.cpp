#include "cli/bench_bayes_training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "dataset/phantom.h"
#include "dataset/phantom_images.h"

namespace tomograd {
namespace {

constexpr size_t modalities = head_neck_modalities.size(), hidden_units = 16, voxel_classes = 3;
constexpr int64_t training_voxels = 320, validation_voxels = 1200, looks_at_each = 24;
constexpr double lesion_share = 0.35, noise_deviation = lesion_contrast / 4;  // the phantom's own is a fifth of the contrast

struct LabelledVoxel {
  std::array<float, modalities> intensity{};
  size_t label = 0;                              // 0 healthy, 1 GTV-T, 2 GTV-Ln
};

// Lesions lie in muscle or in lateral fat and are bright in the one modality that carries them, drawn by the phantom's own shares.
LabelledVoxel draw_voxel(Random& random) {
  LabelledVoxel voxel;
  if (random.chance(lesion_share)) voxel.label = random.chance(0.5) ? 1 : 2;
  const Tissue tissue = voxel.label == 1 ? Tissue::muscle : voxel.label == 2 ? Tissue::lateral_fat : Tissue(1 + random.below(int64_t(Tissue::count) - 1));
  const std::vector<double> shares = geometric_importance();
  double sum = 0;
  for (double share : shares) sum += share;
  size_t carrier = 0;
  for (double left = random.uniform(0, sum); carrier + 1 < modalities && left >= shares[carrier]; ++carrier) left -= shares[carrier];
  for (size_t m = 0; m < modalities; ++m) {
    const double lesion = voxel.label > 0 && m == carrier ? lesion_contrast : 0;
    voxel.intensity[m] = float((tissue_intensity(tissue, int(m)) * random.uniform(0.96, 1.04) + lesion + noise_deviation * random.normal() - 0.45) / 0.2);
  }
  return voxel;
}

std::vector<LabelledVoxel> draw_voxels(int64_t n, const char* purpose) {
  Random random(1, purpose);
  std::vector<LabelledVoxel> voxels;
  for (int64_t i = 0; i < n; ++i) voxels.push_back(draw_voxel(random));
  return voxels;
}

struct Perceptron {
  std::array<std::array<float, modalities + 1>, hidden_units> first{};       // the last of a row is its bias
  std::array<std::array<float, hidden_units + 1>, voxel_classes> second{};

  void forward(const LabelledVoxel& voxel, std::array<float, hidden_units>& inside, std::array<float, voxel_classes>& out) const {
    for (size_t h = 0; h < hidden_units; ++h) {
      float sum = first[h][modalities];
      for (size_t m = 0; m < modalities; ++m) sum += first[h][m] * voxel.intensity[m];
      inside[h] = sum < 0 ? 0 : sum;             // what is no number stays none
    }
    for (size_t c = 0; c < voxel_classes; ++c) {
      out[c] = second[c][hidden_units];
      for (size_t h = 0; h < hidden_units; ++h) out[c] += second[c][h] * inside[h];
    }
  }
  template <class Change>
  void each(Perceptron& other, const Change& change) {
    for (size_t h = 0; h < hidden_units; ++h)
      for (size_t m = 0; m <= modalities; ++m) change(first[h][m], other.first[h][m]);
    for (size_t c = 0; c < voxel_classes; ++c)
      for (size_t h = 0; h <= hidden_units; ++h) change(second[c][h], other.second[c][h]);
  }
};

Perceptron drawn_perceptron(Random& random) {
  Perceptron weights;
  for (auto& row : weights.first)
    for (size_t m = 0; m < modalities; ++m) row[m] = float(random.normal() * std::sqrt(2.0 / modalities));
  for (auto& row : weights.second)
    for (size_t h = 0; h < hidden_units; ++h) row[h] = float(random.normal() * std::sqrt(1.0 / hidden_units));
  return weights;
}

// Cross-entropy's gradient of one voxel, added.
void add_gradient(const Perceptron& weights, const LabelledVoxel& voxel, Perceptron& gradient) {
  std::array<float, hidden_units> inside;
  std::array<float, voxel_classes> out;
  weights.forward(voxel, inside, out);
  const float most = *std::max_element(out.begin(), out.end());
  float sum = 0;
  for (float& o : out) sum += o = std::exp(o - most);
  std::array<float, hidden_units> back{};
  for (size_t c = 0; c < voxel_classes; ++c) {
    const float error = out[c] / sum - (c == voxel.label ? 1.0f : 0.0f);
    for (size_t h = 0; h < hidden_units; ++h) gradient.second[c][h] += error * inside[h], back[h] += error * weights.second[c][h];
    gradient.second[c][hidden_units] += error;
  }
  for (size_t h = 0; h < hidden_units; ++h) {
    if (inside[h] == 0) continue;
    for (size_t m = 0; m < modalities; ++m) gradient.first[h][m] += back[h] * voxel.intensity[m];
    gradient.first[h][modalities] += back[h];
  }
}

double validation_error(const Perceptron& weights, const std::vector<LabelledVoxel>& voxels) {
  std::array<int64_t, voxel_classes> found{}, there{}, both{};
  std::array<float, hidden_units> inside;
  std::array<float, voxel_classes> out;
  for (const auto& voxel : voxels) {
    weights.forward(voxel, inside, out);
    const size_t said = size_t(std::max_element(out.begin(), out.end()) - out.begin());
    ++found[said], ++there[voxel.label], both[voxel.label] += said == voxel.label;
  }
  double dice = 0;
  for (size_t c = 1; c < voxel_classes; ++c) dice += 2 * double(both[c]) / double(found[c] + there[c]) / double(voxel_classes - 1);
  return 1 - dice;
}

}  // namespace

double voxel_training_error(const VoxelTraining& settings, uint64_t seed) {
  static const std::vector<LabelledVoxel> training = draw_voxels(training_voxels, "bench/voxels"), validation = draw_voxels(validation_voxels, "bench/validation voxels");
  Random random(seed, "bench/training");
  Perceptron weights = drawn_perceptron(random), speed{};
  const int64_t seen = training_voxels * looks_at_each;
  std::vector<size_t> order(training.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const float rate = float(settings.rate), decay = float(settings.decay), momentum = float(settings.momentum);
  for (int64_t at = 0; at < seen;) {
    Perceptron gradient{};
    const int64_t batch = std::min(settings.batch, seen - at);
    for (int64_t i = 0; i < batch; ++i, ++at) {
      const size_t k = size_t(at % training_voxels);
      if (k == 0)
        for (size_t j = order.size() - 1; j > 0; --j) std::swap(order[j], order[size_t(random.below(int64_t(j) + 1))]);
      add_gradient(weights, training[order[k]], gradient);
    }
    speed.each(gradient, [&](float& v, float g) { v = momentum * v + g / float(batch); });
    weights.each(speed, [&](float& w, float v) { w -= rate * (v + decay * w); });
  }
  double size = 0;
  weights.each(weights, [&](float w, float) { size += std::abs(w); });
  return std::isfinite(size) ? validation_error(weights, validation) : 1;
}

double mean_voxel_training_error(const VoxelTraining& settings) {
  constexpr int64_t seeds = 64;
  double sum = 0;
  for (int64_t i = 0; i < seeds; ++i) sum += voxel_training_error(settings, uint64_t{1'000'000'000} + uint64_t(i));
  return sum / double(seeds);
}

}  // namespace tomograd
