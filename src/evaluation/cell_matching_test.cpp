#include "evaluation/cell_matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>

#include "base/error.h"

namespace tomograd {
namespace {

double sum_of(const std::vector<std::pair<int64_t, int64_t>>& pairs, const std::vector<Point>& a, const std::vector<Point>& b, double radius) {
  double sum = 0;
  std::set<int64_t> left, right;
  for (auto [i, j] : pairs) {
    const Point &p = a[size_t(i)], &q = b[size_t(j)];
    double d = std::sqrt(std::pow(p[0] - q[0], 2) + std::pow(p[1] - q[1], 2) + std::pow(p[2] - q[2], 2));
    EXPECT_LE(d, radius);
    sum += d;
    left.insert(i), right.insert(j);
  }
  EXPECT_EQ(left.size(), pairs.size());
  EXPECT_EQ(right.size(), pairs.size());
  return sum;
}

TEST(MatchPoints, AgreesWithScipy) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/detection/matching.txt");
  std::string name;
  double radius = 0;
  size_t na = 0, nb = 0, matched = 0;
  int cases = 0;
  while (in >> name >> radius >> na >> nb) {
    SCOPED_TRACE(name);
    ++cases;
    std::vector<Point> a(na), b(nb);
    for (auto* points : {&a, &b})
      for (auto& p : *points) in >> p[0] >> p[1] >> p[2];
    double total = 0;
    in >> matched >> total;
    auto pairs = match_points(a, b, radius);
    EXPECT_EQ(pairs.size(), matched);
    EXPECT_NEAR(sum_of(pairs, a, b, radius), total, 1e-6 * double(matched + 1));  // distances are rounded to picometres
    auto back = match_points(b, a, radius);
    EXPECT_EQ(back.size(), matched);
    EXPECT_NEAR(sum_of(back, b, a, radius), total, 1e-6 * double(matched + 1));
  }
  EXPECT_EQ(cases, 13);
}

TEST(MatchPoints, ManyPointsOfWhichEachHasOnePartner) {
  std::vector<Point> a, b;
  for (int i = 0; i < 20000; ++i) {
    Point p{double(i % 27) * 40, double(i / 27 % 27) * 40, double(i / 729) * 40};
    a.push_back(p);
    b.push_back({p[0] + 1, p[1] - 1, p[2] + 1});
  }
  std::reverse(b.begin(), b.end());
  EXPECT_EQ(match_points(a, b, 2).size(), 20000u);
  EXPECT_EQ(match_points(a, b, 1.7).size(), 0u);
}

TEST(CellScore, Numbers) {
  CellScore s = score_cells({{0, 0, 0}, {0, 0, 10}, {0, 0, 20}}, {{0, 0, 1}, {0, 3, 10}}, 2);
  EXPECT_EQ(s.matched, 1);
  EXPECT_DOUBLE_EQ(s.precision(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(s.recall(), 0.5);
  EXPECT_DOUBLE_EQ(s.f1(), 0.4);
  EXPECT_DOUBLE_EQ(s.mean_distance_um, 1);
  CellScore none = score_cells({}, {{0, 0, 0}}, 2);
  EXPECT_EQ(none.precision(), 0);
  EXPECT_EQ(none.f1(), 0);
  EXPECT_TRUE(std::isnan(none.mean_distance_um));
  EXPECT_EQ(score_cells({}, {}, 2).f1(), 1);
  EXPECT_EQ(score_cells({{0, 0, 0}}, {{0, 0, 2}}, 2).matched, 1);  // the radius itself is within
  EXPECT_THROW(match_points({}, {}, 0), Error);
  EXPECT_THROW(match_points({}, {}, -1), Error);
  EXPECT_THROW(match_points({{NAN, 0, 0}}, {}, 1), Error);
}

}  // namespace
}  // namespace tomograd
