#include "restoration/restoration.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "restoration/phantom_test_support.h"
#include "restoration/slice_profile.h"

namespace tomograd {
namespace {

Restoration run(const RestoreSpec& spec, const Volume& observed, const Buffer<uint8_t>& known = {}, const RestoreHooks& hooks = {}) {
  return restore(spec, plan_restoration(spec, observed.geometry, 0), observed, known, Precision::f32, hooks);
}

Volume copy_of(const Volume& volume) {
  Volume copy{volume.geometry, Buffer<float>(volume.voxels.size())};
  std::copy(volume.voxels.begin(), volume.voxels.end(), copy.voxels.begin());
  return copy;
}

TEST(Restore, DenoisesInTheUnitsOfTheFile) {
  Volume clean = head_phantom({16, 20, 12});
  for (float& value : clean.voxels) value = 300 + 1000 * value;
  Volume noisy = with_noise(clean, 150, false);
  RestoreSpec spec = tiny_restoration();
  spec.iterations = 150;
  Restoration result = run(spec, noisy);
  EXPECT_GT(psnr_between(result.volume, clean), psnr_between(noisy, clean) + 3);
  EXPECT_EQ(result.volume.geometry.affine, noisy.geometry.affine);
  EXPECT_EQ(result.iterations, 150);
  EXPECT_EQ(result.stopped_by, "iterations");
  // What was removed is mostly the noise: the result is as far from the input as the noise is strong.
  EXPECT_NEAR(result.psnr_input, -20 * std::log10(150 / (result.scale.high - result.scale.low)), 1.5);
}

// The preset that sees the image against the one that grows it from noise, after the same few iterations of a volume large enough to learn from.
TEST(Restore, SeeingTheImageDenoisesInFewerIterations) {
  Volume clean = head_phantom({24, 24, 24}), noisy = with_noise(clean, 0.1, false);
  RestoreSpec spec = default_restoration("denoise", "small"), growing = default_restoration("inpaint", "small");
  growing.task = "denoise";
  for (RestoreSpec* of : {&spec, &growing}) of->iterations = 40, of->stop.rule = "none", of->precision = "f32";
  ASSERT_EQ(spec.code, "observed");
  ASSERT_EQ(growing.code, "noise");
  double grown = psnr_between(run(growing, noisy).volume, clean), seen = psnr_between(run(spec, noisy).volume, clean);
  EXPECT_GT(seen, grown + 1);
  EXPECT_GT(seen, psnr_between(noisy, clean) + 4);
  spec.tile = {24, 24, 16}, spec.iterations = 60;  // parts share the hidden voxels of the whole
  EXPECT_GT(psnr_between(run(spec, noisy).volume, clean), psnr_between(noisy, clean) + 4);
}

TEST(Restore, LbfgsFitsAndTakesFewerStepsThanAdam) {
  Volume clean = head_phantom({12, 14, 10});
  RestoreSpec spec = tiny_restoration();
  spec.perturbation = 0, spec.iterations = 40, spec.stop.rule = "none", spec.average = 0, spec.learning_rate = 0.01;
  double adam = run(spec, clean).psnr_input;
  spec.optimizer = "lbfgs";
  Restoration result = run(spec, clean);
  EXPECT_GT(result.psnr_input, adam);
  EXPECT_EQ(result.taken_back, 0);               // no step of a line search goes up
}

TEST(Restore, SuperresKeepsTheThickSlicesUnlessToldOtherwise) {
  Volume thick = head_phantom({6, 10, 8});
  RestoreSpec spec = tiny_restoration("superres");
  spec.axis = "z", spec.iterations = 5;
  auto farthest = [&](const Restoration& result) {
    Buffer<float> seen(thick.voxels.size());
    apply(slice_profile("box", 2, 0), result.volume.geometry.size, result.volume.voxels.data(), seen.data());
    double most = 0;
    for (int64_t i = 0; i < seen.size(); ++i) most = std::max(most, std::abs(double(seen[i]) - double(thick.voxels[i])));
    return most;
  };
  EXPECT_LT(farthest(run(spec, thick)), 1e-5);
  spec.keep_known = false;
  EXPECT_GT(farthest(run(spec, thick)), 0.05);
}

TEST(Restore, WatchingChangesNothing) {
  Volume noisy = with_noise(head_phantom({9, 12, 10}), 0.1, false);
  RestoreSpec spec = tiny_restoration();
  spec.iterations = 12;
  Restoration alone = run(spec, noisy);
  int64_t seen = 0;
  Volume last;
  RestoreHooks hooks;
  hooks.watch = [&](const RestoreIteration& at, const std::function<Volume()>& average) {
    EXPECT_EQ(at.iteration, ++seen);
    last = average();
  };
  Restoration watched = run(spec, noisy, {}, hooks);
  EXPECT_EQ(seen, 12);
  EXPECT_TRUE(std::equal(alone.volume.voxels.begin(), alone.volume.voxels.end(), watched.volume.voxels.begin()));
  EXPECT_TRUE(std::equal(last.voxels.begin(), last.voxels.end(), watched.volume.voxels.begin()));
}

TEST(Restore, SuperresBeatsRepeatedSlices) {
  Volume fine = head_phantom({16, 20, 12});
  RestoreSpec spec = tiny_restoration("superres");
  spec.iterations = 250;
  SliceProfile profile = slice_profile("box", 2, 0);
  Volume thick{{}, Buffer<float>(fine.voxels.size() / 2)};
  thick.geometry.size = {8, 20, 12};
  thick.geometry.affine[2] = {0, 0, 2, 0.5};
  apply(profile, fine.geometry.size, fine.voxels.data(), thick.voxels.data());
  Restoration result = run(spec, thick);
  EXPECT_EQ(result.volume.geometry.size, fine.geometry.size);
  EXPECT_TRUE(same_grid(result.volume.geometry, fine.geometry, 1e-9));
  Volume repeated = copy_of(fine);
  for (int64_t i = 0; i < repeated.voxels.size(); ++i) repeated.voxels[i] = thick.voxels[i / 480 * 240 + i % 240];
  EXPECT_GT(psnr_between(result.volume, fine), psnr_between(repeated, fine) + 0.5);
}

TEST(Restore, InpaintFillsAndKeepsWhatIsKnown) {
  Volume clean = head_phantom({16, 20, 12}), holed = copy_of(clean);
  Buffer<uint8_t> known(clean.voxels.size());
  Random random(5, "test/mask");
  double sum = 0, missing = 0;
  for (int64_t i = 0; i < known.size(); ++i) {
    known[i] = !random.chance(0.3);
    sum += clean.voxels[i];
    if (!known[i]) holed.voxels[i] = NAN, ++missing;
  }
  RestoreSpec spec = tiny_restoration("inpaint");
  spec.iterations = 150;
  auto error_of = [&](const Volume& volume) {
    double squares = 0;
    for (int64_t i = 0; i < known.size(); ++i)
      if (!known[i]) squares += std::pow(double(volume.voxels[i]) - clean.voxels[i], 2);
    return squares / missing;
  };
  Restoration result = run(spec, holed, known);
  for (int64_t i = 0; i < known.size(); ++i) ASSERT_TRUE(!known[i] || result.volume.voxels[i] == clean.voxels[i]);
  Volume flat = copy_of(clean);
  for (float& value : flat.voxels) value = float(sum / double(known.size()));
  EXPECT_LT(error_of(result.volume), error_of(flat) / 4);
  spec.keep_known = false;
  Restoration free = run(spec, holed, known);
  double moved = 0;
  for (int64_t i = 0; i < known.size(); ++i) moved += known[i] && free.volume.voxels[i] != clean.voxels[i];
  EXPECT_GT(moved, 1000);
}

TEST(Restore, RicianNoiseLeavesLessHazeInTheBackground) {
  Volume clean = head_phantom({12, 14, 10}), noisy = with_noise(clean, 0.08, true);
  auto haze = [&](const Volume& volume) {
    double sum = 0, count = 0;
    for (int64_t i = 0; i < volume.voxels.size(); ++i)
      if (clean.voxels[i] == 0) sum += volume.voxels[i], ++count;
    return sum / count;
  };
  RestoreSpec spec = tiny_restoration();
  spec.iterations = 300, spec.learning_rate = 0.03;
  double squares = haze(run(spec, noisy).volume);
  spec.noise = "rician";
  Restoration result = run(spec, noisy);
  EXPECT_NEAR(result.sigma, 0.08, 0.08 * 0.35);  // corners of 2x2x2 voxels
  EXPECT_NEAR(squares, 0.08 * std::sqrt(M_PI / 2), 0.03);
  EXPECT_LT(haze(result.volume), 0.75 * squares);
}

TEST(Restore, StopsOnRequestByTimeAndByItsRule) {
  Volume noisy = with_noise(head_phantom({12, 12, 12}), 0.1, false);
  RestoreSpec spec = tiny_restoration();
  std::stop_source source;
  ManualClock clock;
  RestoreHooks hooks;
  hooks.stop = source.get_token();
  hooks.clock = &clock;
  hooks.watch = [&](const RestoreIteration& at, const std::function<Volume()>&) {
    clock.advance(1);
    if (at.iteration == 5) source.request_stop();
  };
  Restoration stopped = run(spec, noisy, {}, hooks);
  EXPECT_EQ(stopped.stopped_by, "stop");
  EXPECT_EQ(stopped.iterations, 5);
  hooks.stop = {};
  spec.max_seconds = 10;
  Restoration timed = run(spec, noisy, {}, hooks);
  EXPECT_EQ(timed.stopped_by, "seconds");
  EXPECT_EQ(timed.iterations, 11);               // 10 s have passed when the eleventh is done
  spec.max_seconds = 0;
  for (const char* rule : {"holdout", "variance"}) {
    spec.iterations = 2000, spec.learning_rate = 0.03;
    spec.stop.rule = rule, spec.stop.window = 30, spec.stop.patience = 40;
    Restoration by_rule = run(spec, noisy);
    EXPECT_EQ(by_rule.stopped_by, rule);
    EXPECT_EQ(by_rule.iterations - by_rule.result_at, 40);
  }
}

TEST(Restore, RefusesWhatIsNotFinite) {
  Volume noisy = with_noise(head_phantom({8, 8, 8}), 0.1, false);
  noisy.voxels[100] = NAN;
  try {
    run(tiny_restoration(), noisy);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("1 voxels are not finite"), std::string::npos);
  }
}

TEST(Restore, ThinVolumes) {
  RestoreSpec spec = tiny_restoration();
  spec.iterations = 3;
  for (Extent size : {Extent{1, 9, 7}, Extent{2, 1, 5}, Extent{3, 6, 2}}) EXPECT_EQ(run(spec, with_noise(head_phantom(size), 0.1, false)).volume.geometry.size, size);
}

TEST(MeasureIteration, IsPositiveAndScales) {
  RestoreSpec spec = tiny_restoration();
  Geometry geometry;
  geometry.size = {60, 30, 20};
  IterationTime time = measure_iteration(spec, plan_restoration(spec, geometry, 0), Precision::f32);
  EXPECT_EQ(time.measured_on, (Extent{48, 30, 20}));
  EXPECT_GT(time.seconds, 0);
}

}  // namespace
}  // namespace tomograd
