#include "nn/loss_scaler.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "nn/golden_test_support.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

LossScaleSpec scale_spec(const std::string& kind, double value = 0, int64_t interval = 0) {
  LossScaleSpec spec;
  spec.kind = kind, spec.value = value, spec.interval = interval;
  return spec;
}

void take_steps(LossScaler& scaler, int count, bool finite) {
  for (int i = 0; i < count; ++i) scaler.update(finite);
}

TEST(LossScaler, FollowsTorchAmp) {
  LossScaler scaler(scale_spec("dynamic"));
  EXPECT_EQ(scaler.scale(), 0x1p16);
  take_steps(scaler, 1999, true);
  EXPECT_EQ(scaler.scale(), 0x1p16);
  take_steps(scaler, 1, true);
  EXPECT_EQ(scaler.scale(), 0x1p17);             // the 2000th good step
  take_steps(scaler, 1999, true);
  take_steps(scaler, 1, false);
  EXPECT_EQ(scaler.scale(), 0x1p16);             // one step before it would have grown again
  take_steps(scaler, 1999, true);
  EXPECT_EQ(scaler.scale(), 0x1p16);             // and the count began anew
  take_steps(scaler, 1, true);
  EXPECT_EQ(scaler.scale(), 0x1p17);
  take_steps(scaler, 20, false);
  EXPECT_EQ(scaler.scale(), 0x1p-3);             // torch's scale may fall below 1
  EXPECT_EQ(scaler.skipped(), 21);
}

TEST(LossScaler, FollowsFp16Optimizer) {
  LossScaler scaler(scale_spec("dynamic_2e32"));
  EXPECT_EQ(scaler.scale(), 4294967296.0);
  for (int k = 31; k >= 0; --k) {
    EXPECT_TRUE(scaler.may_be_too_large());
    scaler.update(false);
    EXPECT_EQ(scaler.scale(), std::exp2(k));
  }
  EXPECT_FALSE(scaler.may_be_too_large());
  take_steps(scaler, 3, false);
  EXPECT_EQ(scaler.scale(), 1);                  // never below
  EXPECT_EQ(scaler.skipped(), 35);
  take_steps(scaler, 999, true);
  EXPECT_EQ(scaler.scale(), 1);
  take_steps(scaler, 1, true);
  EXPECT_EQ(scaler.scale(), 2);
}

TEST(LossScaler, AConstantStaysAndNoneIsOne) {
  LossScaler constant(scale_spec("constant", 1000)), by_default(scale_spec("constant")), none(scale_spec("none", 1000));
  for (LossScaler* scaler : {&constant, &by_default, &none}) {
    take_steps(*scaler, 5, false);
    take_steps(*scaler, 5000, true);
    EXPECT_FALSE(scaler->may_be_too_large());
    EXPECT_EQ(scaler->skipped(), 5);
  }
  EXPECT_EQ(constant.scale(), 1000);
  EXPECT_EQ(by_default.scale(), 0x1p16);
  EXPECT_EQ(none.scale(), 1);
  at::Tensor loss = hashed(1, {3}).requires_grad_();
  EXPECT_TRUE(none.scaled(loss).is_same(loss));  // nothing is computed where nothing is scaled
  constant.scaled(loss).sum().backward();
  EXPECT_TRUE(at::equal(loss.grad(), at::full({3}, 1000.0f)));
}

// Torch's own update on the same patterns of overflow, from where its scale nears the end of float32 to where it is small.
TEST(LossScaler, AgreesWithTorchOnRandomOverflows) {
  int64_t grown = 0, fallen = 0;
  for (uint64_t pattern = 0; pattern < 24; ++pattern) {
    Random random(1, "overflows", 0, pattern);
    int64_t interval = 1 + random.below(5);
    double chance = random.uniform(0, 0.5), first = std::exp2(60 + random.below(60)) * (pattern % 3 == 0 ? 1.1 : 1);
    LossScaler ours(scale_spec("dynamic", first, interval));
    at::Tensor scale = at::full({1}, float(first)), tracker = at::zeros({1}, at::kInt), found = at::zeros({1});
    for (int step = 0; step < 300; ++step) {
      bool finite = !random.chance(chance);
      found.fill_(finite ? 0.0f : 1.0f);
      double before = ours.scale();
      at::_amp_update_scale_(scale, tracker, found, 2.0, 0.5, interval);
      ours.update(finite);
      ASSERT_EQ(ours.scale(), double(scale.item<float>())) << "pattern " << pattern << " step " << step;
      ASSERT_EQ(ours.good_steps(), tracker.item<int>()) << "pattern " << pattern << " step " << step;
      ASSERT_GT(ours.scale(), 0x1p-120) << "the pattern leaves the range in which torch has no bound and we have one";
      grown += ours.scale() > before, fallen += ours.scale() < before;
    }
  }
  EXPECT_GT(grown, 500);
  EXPECT_GT(fallen, 500);
}

