#include "sampling/patch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "kernels/cpu_isa.h"
#include "sampling/patch_queue.h"
#include "sampling/sampling_test_cohort.h"

namespace tomograd {
namespace {

struct Made {
  Buffer<float> image;
  Buffer<uint8_t> labels;
  Made(const TestCohort& cohort, Extent patch) : image(int64_t(cohort.channels.size()) * patch.voxels(), NAN), labels(patch.voxels(), 77) {}
  bool operator==(const Made& other) const { return std::memcmp(image.data(), other.image.data(), size_t(image.size()) * 4) == 0 && std::memcmp(labels.data(), other.labels.data(), size_t(labels.size())) == 0; }
};

Made fast(const TestCohort& cohort, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation, bool stream = false) {
  Made made(cohort, patch);
  PatchWorkspace workspace;
  render_patch(*cohort.sources[size_t(place.case_index)], place, patch, augmentation, stream, workspace, made.image.data(), made.labels.data());
  return made;
}

Made plain(const TestCohort& cohort, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation) {
  Made made(cohort, patch);
  render_patch_reference(*cohort.sources[size_t(place.case_index)], place, patch, augmentation, made.image.data(), made.labels.data());
  return made;
}

AugmentSpec nothing() {
  AugmentSpec spec;
  spec.flip = {0, 0, 0};
  spec.noise = spec.brightness = spec.contrast = 0;
  return spec;
}

// Odd sizes, patches over block borders, over every face, around the whole volume, and clean outside it.
const std::vector<std::pair<Extent, Extent>> places_and_sizes = {
    {{0, 0, 0}, {8, 16, 16}},   {{3, 5, 7}, {11, 17, 23}},    {{-4, -5, -6}, {13, 13, 13}}, {{22, 30, 27}, {17, 19, 21}}, {{7, 15, 15}, {2, 2, 2}},
    {{12, 20, 9}, {1, 1, 1}},   {{-10, -10, -10}, {60, 64, 64}}, {{-30, 0, 0}, {16, 16, 16}}, {{5, 0, -40}, {9, 9, 33}},     {{4, 3, 0}, {5, 7, 37}},
};

TEST(Patch, PlainIsACopyOfTheVolume) {
  TestCohort cohort = TestCohort::mixed();
  const PreparedCase& item = cohort.cases[0];
  const Extent size = item.geometry.size;
  AugmentSpec off;
  off.enabled = false;
  for (const auto& [begin, patch] : places_and_sizes) {
    Made made(cohort, patch);
    make_patch(*cohort.sources[0], {0, 0, begin}, patch, off, cohort.channels, 1, 0, made.image.data(), made.labels.data());
    for (int64_t z = 0, i = 0; z < patch.z; ++z)
      for (int64_t y = 0; y < patch.y; ++y)
        for (int64_t x = 0; x < patch.x; ++x, ++i) {
          Extent at = begin + Extent{z, y, x};
          bool inside = Box{{0, 0, 0}, size}.contains(at);
          int64_t from = (at.z * size.y + at.y) * size.x + at.x;
          for (int64_t c = 0; c < 2; ++c) ASSERT_EQ(made.image[c * patch.voxels() + i], inside ? item.images[size_t(c)][from] : -7.0f - float(c));
          ASSERT_EQ(made.labels[i], inside ? item.labels[from] : not_counted);
        }
  }
}

TEST(Patch, FastEqualsReference) {
  TestCohort cohort = TestCohort::mixed();
  AugmentSpec noisy = nothing(), steps = nothing();
  noisy.flip = {0.5, 0.5, 0.5}, noisy.noise = noisy.brightness = 1;
  steps = noisy;
  steps.noise = steps.brightness = steps.contrast = steps.blur = steps.low_resolution = steps.gamma = steps.gamma_inverted = 0.5;
  steps.channel_dropout = 0.3;
  const CpuIsa before = current_isa();
  for (CpuIsa isa : all_isas) {
    if (isa > best_isa()) continue;
    force_isa(isa);
    int64_t number = 0;
    for (const auto& [begin, patch] : places_and_sizes)
      for (const AugmentSpec& spec : {nothing(), noisy, steps})
        for (bool stream : {false, true}) {
          auto augmentation = draw_augmentation(spec, cohort.channels, 3, ++number);
          EXPECT_TRUE(fast(cohort, {0, 0, begin}, patch, augmentation, stream) == plain(cohort, {0, 0, begin}, patch, augmentation))
              << isa_name(isa) << " begin " << begin.z << " " << begin.y << " " << begin.x << " patch " << to_string(patch) << " number " << number;
        }
  }
  force_isa(before);
}

TEST(Patch, FlipsMirror) {
  TestCohort cohort = TestCohort::mixed();
  const Extent patch{5, 6, 33};
  const PatchPlace place{0, 0, {9, 12, 2}};
  PatchAugmentation straight = draw_augmentation(nothing(), cohort.channels, 1, 1), turned = straight;
  turned.flip = {true, false, true};
  Made a = fast(cohort, place, patch, straight), b = fast(cohort, place, patch, turned);
  for (int64_t z = 0; z < 5; ++z)
    for (int64_t y = 0; y < 6; ++y)
      for (int64_t x = 0; x < 33; ++x) {
        ASSERT_EQ(b.image[(z * 6 + y) * 33 + x], a.image[((4 - z) * 6 + y) * 33 + 32 - x]);
        ASSERT_EQ(b.labels[(z * 6 + y) * 33 + x], a.labels[((4 - z) * 6 + y) * 33 + 32 - x]);
      }
}

TEST(Patch, IdentityAffineIsThePlainCrop) {
  TestCohort cohort = TestCohort::mixed();
  AugmentSpec still = nothing();
  still.rotate = still.scale = 1;
  still.rotate_degrees = 0;
  still.scale_range = {1, 1};
  for (const auto& flip : {std::vector<double>{0, 0, 0}, {1, 1, 1}, {0, 1, 0}})
    for (const auto& [begin, patch] : places_and_sizes) {
      AugmentSpec crop = nothing();
      crop.flip = still.flip = flip;
      auto moved = draw_augmentation(still, cohort.channels, 1, 5);
      ASSERT_TRUE(moved.affine);
      EXPECT_TRUE(fast(cohort, {0, 0, begin}, patch, moved) == fast(cohort, {0, 0, begin}, patch, draw_augmentation(crop, cohort.channels, 1, 5))) << to_string(patch);
    }
}

TEST(Patch, TransposingExchangesRowsAndColumns) {
  TestCohort cohort = TestCohort::mixed();
  AugmentSpec turn = nothing();
  turn.transpose = 1;
  const Extent patch{5, 14, 14};                 // transposed about its middle it stays where it is
  for (const auto& flip : {std::vector<double>{0, 0, 0}, {1, 0, 1}, {0, 1, 0}}) {
    turn.flip = flip;
    AugmentSpec straight = nothing();
    straight.flip = {flip[0], flip[2], flip[1]};   // mirror first: what lies along x in the patch lies along y in the volume
    Made a = fast(cohort, {0, 0, {3, 4, 7}}, patch, draw_augmentation(straight, cohort.channels, 1, 1));
    Made b = fast(cohort, {0, 0, {3, 4, 7}}, patch, draw_augmentation(turn, cohort.channels, 1, 1));
    for (int64_t z = 0; z < 5; ++z)
      for (int64_t y = 0; y < 14; ++y)
        for (int64_t x = 0; x < 14; ++x) {
          ASSERT_EQ(b.image[(z * 14 + y) * 14 + x], a.image[(z * 14 + x) * 14 + y]) << z << " " << y << " " << x;
          ASSERT_EQ(b.labels[(z * 14 + y) * 14 + x], a.labels[(z * 14 + x) * 14 + y]);
        }
  }
}

TEST(Augmentation, TheEightDihedralTransformsAreAsLikely) {
  AugmentSpec spec = nothing(), without = nothing();
  spec.flip = without.flip = {0, 0.5, 0.5};
  spec.transpose = 0.5;
  constexpr int n = 4000;
  int seen[8] = {};
  for (int64_t i = 0; i < n; ++i) {
    auto a = draw_augmentation(spec, {"a"}, 5, i);
    EXPECT_EQ(a.flip, draw_augmentation(without, {"a"}, 5, i).flip);
    EXPECT_EQ(a.affine, a.matrix[1][2] == 1);
    ++seen[a.flip[1] * 4 + a.flip[2] * 2 + a.affine];
  }
  for (int count : seen) EXPECT_NEAR(count / double(n), 0.125, 4 * std::sqrt(0.125 * 0.875 / n));
}

TEST(Patch, AffineAgreesWithTheReference) {
  TestCohort cohort;
  cohort.channels = {"T1w"};
  cohort.add("smooth", {40, 44, 52}, [](int64_t z, int64_t y, int64_t x) { return (z / 7 + y / 9 + x / 5) % 3; });
  Buffer<float> wave(int64_t{40} * 44 * 52);
  for (int64_t i = 0; i < wave.size(); ++i) wave[i] = std::sin(float(i % 52) * 0.2f) + std::cos(float(i / 52 % 44) * 0.15f);
  auto source = make_memory_blocks({40, 44, 52}, {wave.data()}, cohort.cases[0].labels.data(), {0.0f});
  cohort.sources[0] = source.get();
  AugmentSpec spec = nothing();
  spec.rotate = spec.scale = 1;
  spec.flip = {0.5, 0.5, 0.5};
  for (int64_t number = 0; number < 12; ++number) {
    if (number == 6) spec.scale_range = {0.1, 0.2}, spec.rotate_degrees = 180;  // source boxes far larger than the volume
    const Extent patch{21, 30, 35};
    const PatchPlace place{0, 0, {number, 5, number * 2 - 4}};
    auto augmentation = draw_augmentation(spec, cohort.channels, 2, number);
    Made a = fast(cohort, place, patch, augmentation), b = plain(cohort, place, patch, augmentation);
    int64_t other_labels = 0;
    // Coordinates are floats below 256 and 32 steps of a rounded slope: off by at most 2^-16; the image changes by at most
    // 2.3 per voxel (at the volume's face).
    for (int64_t i = 0; i < patch.voxels(); ++i) {
      ASSERT_NEAR(a.image[i], b.image[i], 3 * 2.3 * 0x1p-16) << number << " " << i;
      other_labels += a.labels[i] != b.labels[i];
    }
    EXPECT_LE(other_labels, 3 * 2 * 22050 * 0x1p-16 + 3);  // only voxels that close to half way between two labels
  }
}

TEST(Patch, ZoomEnlarges) {
  TestCohort cohort;
  cohort.add("bar", {32, 32, 32}, [](int64_t, int64_t, int64_t x) { return x >= 12 && x < 20 ? 1 : 0; });
  PatchAugmentation augmentation = draw_augmentation(nothing(), cohort.channels, 1, 1);
  augmentation.affine = true;
  for (size_t a = 0; a < 3; ++a) augmentation.matrix[a][a] = 0.5;  // zoom 2
  Made made = fast(cohort, {0, 0, {0, 0, 0}}, cube(32), augmentation);
  int64_t ones = 0;
  for (int64_t i = 0; i < 32; ++i) ones += made.labels[16 * 32 * 32 + 16 * 32 + i] == 1;
  EXPECT_EQ(ones, 16);
}

TEST(Patch, CasesWithoutLabelsCountNowhere) {
  TestCohort cohort;
  cohort.add("bare", {20, 20, 20}, nullptr);
  Made made = fast(cohort, {0, -1, {0, 0, 0}}, cube(8), draw_augmentation(nothing(), cohort.channels, 1, 1));
  for (uint8_t label : made.labels) EXPECT_EQ(label, not_counted);
}

TEST(Augmentation, ChannelsHaveTheirOwnNumbers) {
  AugmentSpec spec;
  spec.noise = spec.brightness = spec.contrast = spec.blur = spec.gamma = 0.7;
  spec.rotate = spec.scale = 0.5;
  TestCohort both = TestCohort::mixed(), one;
  for (int64_t number = 0; number < 50; ++number) {
    auto all = draw_augmentation(spec, {"T1w", "ADC", "ve"}, 4, number), some = draw_augmentation(spec, {"ve", "T1w"}, 4, number);
    EXPECT_EQ(all.flip, some.flip);
    EXPECT_EQ(all.matrix, some.matrix);
    for (auto [a, b] : {std::pair{0, 1}, {2, 0}}) {
      const auto &x = all.channels[size_t(a)], &y = some.channels[size_t(b)];
      EXPECT_EQ(x.noise.key, y.noise.key);
      EXPECT_EQ(x.noise.stream, y.noise.stream);
      EXPECT_EQ(x.noise_sigma, y.noise_sigma);
      EXPECT_EQ(x.brightness, y.brightness);
      EXPECT_EQ(x.contrast, y.contrast);
      EXPECT_EQ(x.blur_sigma, y.blur_sigma);
      EXPECT_EQ(x.gamma, y.gamma);
    }
    EXPECT_NE(all.channels[0].noise.key, all.channels[1].noise.key);
    // Another probability of another step moves nothing else.
    AugmentSpec other = spec;
    other.blur = 0, other.rotate = 1;
    auto changed = draw_augmentation(other, {"T1w", "ADC", "ve"}, 4, number);
    EXPECT_EQ(changed.channels[1].noise_sigma, all.channels[1].noise_sigma);
    EXPECT_EQ(changed.channels[1].gamma, all.channels[1].gamma);
    EXPECT_EQ(changed.flip, all.flip);
  }
}

TEST(Augmentation, HappensAsOftenAsAsked) {
  AugmentSpec spec = nothing();
  spec.flip = {0.5, 0, 1};
  spec.noise = 0.3;
  spec.noise_variance = 0.4;
  spec.channel_dropout = 0.6;
  constexpr int n = 4000;
  double flips = 0, noisy = 0, variance = 0, dropped = 0;
  for (int64_t i = 0; i < n; ++i) {
    auto a = draw_augmentation(spec, {"a", "b", "c", "d"}, 5, i);
    flips += a.flip[0];
    EXPECT_FALSE(a.flip[1]);
    EXPECT_TRUE(a.flip[2]);
    noisy += a.channels[0].noise_sigma > 0;
    variance += double(a.channels[0].noise_sigma) * double(a.channels[0].noise_sigma);
    int gone = 0;
    for (const auto& c : a.channels) gone += c.dropped;
    EXPECT_LT(gone, 4);
    dropped += gone;
  }
  EXPECT_NEAR(flips / n, 0.5, 4 * std::sqrt(0.25 / n));
  EXPECT_NEAR(noisy / n, 0.3, 4 * std::sqrt(0.21 / n));
  EXPECT_NEAR(variance / noisy, 0.2, 4 * 0.4 / std::sqrt(12.0 * noisy));
  EXPECT_NEAR(dropped / n, 4 * 0.6 - std::pow(0.6, 4), 4 * std::sqrt(4 * 0.24 / n));
  spec.flip = {1, 1};
  EXPECT_THROW(draw_augmentation(spec, {"a"}, 1, 1), Error);
}

TEST(Augmentation, NoiseHasItsDeviation) {
  TestCohort cohort = TestCohort::mixed();
  auto augmentation = draw_augmentation(nothing(), cohort.channels, 1, 1);
  augmentation.channels[1].noise_sigma = 0.5f;
  const Extent patch{20, 31, 33};
  Made clean = fast(cohort, {0, 0, {0, 0, 0}}, patch, draw_augmentation(nothing(), cohort.channels, 1, 1)), noisy = fast(cohort, {0, 0, {0, 0, 0}}, patch, augmentation);
  const int64_t n = patch.voxels();
  double mean = 0, square = 0;
  for (int64_t i = 0; i < n; ++i) {
    ASSERT_EQ(noisy.image[i], clean.image[i]);
    double d = double(noisy.image[n + i]) - double(clean.image[n + i]);
    mean += d / double(n), square += d * d / double(n);
  }
  EXPECT_NEAR(mean, 0, 4 * 0.5 / std::sqrt(double(n)));
  EXPECT_NEAR(square, 0.25, 4 * 0.25 * std::sqrt(2 / double(n)));
}

}  // namespace
}  // namespace tomograd
