#include "evaluation/paired_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(PairedStatistics, TheClassicExampleIsExact) {
  Wilcoxon w = wilcoxon_signed_rank({6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75});
  EXPECT_EQ(w.w_minus, 24);
  EXPECT_EQ(w.w_plus, 96);
  EXPECT_EQ(w.p_two_sided, 0.041259765625);
  EXPECT_TRUE(w.exact);
}

TEST(PairedStatistics, SmallestReachableP) {
  for (int n = 1; n <= 50; ++n) {
    std::vector<double> all_up;
    for (int i = 1; i <= n; ++i) all_up.push_back(i * 0.125);
    EXPECT_EQ(wilcoxon_signed_rank(all_up).p_two_sided, smallest_p(n)) << n;
  }
  EXPECT_EQ(smallest_p(6), 0.03125);
  EXPECT_EQ(smallest_p(0), 1);
  EXPECT_EQ(wilcoxon_signed_rank({0, 0}).p_two_sided, 1);
  EXPECT_EQ(wilcoxon_signed_rank({0, 0, 3}).n, 1);
  EXPECT_THROW(wilcoxon_signed_rank({1, std::nan("")}), Error);
}

TEST(PairedStatistics, AgreesWithScipyAndEnumeration) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/evaluation/statistics.txt");
  std::string kind;
  size_t lists, length;
  int cases = 0;
  while (in >> kind >> lists) {
    ++cases;
    std::vector<std::vector<double>> data(lists);
    for (auto& list : data) {
      in >> length;
      list.resize(length);
      for (auto& v : list) in >> v;
    }
    auto expect = [&](double ours) {
      double golden;
      in >> golden;
      EXPECT_NEAR(ours, golden, 1e-13 * std::max(1.0, std::abs(golden))) << kind << " of " << data[0].size();  // sums of at most 80 terms
    };
    if (kind == "wilcoxon") expect(wilcoxon_signed_rank(data[0]).p_two_sided);
    else if (kind == "kendall") expect(kendall_tau(data[0], data[1]));
    else if (kind == "hodges_lehmann") {
      Interval i = hodges_lehmann(data[0]);
      expect(i.estimate), expect(i.low), expect(i.high), expect(i.coverage);
    } else {
      VarianceParts parts = variance_parts(data);
      expect(parts.patient), expect(parts.seed);
    }
    ASSERT_TRUE(in.good());
  }
  EXPECT_EQ(cases, 14);
}

TEST(PairedStatistics, TheIntervalSaysWhatFewPairsCanOffer) {
  Interval three = hodges_lehmann({1, 2, 4});
  EXPECT_EQ(three.low, 1);
  EXPECT_EQ(three.high, 4);
  EXPECT_EQ(three.coverage, 0.75);
  EXPECT_EQ(three.estimate, 2.25);  // 1 1.5 2 2.5 3 4
  EXPECT_EQ(hodges_lehmann({1, 2, 3, 4, 5, 6}).coverage, 0.96875);
  EXPECT_TRUE(std::isnan(hodges_lehmann({}).estimate));
  Interval many = hodges_lehmann(std::vector<double>(120, 0.5));
  EXPECT_EQ(many.low, 0.5);
  EXPECT_GE(many.coverage, 0.95);
  EXPECT_LT(many.coverage, 0.951);
}

TEST(PairedStatistics, HolmStepsDown) {
  auto p = holm({0.01, 0.04, 0.03, 0.005});
  const double expected[] = {0.03, 0.06, 0.06, 0.02};
  for (int i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(p[size_t(i)], expected[i]);
  auto with_gap = holm({0.9, std::nan(""), 0.6});
  EXPECT_EQ(with_gap[0], 1);
  EXPECT_TRUE(std::isnan(with_gap[1]));
  EXPECT_EQ(with_gap[2], 1);
}

TEST(PairedStatistics, DegenerateTables) {
  EXPECT_TRUE(std::isnan(kendall_tau({1, 1, 1}, {1, 2, 3})));
  EXPECT_EQ(kendall_tau({1, 2, 3}, {9, 8, 7}), -1);
  EXPECT_THROW(kendall_tau({1}, {1, 2}), Error);
  VarianceParts one_seed = variance_parts({{1}, {3}});
  EXPECT_EQ(one_seed.patient, 2);
  EXPECT_TRUE(std::isnan(one_seed.seed));
  EXPECT_EQ(variance_parts({{1, 3}, {3, 1}}).patient, 0);  // negative estimate
  EXPECT_TRUE(std::isnan(variance_parts({{1, 2}}).patient));
}

}  // namespace
}  // namespace tomograd
