#include "spec/field.h"

#include <algorithm>
#include <numeric>

namespace tomograd {
namespace {

constexpr size_t longest_name = 256;  // a longer one is no slip of the pen, and comparing takes the product of both lengths

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& known) {
  std::string best;
  size_t nearest = std::max<size_t>(2, name.size() / 2) + 1;
  if (name.size() > longest_name) return best;
  for (const auto& candidate : known) {
    if (candidate.size() > longest_name) continue;
    size_t distance = edit_distance(name, candidate);
    if (candidate.size() > 2 && (name.find(candidate) != std::string::npos || candidate.find(name) != std::string::npos)) distance = std::min<size_t>(distance, 2);
    if (distance < nearest) nearest = distance, best = candidate;
  }
  return best;
}

namespace spec_detail {

void check_number(double v, const Rule& rule) {
  if (std::isnan(v)) fail_input("is not a number (nan)");
  if (v >= rule.low && v <= rule.high) return;
  std::string unit = rule.unit.empty() ? "" : " " + rule.unit;
  std::string range = std::isinf(rule.high) ? text("at least ", rule.low) : std::isinf(rule.low) ? text("at most ", rule.high) : text("in [", rule.low, ", ", rule.high, "]");
  fail_input(text("is ", v, unit, ", must be ", range, unit));
}

void check_choice(const std::string& v, const Rule& rule) {
  if (rule.choices.empty() || std::find(rule.choices.begin(), rule.choices.end(), v) != rule.choices.end()) return;
  std::string all;
  for (const auto& choice : rule.choices) all += (all.empty() ? "" : ", ") + choice;
  fail_input(text("is '", v, "', must be one of: ", all));
}

void Reader::refuse_unknown() const {
  for (const auto& [key, value] : table.as_table()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string near = nearest_name(key, known);
    std::string all;
    for (const auto& name : known) all += (all.empty() ? "" : ", ") + name;
    fail_input(text("unknown key '", key, "'"), near.empty() ? "known keys: " + all : "did you mean '" + near + "'?");
  }
}

}  // namespace spec_detail
}  // namespace tomograd
