#include "evaluation/paired_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <tuple>
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
    else if (kind == "student") expect(student_p(data[0][0], int64_t(data[0][1]))), expect(student_quantile(data[0][2], int64_t(data[0][1])));
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
  EXPECT_EQ(cases, 20);
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

TEST(PairedStatistics, StudentsT) {  // the table's quantiles, to its digits
  const std::tuple<double, int64_t, double> rows[] = {{0.95, 1, 12.706205}, {0.95, 2, 4.302653}, {0.95, 3, 3.182446}, {0.99, 4, 4.604095}, {0.9, 7, 1.894579}, {0.95, 30, 2.042272}};
  for (auto [chance, degrees, t] : rows) {
    EXPECT_NEAR(student_quantile(chance, degrees), t, 1e-6) << degrees;
    EXPECT_NEAR(student_p(-t, degrees), 1 - chance, 1e-7) << degrees;
  }
  EXPECT_EQ(student_p(0, 5), 1);
  EXPECT_TRUE(std::isnan(student_p(1, 0)));
}

TEST(PairedStatistics, PatientsThatShareTrainingsCountAsTheseToo) {
  std::vector<double> d = {-0.3, -0.2, -0.25, -0.01, -0.02, -0.03};
  PairedTest own = paired_test(d, {}), shared = paired_test(d, {-0.25, -0.02}), one = paired_test(d, {-0.135});
  EXPECT_EQ(own.p, 0.03125);
  EXPECT_EQ(own.interval.low, hodges_lehmann(d).low);
  EXPECT_NEAR(shared.p, student_p(-0.135 / 0.115, 1), 1e-15);            // means -0.25 and -0.02: error 0.23 / 2
  EXPECT_NEAR(shared.interval.low, -0.135 - 12.706205 * 0.115, 1e-6);
  EXPECT_EQ(shared.interval.estimate, own.interval.estimate);
  EXPECT_EQ(one.p, 1);
  EXPECT_EQ(paired_test(d, {-0.1, -0.1}).p, 0.03125);                   // no spread between trainings: the patients decide
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
