#include "restoration/image_prior.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "restoration/phantom_test_support.h"

namespace tomograd {
namespace {

struct Fixture {
  RestoreSpec spec;
  RestorePlan plan;
  ObservedVoxels observation;
  Fixture(const RestoreSpec& wanted, const Volume& observed) : spec(wanted), plan(plan_restoration(wanted, observed.geometry, 0)) {
    observation.voxels = Buffer<float>(observed.voxels.size());
    std::copy(observed.voxels.begin(), observed.voxels.end(), observation.voxels.begin());
  }
  ImagePrior prior() const { return ImagePrior(spec, plan, observation, Precision::f32); }
};

std::vector<at::Tensor> copies(const NamedTensors& tensors) {
  std::vector<at::Tensor> list;
  for (const auto& [name, tensor] : tensors) list.push_back(tensor.detach().clone());
  return list;
}

void expect_equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i], b[i])) << "tensor " << i;
}

void spoil(ImagePrior& prior, double by) {
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : prior.network().parameters())
    if (name.rfind("result", 0) == 0) tensor.add_(by);
}

TEST(ImagePrior, ABadStepIsTakenBackWithItsMoments) {
  Fixture fit(tiny_restoration(), with_noise(head_phantom({16, 20, 12}), 0.05, false));
  ImagePrior prior = fit.prior();
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(prior.step().accepted);
  for (double by : {40.0, double(NAN)}) {
    auto weights = copies(prior.network().parameters()), moments = copies(prior.optimizer().state());
    FitStep good = prior.step();               // accepted; what it found is what comes back
    ASSERT_TRUE(good.accepted);
    int64_t before = prior.taken_back();
    Buffer<float> average(fit.plan.restored.size.voxels()), after(average.size());
    prior.write(false, average.data());
    spoil(prior, by);
    FitStep bad = prior.step();
    EXPECT_FALSE(bad.accepted);
    EXPECT_FALSE(bad.psnr >= good.psnr - fit.spec.backtrack_db);
    EXPECT_EQ(prior.taken_back(), before + 1);
    expect_equal(copies(prior.network().parameters()), weights);
    expect_equal(copies(prior.optimizer().state()), moments);
    prior.write(false, after.data());
    EXPECT_TRUE(std::equal(average.begin(), average.end(), after.begin()));  // the bad output is not in it
    EXPECT_TRUE(prior.step().accepted);
  }
}

TEST(ImagePrior, ABadStepOfLbfgsIsTakenBackToo) {
  RestoreSpec spec = tiny_restoration();
  spec.optimizer = "lbfgs", spec.perturbation = 0;
  Fixture fit(spec, with_noise(head_phantom({16, 20, 12}), 0.05, false));
  ImagePrior prior = fit.prior();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(prior.step().accepted);
  auto weights = copies(prior.network().parameters());
  ASSERT_TRUE(prior.step().accepted);
  spoil(prior, 40);
  EXPECT_FALSE(prior.step().accepted);
  expect_equal(copies(prior.network().parameters()), weights);
  EXPECT_TRUE(prior.step().accepted);
}

TEST(ImagePrior, WithoutBacktrackingABadStepStays) {
  RestoreSpec spec = tiny_restoration();
  spec.backtrack_db = 0;
  Fixture fit(spec, with_noise(head_phantom({16, 20, 12}), 0.05, false));
  ImagePrior prior = fit.prior();
  for (int i = 0; i < 25; ++i) prior.step();
  spoil(prior, 40);
  EXPECT_TRUE(prior.step().accepted);
}

TEST(ImagePrior, EqualRunsGiveEqualBits) {
  Fixture fit(tiny_restoration(), with_noise(head_phantom({11, 13, 9}), 0.05, false));
  Buffer<float> results[2] = {Buffer<float>(fit.plan.restored.size.voxels()), Buffer<float>(fit.plan.restored.size.voxels())};
  for (Buffer<float>& result : results) {
    ImagePrior prior = fit.prior();
    for (int i = 0; i < 6; ++i) prior.step();
    prior.write(false, result.data());
  }
  EXPECT_TRUE(std::equal(results[0].begin(), results[0].end(), results[1].begin()));
}

TEST(ImagePrior, TilesShareOneNetworkAndAllImprove) {
  RestoreSpec spec = tiny_restoration();
  spec.tile = {16, 12, 12};
  Fixture fit(spec, head_phantom({16, 30, 12}));
  ASSERT_GT(fit.plan.tiles.count(), 2);
  ImagePrior prior = fit.prior();
  std::vector<double> first, last;
  for (int round = 0; round < 40; ++round)
    for (int64_t tile = 0; tile < fit.plan.tiles.count(); ++tile) {
      FitStep step = prior.step();
      EXPECT_EQ(step.round_over, tile + 1 == fit.plan.tiles.count());
      if (round == 0) first.push_back(step.psnr);
      if (round == 39) last.push_back(step.psnr);
    }
  for (size_t i = 0; i < first.size(); ++i) EXPECT_GT(last[i], first[i] + 3) << "tile " << i;
}

TEST(ImagePrior, VarianceFallsWhileTheImageForms) {
  RestoreSpec spec = tiny_restoration();
  spec.perturbation = 0;                         // whose own variance never falls
  Fixture fit(spec, head_phantom({16, 20, 12}));
  ImagePrior prior = fit.prior();
  for (int i = 0; i < 15; ++i) prior.step();
  double early = prior.variance();
  for (int i = 0; i < 135; ++i) prior.step();
  EXPECT_GT(early, 0);
  EXPECT_LT(prior.variance(), early / 2);
}

}  // namespace
}  // namespace tomograd
