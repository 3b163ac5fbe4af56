// The kernels of norm_act.h for one instruction set, sixteen numbers at a time on all of them.
#include "kernels/norm_act.h"

#include "kernels/lanes16.h"

namespace tomograd::TOMOGRAD_ISA {

extern const NormActKernels<float> norm_act_float;
extern const NormActKernels<uint16_t> norm_act_bfloat;

namespace {

using namespace lanes16;

constexpr int64_t block = 8192;  // values between changes of the column: they stay in the first-level cache

inline Floats only_first(const Floats& v, int64_t n) {
  const Words lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return Floats(Words(v) & Words(lane < uint32_t(n)));
}

// Calls step(column, place, n) for all values, column by column within blocks: n is 16 but for the last vector.
template <class Column>
inline void by_columns(int64_t values, int64_t period, Column&& column) {
  int64_t rows = block / period > 1 ? block / period : 1, span = rows * period;
  for (int64_t begin = 0; begin < values; begin += span) {
    int64_t end = begin + span < values ? begin + span : values;
    for (int64_t p = 0; p < period && begin + p < end; p += width) column(p, begin + p, end);
  }
}

template <class T>
void sums(const T* x, int64_t values, int64_t period, const float* origin, float* sum, float* squares) {
  for (int64_t p = 0; p < period; ++p) sum[p] = squares[p] = 0;
  by_columns(values, period, [&](int64_t p, int64_t i, int64_t end) {
    Floats o = load(origin + p), s0 = {}, s1 = {}, q0 = {}, q1 = {};
    for (; i + period + width <= end; i += 2 * period) {
      Floats d = load(x + i) - o, e = load(x + i + period) - o;
      s0 += d, q0 += d * d, s1 += e, q1 += e * e;
    }
    for (; i < end; i += period) {
      Floats d = i + width <= end ? load(x + i) - o : only_first(load_some(x + i, end - i) - o, end - i);
      s0 += d, q0 += d * d;
    }
    store(sum + p, load(sum + p) + (s0 + s1));
    store(squares + p, load(squares + p) + (q0 + q1));
  });
}

template <class T>
void apply(const T* x, int64_t values, int64_t period, NormActCoefficients c, const T* residual, T* y) {
  for (int64_t begin = 0; begin < values; begin += period)
    for (int64_t p = 0; p < period && begin + p < values; p += width) {
      int64_t i = begin + p, left = values - i;
      bool whole = left >= width;
      Floats z = load(c.a + p) * (whole ? load(x + i) : load_some(x + i, left)) + load(c.b + p);
      Floats act = z > 0 ? z : load(c.slope + p) * z;
      if (residual) act += whole ? load(residual + i) : load_some(residual + i, left);
      if (whole) store(y + i, act);
      else store_some(y + i, left, act);
    }
}

template <class T>
void gradient_sums(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, const float* mean, float* first, float* second, float* third) {
  for (int64_t p = 0; p < period; ++p) first[p] = second[p] = third[p] = 0;
  by_columns(values, period, [&](int64_t p, int64_t i, int64_t end) {
    Floats a = load(c.a + p), b = load(c.b + p), slope = load(c.slope + p), m = load(mean + p), zero = {};
    Floats s0 = {}, s1 = {}, q0 = {}, q1 = {}, t0 = {}, t1 = {};
    auto add = [&](Floats v, Floats above, Floats& s, Floats& q, Floats& t) {
      Floats z = a * v + b, dz = z > 0 ? above : slope * above;
      s += dz, q += dz * (v - m), t += z > 0 ? zero : above * z;
    };
    for (; i + period + width <= end; i += 2 * period) {
      add(load(x + i), load(g + i), s0, q0, t0);
      add(load(x + i + period), load(g + i + period), s1, q1, t1);
    }
    for (; i < end; i += period) {
      bool whole = i + width <= end;  // beyond the end g is zero, and so is what it adds
      add(whole ? load(x + i) : load_some(x + i, end - i), whole ? load(g + i) : load_some(g + i, end - i), s0, q0, t0);
    }
    store(first + p, load(first + p) + (s0 + s1));
    store(second + p, load(second + p) + (q0 + q1));
    store(third + p, load(third + p) + (t0 + t1));
  });
}

template <class T>
void gradient(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, NormActSlopes s, T* dx) {
  for (int64_t begin = 0; begin < values; begin += period)
    for (int64_t p = 0; p < period && begin + p < values; p += width) {
      int64_t i = begin + p, left = values - i;
      bool whole = left >= width;
      Floats v = whole ? load(x + i) : load_some(x + i, left), above = whole ? load(g + i) : load_some(g + i, left);
      Floats z = load(c.a + p) * v + load(c.b + p), dz = z > 0 ? above : load(c.slope + p) * above;
      Floats result = load(s.a + p) * dz + (load(s.u + p) + load(s.v + p) * v);
      if (whole) store(dx + i, result);
      else store_some(dx + i, left, result);
    }
}

}  // namespace

const NormActKernels<float> norm_act_float = {sums<float>, apply<float>, gradient_sums<float>, gradient<float>};
const NormActKernels<uint16_t> norm_act_bfloat = {sums<uint16_t>, apply<uint16_t>, gradient_sums<uint16_t>, gradient<uint16_t>};

}  // namespace tomograd::TOMOGRAD_ISA
