#include "sampling/augmentation.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace tomograd {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 3; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

Matrix rotation(int axis, double degrees) {      // in the plane of the two other axes
  double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  auto p = size_t((axis + 1) % 3), q = size_t((axis + 2) % 3);
  Matrix m{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  m[p][p] = c, m[p][q] = -s, m[q][p] = s, m[q][q] = c;
  return m;
}

// Half of the draws below 1 and half above (for a range that has both sides), so that darker is as frequent as brighter.
double two_sided(Random& random, double low, double high) {
  bool below = random.chance(0.5);
  double where = random.uniform();
  if (low >= 1 || high <= 1) return low + (high - low) * where;
  return below ? low + (1 - low) * where : 1 + (high - 1) * where;
}

ChannelAugmentation draw_channel(const AugmentSpec& spec, const std::string& name, uint64_t seed, int64_t number, const std::array<bool, 8>& on, double noise_variance, double* dropout) {
  Random random(seed, "augment/channel/" + name, 0, uint64_t(number));
  ChannelAugmentation c;
  // Every number is drawn whether it is used or not: a step that is switched on moves none of the others.
  c.noise.key = random.bits64();
  c.noise.stream = random.bits64();
  *dropout = random.uniform();
  bool blur_here = random.chance(0.5), low_here = random.chance(0.5);
  double blur = random.uniform(0.5, 1.0), brightness = random.uniform(0.75, 1.25), contrast = random.uniform(0.75, 1.25), zoom = random.uniform(0.5, 1.0);
  double inverted = two_sided(random, 0.7, 1.5), gamma = two_sided(random, 0.7, 1.5);
  c.dropped = *dropout < spec.channel_dropout;
  if (on[0]) c.noise_sigma = float(std::sqrt(noise_variance));
  if (on[1] && blur_here) c.blur_sigma = blur;
  if (on[2]) c.brightness = float(brightness);
  if (on[3]) c.contrast = contrast;
  if (on[4] && low_here) c.zoom = zoom;
  if (on[5]) c.gamma_inverted = inverted;
  if (on[6]) c.gamma = gamma;
  return c;
}

}  // namespace

PatchAugmentation draw_augmentation(const AugmentSpec& spec, const std::vector<std::string>& channel_names, uint64_t seed, int64_t number) {
  PatchAugmentation patch;
  patch.channels.resize(channel_names.size());
  if (!spec.enabled) return patch;
  if (spec.flip.size() != 3) fail_input(text("augment.flip has ", spec.flip.size(), " numbers, must have 3 (Z, Y, X)"));
  if (spec.scale_range.size() != 2 || spec.scale_range[0] > spec.scale_range[1]) fail_input("augment.scale_range must be two numbers, the smaller first");

  Random space(seed, "augment/space", 0, uint64_t(number));
  for (size_t axis = 0; axis < 3; ++axis) patch.flip[axis] = space.chance(spec.flip[axis]);
  bool rotate = space.chance(spec.rotate), scale = space.chance(spec.scale);
  Matrix turned{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (int axis = 0; axis < 3; ++axis) turned = product(turned, rotation(axis, space.uniform(-spec.rotate_degrees, spec.rotate_degrees)));
  double zoom = two_sided(space, spec.scale_range[0], spec.scale_range[1]);
  patch.affine = rotate || scale;
  if (rotate) patch.matrix = turned;
  if (scale)
    for (auto& row : patch.matrix)
      for (double& v : row) v /= zoom;           // zoom 2 shows things twice as large

  // A stream of its own, so that the other draws are what they were before there was transposition.
  if (Random(seed, "augment/transpose", 0, uint64_t(number)).chance(spec.transpose)) {
    patch.affine = true;
    for (auto& row : patch.matrix) std::swap(row[1], row[2]);
  }

  Random steps(seed, "augment/steps", 0, uint64_t(number));
  std::array<bool, 8> on{};
  const double chances[] = {spec.noise, spec.blur, spec.brightness, spec.contrast, spec.low_resolution, spec.gamma_inverted, spec.gamma};
  for (size_t i = 0; i < 7; ++i) on[i] = steps.chance(chances[i]);
  double variance = steps.uniform(0, spec.noise_variance);

  size_t kept = 0;
  double best = -1;
  for (size_t c = 0; c < channel_names.size(); ++c) {
    double dropout = 0;
    patch.channels[c] = draw_channel(spec, channel_names[c], seed, number, on, variance, &dropout);
    if (dropout > best) best = dropout, kept = c;
  }
  if (!patch.channels.empty()) patch.channels[kept].dropped = false;  // the likeliest survivor; a patch of nothing teaches nothing
  return patch;
}

}  // namespace tomograd
