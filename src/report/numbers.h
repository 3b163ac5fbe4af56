// Numbers as people read them. Private to this room and its callers.
#pragma once

#include <string>
#include <vector>

namespace tomograd {

std::string fixed_text(double v, int decimals = 3);          // "–" for NaN
std::string signed_text(double v, int decimals = 3);         // "+0.012", "−0.030"
std::string p_text(double p);                                // "0.031", "< 0.001", "–"
std::string megabytes_text(double bytes);                    // "4.8 MB"
std::string spent_text(double seconds);                      // "0.25 h" from six minutes on, else "35 s"
std::string names_text(const std::vector<std::string>& names);  // "A, B and C"
double mean_of(const std::vector<double>& values);           // NaN when empty
double median_of(std::vector<double> values);
double deviation_of(const std::vector<double>& values);      // sample standard deviation; NaN for less than two

}  // namespace tomograd
