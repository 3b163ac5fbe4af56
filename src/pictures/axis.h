// Round numbers for axes and how to write them.
#pragma once

#include <string>
#include <vector>

namespace tomograd {

struct Ticks {
  double low = 0, high = 1;                      // of the axis; covers the data
  std::vector<double> at;
  std::vector<std::string> labels;               // with as many decimals as the step needs and a real minus sign
};

// About `count` ticks at steps of 1, 2, 2.5 or 5 times a power of ten over [low, high]. `grow` widens the axis to whole
// steps; otherwise it keeps the limits and only ticks inside them are made. NaN or empty ranges become [0, 1].
Ticks make_ticks(double low, double high, int count, bool grow);

std::string tick_text(double value, double step);

}  // namespace tomograd
