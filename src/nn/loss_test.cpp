#include "nn/loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "nn/golden_test_support.h"

namespace tomograd {
namespace {

at::Tensor logits_of_golden() { return (4 * hashed(7, {2, 3, 5, 6, 7})).to(at::kDouble); }
at::Tensor labels_of_golden() { return ((hashed(8, {2, 5, 6, 7}) + 0.5) * 4).to(at::kLong).clamp_max(2).to(at::kByte); }

void check(const std::string& name, const LossSpec& spec, at::Tensor labels, double tolerance = 1e-12) {
  at::Tensor expected = golden("losses.safetensors").tensors.at(name);
  at::Tensor z = logits_of_golden().requires_grad_();
  at::Tensor value = loss(spec, {z}, {1}, labels, nullptr);
  value.backward();
  EXPECT_NEAR(value.item<double>(), expected[0].item<double>(), tolerance) << name;
  double product = (z.grad() * hashed(9, z.sizes())).sum().item<double>();
  EXPECT_NEAR(product, expected[1].item<double>(), tolerance) << name;
  // Training computes in float32: about 1e-7 of values near 1.
  EXPECT_NEAR(loss(spec, {z.detach().to(at::kFloat)}, {1}, labels, nullptr).item<double>(), expected[0].item<double>(), 1e-5) << name;
}

LossSpec loss_of_kind(const std::string& kind) {
  LossSpec spec;
  spec.kind = kind;
  return spec;
}

TEST(Loss, GoldenValuesAndGradients) {
  LossSpec spec = loss_of_kind("dice_ce");
  spec.include_background = true;
  spec.batch_dice = false;
  check("dice_ce", spec, labels_of_golden());
  spec = loss_of_kind("dice_ce");
  spec.dice_weight = 0.7;
  spec.ce_weight = 1.3;
  check("dice_ce_weighted", spec, labels_of_golden());
  check("dice", loss_of_kind("dice"), labels_of_golden());
  spec = loss_of_kind("generalized_dice");
  spec.include_background = true;
  check("generalized_dice", spec, labels_of_golden(), 1e-8);  // MONAI computes the class weights in float32
  spec = loss_of_kind("ce");
  spec.class_weights = {0.5, 2, 3};
  check("ce_weighted", spec, labels_of_golden());
}

TEST(Loss, VoxelsLabelled255DoNotCount) {
  at::Tensor labels = labels_of_golden();
  labels.slice(1, 1, 3).slice(2, 2).slice(3, 0, 4).fill_(255);
  check("ce_masked", loss_of_kind("ce"), labels);
  LossSpec spec = loss_of_kind("dice");
  spec.include_background = true;
  spec.batch_dice = false;
  check("dice_masked", spec, labels);
  spec = loss_of_kind("deepmedic");
  spec.class_weights = {0.5, 2, 3};
  check("deepmedic", spec, labels);
  at::Tensor z = logits_of_golden().requires_grad_();
  at::Tensor nothing = loss(loss_of_kind("dice_ce"), {z}, {1}, at::full_like(labels, 255), nullptr);
  nothing.backward();
  EXPECT_EQ(z.grad().abs().max().item<double>(), 0);
  EXPECT_TRUE(std::isfinite(nothing.item<double>()));
}

// Every kind, with masks, class weights and heads of three sizes, against central differences. In float64 a difference of step
// h errs by h^2 f'''/6 + eps f/h, about 1e-10 for h = 1e-5.
TEST(Loss, GradientsAreThoseOfFiniteDifferences) {
  at::Tensor labels = labels_of_golden();
  labels.slice(3, 5).fill_(255);
  for (std::string kind : {"dice_ce", "dice", "ce", "generalized_dice", "deepmedic"})
    for (bool batch_dice : {false, true}) {
      LossSpec spec = loss_of_kind(kind);
      spec.batch_dice = batch_dice;
      spec.smooth = 0.3;
      spec.class_weights = {0.5, 2, 3};
      std::vector<at::Tensor> heads = {(3 * hashed(1, {2, 3, 3, 4, 5})).to(at::kDouble), (3 * hashed(2, {2, 3, 2, 2, 3})).to(at::kDouble)};
      for (auto& h : heads) h.requires_grad_();
      auto value = [&] { return loss(spec, heads, {1, 0.5}, labels, nullptr); };
      value().backward();
      double largest = 0, worst = 0;
      for (auto& h : heads) {
        at::Tensor flat = h.detach().view(-1), gradient = h.grad().reshape(-1);
        for (int64_t i = 0; i < flat.numel(); ++i) {
          double at_i = flat[i].item<double>(), step = 1e-5;
          flat[i] = at_i + step;
          double up = value().item<double>();
          flat[i] = at_i - step;
          double down = value().item<double>();
          flat[i] = at_i;
          double slope = (up - down) / (2 * step), exact = gradient[i].item<double>();
          largest = std::max(largest, std::abs(exact));
          worst = std::max(worst, std::abs(slope - exact));
        }
      }
      EXPECT_GT(largest, 1e-4) << kind;
      EXPECT_LT(worst, 1e-6 * largest) << kind << " batch_dice " << batch_dice;
    }
}

TEST(Loss, SmallerHeadsSeeTheCentreOrEverySecondVoxel) {
  at::Tensor labels = at::zeros({1, 6, 6, 6}, at::kByte);
  labels.slice(1, 2, 4).slice(2, 2, 4).slice(3, 2, 4).fill_(1);
  at::Tensor sure = at::zeros({1, 2, 2, 2, 2});
  sure.select(1, 1).fill_(50);
  EXPECT_LT(loss(loss_of_kind("ce"), {sure}, {1}, labels, nullptr).item<double>(), 1e-6);
  at::Tensor full = at::zeros({1, 2, 6, 6, 6}), half = at::zeros({1, 2, 3, 3, 3});
  half.select(1, 0).fill_(50);
  half[0].slice(1, 1, 2).slice(2, 1, 2).slice(3, 1, 2).copy_(at::tensor({0.0, 50.0}).view({2, 1, 1, 1}));
  double both = loss(loss_of_kind("ce"), {full, half}, {2, 1}, labels, nullptr).item<double>();
  EXPECT_NEAR(both, 2.0 / 3 * std::log(2.0), 1e-6);
}

TEST(Loss, ExtremeLogitsStayFinite) {
  at::Tensor z = at::zeros({1, 2, 1, 1, 3});
  z.view({2, 3}).copy_(at::tensor({1e4, -1e4, 0.0, -1e4, 1e4, 0.0}).view({2, 3}));
  z.requires_grad_();
  for (std::string kind : {"dice_ce", "deepmedic"}) {
    z.mutable_grad() = at::Tensor();
    at::Tensor value = loss(loss_of_kind(kind), {z}, {1}, at::tensor({1, 0, 1}, at::kByte).view({1, 1, 1, 3}), nullptr);
    value.backward();
    EXPECT_TRUE(std::isfinite(value.item<double>()));
    EXPECT_TRUE(z.grad().isfinite().all().item<bool>());
  }
}

TEST(Loss, RefusesWhatIsWrong) {
  at::Tensor z = at::zeros({1, 2, 1, 1, 3}), bad = at::full({1, 1, 1, 3}, 2, at::kByte);
  EXPECT_THROW(loss(loss_of_kind("ce"), {z}, {1}, bad, nullptr), Error);
  LossSpec spec = loss_of_kind("ce");
  spec.class_weights = {1, 1, 1};
  EXPECT_THROW(loss(spec, {z}, {1}, at::zeros_like(bad), nullptr), Error);
}

TEST(Loss, PartsAreNamed) {
  LossParts parts;
  loss(loss_of_kind("dice_ce"), {at::zeros({1, 2, 1, 1, 3})}, {1}, at::zeros({1, 1, 1, 3}, at::kByte), &parts);
  ASSERT_EQ(parts.parts.size(), 2u);
  EXPECT_EQ(parts.parts[0].first, "dice_loss");
  EXPECT_EQ(parts.parts[1].first, "cross_entropy");
  EXPECT_NEAR(parts.parts[1].second, std::log(2.0), 1e-6);
}

}  // namespace
}  // namespace tomograd