TEST(LossScaler, GoesOnFromItsState) {
  LossScaleSpec spec = scale_spec("dynamic", 0x1p20 * 1.3, 7);
  LossScaler whole(spec), first(spec), second(spec);
  Random random(1, "resumed");
  for (int step = 0; step < 100; ++step) {
    bool finite = !random.chance(0.1);
    whole.update(finite);
    (step < 43 ? first : second).update(finite);
    if (step == 42) second.restore(parse_json(to_json(first.state(), false), "state"));
  }
  EXPECT_EQ(second.state(), whole.state());
  Value damaged = first.state();
  damaged["scale"] = 0.0;
  EXPECT_THROW(second.restore(damaged), Error);
  damaged["scale"] = 1.0, damaged["skipped"] = int64_t{-1};
  EXPECT_THROW(second.restore(damaged), Error);
  EXPECT_EQ(second.state(), whole.state());      // a refused state changes nothing
  Value small = first.state();
  small["scale"] = 0.5;
  LossScaler never_below_one(scale_spec("dynamic_2e32"));
  EXPECT_THROW(never_below_one.restore(small), Error);
}

NamedTensors scaled_parameters() { return {{"a.weight", hashed(40, {3, 2, 1, 1, 2}).requires_grad_()}, {"b.bias", hashed(41, {5}).requires_grad_()}}; }

void give_scaled_gradients(NamedTensors& parameters, double factor) {
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].second.mutable_grad() = hashed(50 + i, parameters[i].second.sizes()) * factor;
}

// Multiplying by a power of two and dividing again is exact, with accumulation, penalties and clipping behind it.
TEST(LossScaler, APowerOfTwoLeavesNoTrace) {
  for (std::string kind : {"sgd", "adam", "adamw", "deepmedic_rmsprop"})
    for (int64_t accumulated : {1, 3})
      for (double scale : {0x1p16, 0x1p100, 0x1p-8}) {
        OptimizerSpec spec;
        spec.kind = kind, spec.clip_norm = 0.2;
        NamedTensors plain = scaled_parameters(), scaled = scaled_parameters();
        Optimizer a(spec, plain, 1e-3, 1e-2), b(spec, scaled, 1e-3, 1e-2);
        for (int step = 0; step < 3; ++step) {
          give_scaled_gradients(plain, 1), give_scaled_gradients(scaled, scale);
          EXPECT_EQ(a.step(0.01, accumulated), b.step(0.01, accumulated, scale));
        }
        for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(at::equal(plain[i].second, scaled[i].second)) << kind << " " << accumulated << " " << scale;
      }
}

// Plain descent from 0 at rate 1 makes the weight minus the gradient: what torch's own unscaling leaves, to the bit.
TEST(LossScaler, UnscalesAsTorchDoes) {
  OptimizerSpec spec;
  spec.kind = "sgd", spec.momentum = 0, spec.weight_decay = 0;
  for (double scale : {1000.0, 3.0, 65536.0, 12345.678}) {
    at::Tensor weight = at::zeros({1000}).requires_grad_(), scaled = hashed(60, {1000}) * scale, torchs = scaled.clone();
    weight.mutable_grad() = scaled;
    Optimizer optimizer(spec, {{"w", weight}});
    optimizer.step(1, 1, scale);
    at::Tensor found = at::zeros({1}), inverse = at::full({1}, float(1 / scale));
    std::vector<at::Tensor> list = {torchs};
    at::_amp_foreach_non_finite_check_and_unscale_(list, found, inverse);
    EXPECT_TRUE(at::equal(weight.detach(), -torchs)) << scale;
    EXPECT_EQ(found.item<float>(), 0);
  }
}

TEST(LossScaler, AnOverflowAnywhereIsSeenAfterUnscaling) {
  OptimizerSpec spec;
  for (float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (int64_t place : {0, 11}) {
      NamedTensors parameters = scaled_parameters();
      at::Tensor before = parameters[0].second.detach().clone();
      Optimizer optimizer(spec, parameters);
      give_scaled_gradients(parameters, 0x1p100);
      parameters[0].second.mutable_grad().view(-1)[place] = bad;
      EXPECT_FALSE(std::isfinite(optimizer.step(0.1, 2, 0x1p100)));
      EXPECT_TRUE(at::equal(parameters[0].second, before));
    }
}

TEST(LossScaler, NarrowGradientsAreRefused) {
  for (auto type : {at::kHalf, at::kBFloat16}) {
    NamedTensors parameters = {{"w", hashed(70, {4}).to(type).requires_grad_()}};
    Optimizer optimizer(OptimizerSpec(), parameters);
    parameters[0].second.mutable_grad() = hashed(71, {4}).to(type);
    EXPECT_THROW(optimizer.step(0.1, 1, 0x1p16), Error);
  }
}

}  // namespace
}  // namespace tomograd
