#include "report/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tomograd {
namespace {


std::string printed(const char* format, int decimals, double v) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, decimals, v);
  return buffer;
}

int megabyte_decimals(double bytes) {
  double mb = std::abs(bytes / 1e6);
  return mb < 0.1 ? 3 : mb < 10 ? 2 : mb < 100 ? 1 : 0;
}

}  // namespace

std::string fixed_text(double v, int decimals) {
  if (!std::isfinite(v)) return "–";
  std::string number = printed("%.*f", decimals, std::abs(v));
  bool zero = number.find_first_not_of("0.") == std::string::npos;
  return (v < 0 && !zero ? "−" : "") + number;
}

std::string signed_text(double v, int decimals) {
  std::string number = fixed_text(v, decimals);
  bool zero = number.find_first_not_of("0.") == std::string::npos;
  return std::isfinite(v) && v > 0 && !zero ? "+" + number : number;
}

Spread spread_of(const std::vector<double>& values) { return {mean_of(values), deviation_of(values), int64_t(values.size())}; }

std::string spread_text(const Spread& v, int decimals) {
  return std::isfinite(v.deviation) ? fixed_text(v.mean, decimals) + " ± " + fixed_text(v.deviation, decimals) : fixed_text(v.mean, decimals);
}

std::string p_text(double p) { return !std::isfinite(p) ? "–" : p < 0.001 ? "< 0.001" : printed("%.*g", p < 0.1 ? 2 : 3, p); }

std::string megabytes_text(double bytes) { return std::isfinite(bytes) ? fixed_text(bytes / 1e6, megabyte_decimals(bytes)) + " MB" : "–"; }

std::string megabytes_text(const Spread& bytes) {
  if (!std::isfinite(bytes.deviation)) return megabytes_text(bytes.mean);
  return spread_text({bytes.mean / 1e6, bytes.deviation / 1e6, bytes.n}, megabyte_decimals(bytes.mean)) + " MB";
}

std::string spent_text(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  if (std::abs(seconds) >= 360) return fixed_text(seconds / 3600, 2) + " h";
  return fixed_text(seconds, std::abs(seconds) < 1 ? 3 : std::abs(seconds) < 10 ? 1 : 0) + " s";
}

std::string names_text(const std::vector<std::string>& names) {
  std::string result;
  for (size_t i = 0; i < names.size(); ++i) result += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return result;
}

std::string short_text(const std::string& text, size_t most) {
  size_t signs = 0, at = 0, cut = 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xC0) == 0x80) continue;     // inside a UTF-8 sign
    if (signs + 1 == most) cut = at;
    if (++signs > most) return text.substr(0, cut) + "…";
  }
  return text;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += v;
  return values.empty() ? nothing : sum / double(values.size());
}

double median_of(std::vector<double> values) {
  if (values.empty()) return nothing;
  std::sort(values.begin(), values.end());
  size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return nothing;
  double mean = mean_of(values), sum = 0;
  for (double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / double(values.size() - 1));
}

double quantile_of(std::vector<double> values, double share) {
  if (values.empty()) return nothing;
  std::sort(values.begin(), values.end());
  double at = share * double(values.size() - 1);
  size_t below = std::min(size_t(at), values.size() - 1), above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (at - double(below));
}

}  // namespace tomograd
