#include "pictures/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tomograd {

std::string tick_text(double value, double step) {
  char digits[48];
  if (value != 0 && (std::abs(value) >= 1e6 || step < 1e-5)) {
    std::snprintf(digits, sizeof digits, "%.3g", value);
  } else {
    int decimals = 0;
    for (double s = step; decimals < 6 && std::abs(s - std::round(s)) > 1e-6 * std::max(1.0, std::abs(s)); s *= 10) ++decimals;
    std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
  }
  std::string s = digits;
  if (s[0] == '-' && s.find_first_of("123456789") == std::string::npos) s.erase(0, 1);  // rounded to zero
  return s[0] == '-' ? "\xE2\x88\x92" + s.substr(1) : s;  // U+2212
}

Ticks make_ticks(double low, double high, int count, bool grow) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (high < low) std::swap(low, high);
  if (high - low < 1e-12 * std::max(std::abs(low), std::abs(high)) || high == low) {
    double half = low == 0 ? 0.5 : std::abs(low) * 0.1;
    low -= half, high += half;
  }
  double rough = (high - low) / std::max(1, count), power = std::pow(10, std::floor(std::log10(rough))), step = 10 * power;
  for (double factor : {1.0, 2.0, 2.5, 5.0})
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  Ticks t;
  double slack = 1e-9 * step;
  int64_t first = int64_t(grow ? std::floor((low + slack) / step) : std::ceil((low - slack) / step));
  int64_t last = int64_t(grow ? std::ceil((high - slack) / step) : std::floor((high + slack) / step));
  t.low = grow ? double(first) * step : low;
  t.high = grow ? double(last) * step : high;
  for (int64_t k = first; k <= last; ++k) {
    t.at.push_back(double(k) * step);
    t.labels.push_back(tick_text(double(k) * step, step));
  }
  return t;
}

}  // namespace tomograd
