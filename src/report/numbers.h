// Numbers as people read them. Private to this room and its callers.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tomograd {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();  // no number: not recorded, or there is none

// A number with its spread: mean and sample standard deviation over n values; both NaN without values, the deviation with one.
struct Spread {
  double mean = 0, deviation = 0;
  int64_t n = 0;
};
Spread spread_of(const std::vector<double>& values);

std::string fixed_text(double v, int decimals = 3);          // "–" for NaN
std::string signed_text(double v, int decimals = 3);         // "+0.012", "−0.030"
std::string spread_text(const Spread& v, int decimals = 3);  // "0.512 ± 0.031"; one value has no spread: "0.512"
std::string p_text(double p);                                // "0.031", "< 0.001", "–"
std::string megabytes_text(double bytes);                    // "4.8 MB"
std::string megabytes_text(const Spread& bytes);             // "4.80 ± 0.12 MB"
std::string spent_text(double seconds);                      // "0.25 h" from six minutes on, else "35 s"
std::string names_text(const std::vector<std::string>& names);  // "A, B and C"
std::string short_text(const std::string& text, size_t most);  // at most so many characters, the end cut and marked by "…"
double mean_of(const std::vector<double>& values);           // NaN when empty
double median_of(std::vector<double> values);
double deviation_of(const std::vector<double>& values);      // sample standard deviation; NaN for less than two
double quantile_of(std::vector<double> values, double share);  // between the values by straight lines; NaN when empty

}  // namespace tomograd
