#include "nn/gradient_report.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "nn/golden_test_support.h"

namespace tomograd {
namespace {

HalfFate fate_by_conversion(float magnitude) {
  float half = at::full({1}, magnitude).to(at::kHalf).to(at::kFloat).item<float>();
  if (std::isinf(half)) return HalfFate::overflow;
  if (half == 0) return magnitude == 0 ? HalfFate::normal : HalfFate::flushed;
  return half < 0x1p-14f ? HalfFate::subnormal : HalfFate::normal;
}

TEST(GradientReport, FatesAreThoseOfTheConversion) {
  std::vector<float> magnitudes = {0};
  for (float edge : {65504.0f, 65520.0f, 0x1p-14f, 0x1p-14f - 0x1p-25f, 0x1p-24f, 0x1p-25f, 1.0f})
    for (float near : {edge, std::nextafter(edge, 0.0f), std::nextafter(edge, 1e30f)}) magnitudes.push_back(near);
  Random random(1, "magnitudes");
  for (int i = 0; i < 2000; ++i) magnitudes.push_back(float(std::exp2(random.uniform(-30, 20))));
  std::map<HalfFate, int> seen;
  for (float magnitude : magnitudes) {
    EXPECT_EQ(half_fate(magnitude), fate_by_conversion(magnitude)) << std::hexfloat << magnitude;
    ++seen[half_fate(magnitude)];
  }
  for (HalfFate fate : {HalfFate::normal, HalfFate::subnormal, HalfFate::flushed, HalfFate::overflow}) EXPECT_GT(seen[fate], 50);
}

NamedTensors with_gradients() {
  float infinite = std::numeric_limits<float>::infinity();
  NamedTensors parameters = {{"down.conv.weight", at::zeros({5}).requires_grad_()}, {"down.conv.bias", at::zeros({2}).requires_grad_()}, {"head.weight", at::zeros({3}).requires_grad_()},
                             {"idle.weight", at::zeros({3}).requires_grad_()}};
  parameters[0].second.mutable_grad() = at::tensor({0x1p10f, -0x1.8p10f, 0x1p-4f, 0x1p-12f, 0.0f});   // with a scale of 2^16
  parameters[1].second.mutable_grad() = at::tensor({0x1p18f, infinite});
  parameters[2].second.mutable_grad() = at::tensor({1.0f, 0x1p-10f, 0x1p-20f});
  return parameters;
}

TEST(GradientReport, CountsPerLayerWithAndWithoutTheScale) {
  GradientReport report = gradient_report(with_gradients(), 1, 0x1p16);
  ASSERT_EQ(report.layers.size(), 2u);           // weight and bias are one layer; what has no gradient is none
  const LayerGradients &down = report.layers[0], &head = report.layers[1];
  EXPECT_EQ(down.layer, "down.conv");
  EXPECT_EQ(down.values, 7);
  EXPECT_EQ(down.zeros, 1);
  EXPECT_EQ(down.not_finite, 1);
  EXPECT_EQ(std::accumulate(down.histogram.begin(), down.histogram.end(), int64_t{0}), 5);
  auto at_exponent = [](const LayerGradients& layer, int exponent) { return layer.histogram[size_t(exponent - LayerGradients::lowest_exponent)]; };
  EXPECT_EQ(at_exponent(down, -6), 2);           // 2^10 and 1.5 2^10 of the scaled ones
  EXPECT_EQ(at_exponent(down, -20), 1);
  EXPECT_EQ(at_exponent(down, -28), 1);
  EXPECT_EQ(at_exponent(down, 2), 1);
  EXPECT_EQ(down.unscaled.subnormal, 1);         // 2^-20
  EXPECT_EQ(down.unscaled.flushed, 1);           // 2^-28
  EXPECT_EQ(down.unscaled.overflow, 0);
  EXPECT_EQ(down.scaled.subnormal, 0);
  EXPECT_EQ(down.scaled.flushed, 0);
  EXPECT_EQ(down.scaled.overflow, 1);            // 2^18
  EXPECT_EQ(head.unscaled.subnormal, 1);         // 2^-16
  EXPECT_EQ(head.unscaled.flushed, 2);
  EXPECT_EQ(head.scaled.subnormal, 1);           // 2^-20
  EXPECT_EQ(gradient_report(with_gradients(), 4, 0x1p16).layers[0].scaled.overflow, 1);  // the mean of four batches is 2^16 still,
  EXPECT_EQ(gradient_report(with_gradients(), 8, 0x1p16).layers[0].scaled.overflow, 0);  // that of eight 2^15
}

TEST(GradientReport, IsWrittenWithSharesAndTheFilledPartOfTheHistogram) {
  Value value = gradient_report_value(gradient_report(with_gradients(), 1, 0x1p16));
  EXPECT_EQ(value.at("loss_scale").as_number(), 65536);
  const Value& down = value.at("layers").as_list()[0];
  EXPECT_EQ(down.at("lowest_exponent").as_integer(), -28);
  ASSERT_EQ(down.at("histogram").as_list().size(), 31u);
  EXPECT_EQ(down.at("histogram").as_list()[22].as_integer(), 2);
  EXPECT_EQ(down.at("unscaled").at("flushed").as_integer(), 1);
  EXPECT_DOUBLE_EQ(down.at("unscaled").at("flushed_share").as_number(), 0.2);
  EXPECT_DOUBLE_EQ(down.at("scaled").at("overflow_share").as_number(), 0.2);
  NamedTensors zero = {{"w", at::zeros({3}).requires_grad_()}};
  zero[0].second.mutable_grad() = at::zeros({3});
  Value nothing = gradient_report_value(gradient_report(zero, 1, 1));
  EXPECT_EQ(nothing.at("layers").as_list()[0].find("lowest_exponent"), nullptr);
  EXPECT_EQ(nothing.at("layers").as_list()[0].at("unscaled").at("overflow_share").as_number(), 0);
}

TEST(GradientReport, TheSentenceNamesRangeAndWorstLayer) {
  std::string line = gradients_line("gradients of weights", gradient_report(with_gradients(), 1, 0x1p16).layers, 0x1p16);
  EXPECT_EQ(line.rfind("gradients of weights lie", 0), 0u) << line;
  EXPECT_NE(line.find("between 2^-36 and 2^3"), std::string::npos) << line;
  EXPECT_NE(line.find("multiplied by 65536"), std::string::npos) << line;
  EXPECT_NE(line.find("most is lost in down.conv, 33.3 %"), std::string::npos) << line;  // one overflows, one has, of six that are not zero
}

}  // namespace
}  // namespace tomograd
