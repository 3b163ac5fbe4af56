#include "kernels/norm_act.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "kernels/cpu_isa.h"

namespace tomograd {
namespace {

std::vector<CpuIsa> isas() {
  std::vector<CpuIsa> list;
  for (CpuIsa isa : {CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512bf16})
    if (isa <= best_isa()) list.push_back(isa);
  return list;
}

float to_float(float v) { return v; }
float to_float(uint16_t v) { return std::bit_cast<float>(uint32_t{v} << 16); }
void from_float(float v, float& into) { into = v; }
void from_float(float v, uint16_t& into) { into = uint16_t(std::bit_cast<uint32_t>(v) >> 16); }

template <class T>
struct Case {
  int64_t values, period;
  std::vector<T> x, g, residual;
  std::vector<float> a, b, slope, mean, u, v;

  Case(int64_t values, int64_t period) : values(values), period(period) {
    Random random(uint64_t(values * 1000 + period), "norm_act");
    auto draw = [&](std::vector<T>& into) {
      into.resize(size_t(values));
      for (T& t : into) from_float(float(random.normal()), t);
    };
    draw(x), draw(g), draw(residual);
    for (auto* list : {&a, &b, &slope, &mean, &u, &v}) {
      list->resize(size_t(period));
      for (float& f : *list) f = float(random.uniform(-1, 1));
    }
  }
  NormActCoefficients coefficients() const { return {a.data(), b.data(), slope.data()}; }
  NormActSlopes slopes() const { return {a.data(), u.data(), v.data()}; }
};

// Results are rounded once to T from values below 16; float arithmetic in another order adds a few eps.
template <class T> constexpr double rounding = std::is_same_v<T, float> ? 16 * 6e-7 : 16.0 / 128;

template <class T>
void compare(const NormActKernels<T>& fast) {
  const NormActKernels<T>& plain = norm_act_reference<T>();
  for (int64_t period : {16, 48, 64, 240})
    for (int64_t values : {int64_t{1}, int64_t{15}, period, period + 17, 8192 + 3 * period + 5, int64_t{20011}}) {
      Case<T> c(values, period);
      std::vector<float> sums[2], squares[2], first[2], second[2], third[2];
      std::vector<T> y[2], dx[2];
      for (int which = 0; which < 2; ++which) {
        const NormActKernels<T>& k = which ? fast : plain;
        for (auto* list : {&sums[which], &squares[which], &first[which], &second[which], &third[which]}) list->resize(size_t(period));
        y[which].resize(size_t(values)), dx[which].resize(size_t(values));
        k.sums(c.x.data(), values, period, c.mean.data(), sums[which].data(), squares[which].data());
        k.apply(c.x.data(), values, period, c.coefficients(), values % 2 ? c.residual.data() : nullptr, y[which].data());
        k.gradient_sums(c.x.data(), c.g.data(), values, period, c.coefficients(), c.mean.data(), first[which].data(), second[which].data(), third[which].data());
        k.gradient(c.x.data(), c.g.data(), values, period, c.coefficients(), c.slopes(), dx[which].data());
      }
      double terms = double(values / period + 1), bound = 6e-8 * (terms / 2 + 8) * 4 * terms;  // eps * additions * sum of magnitudes
      for (size_t p = 0; p < size_t(period); ++p) {
        EXPECT_NEAR(sums[0][p], sums[1][p], bound);
        EXPECT_NEAR(squares[0][p], squares[1][p], bound);
        EXPECT_NEAR(first[0][p], first[1][p], bound);
        EXPECT_NEAR(second[0][p], second[1][p], bound);
        EXPECT_NEAR(third[0][p], third[1][p], bound);
      }
      for (size_t i = 0; i < size_t(values); ++i) {
        ASSERT_NEAR(to_float(y[0][i]), to_float(y[1][i]), rounding<T>) << values << " " << period;
        ASSERT_NEAR(to_float(dx[0][i]), to_float(dx[1][i]), rounding<T>) << values << " " << period;
      }
    }
}

TEST(NormAct, AllInstructionSetsFollowTheReference) {
  for (CpuIsa isa : isas()) {
    force_isa(isa);
    compare(norm_act_kernels<float>());
    compare(norm_act_kernels<uint16_t>());
  }
  force_isa(best_isa());
}

TEST(NormAct, AllInstructionSetsGiveTheSameBits) {
  Case<float> c(10007, 48);
  std::vector<std::vector<float>> results;
  for (CpuIsa isa : isas()) {
    force_isa(isa);
    std::vector<float> out(size_t(c.values) + 5 * 48);
    float* sums = out.data() + c.values;
    const auto& k = norm_act_kernels<float>();
    k.gradient(c.x.data(), c.g.data(), c.values, c.period, c.coefficients(), c.slopes(), out.data());
    k.sums(c.x.data(), c.values, c.period, c.mean.data(), sums, sums + 48);
    k.gradient_sums(c.x.data(), c.g.data(), c.values, c.period, c.coefficients(), c.mean.data(), sums + 96, sums + 144, sums + 192);
    results.push_back(out);
  }
  force_isa(best_isa());
  for (auto& r : results) EXPECT_EQ(std::memcmp(r.data(), results[0].data(), r.size() * sizeof(float)), 0);
}

TEST(NormAct, BfloatKeepsWhatIsNotFinite) {
  float inf = std::numeric_limits<float>::infinity();
  std::vector<uint16_t> x(16, 0x3F80), y(16);
  x[1] = 0x7F80, x[2] = 0xFF80, x[3] = 0x7FFF, x[4] = 0xFFFF, x[5] = 0x8000;
  std::vector<float> one(16, 1.0f), zero(16, 0.0f);
  for (CpuIsa isa : isas()) {
    force_isa(isa);
    norm_act_kernels<uint16_t>().apply(x.data(), 16, 16, {one.data(), zero.data(), one.data()}, nullptr, y.data());
    EXPECT_EQ(to_float(y[1]), inf);
    EXPECT_EQ(to_float(y[2]), -inf);
    EXPECT_TRUE(std::isnan(to_float(y[3])) && std::isnan(to_float(y[4])));
    EXPECT_EQ(to_float(y[0]), 1.0f);
  }
  force_isa(best_isa());
}

}  // namespace
}  // namespace tomograd
