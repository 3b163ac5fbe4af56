#include "report/curves.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr size_t most_curves = 500;              // of one trial; each line is looked up in them

void thin(Curve& curve, size_t most) {
  size_t n = curve.steps.size();
  if (n <= most) return;
  Curve kept{curve.trial, curve.name, {}, {}};
  for (size_t part = 0; part < most; ++part) {
    size_t begin = part * n / most, end = (part + 1) * n / most;
    double step = 0, value = 0;
    for (size_t i = begin; i < end; ++i) step += curve.steps[i], value += curve.values[i];
    kept.steps.push_back(step / double(end - begin)), kept.values.push_back(value / double(end - begin));
  }
  curve = std::move(kept);
}

Value line_value(std::string_view line) {
  try {
    return parse_json(line, "metrics.jsonl");
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::vector<Curve> read_curves(int64_t trial, std::string_view jsonl, size_t most) {
  std::vector<Curve> curves;
  for (size_t begin = 0; begin < jsonl.size();) {
    size_t end = std::min(jsonl.find('\n', begin), jsonl.size());
    Value line = line_value(jsonl.substr(begin, end - begin));
    begin = end + 1;
    const Value* step = line.find("step");
    if (!step || !step->is_number()) continue;
    for (const auto& [name, value] : line.as_table()) {
      if (name == "step" || !value.is_number() || !std::isfinite(value.as_number())) continue;
      auto at = std::find_if(curves.begin(), curves.end(), [&](const Curve& curve) { return curve.name == name; });
      if (at == curves.end() && curves.size() >= most_curves) continue;
      if (at == curves.end()) at = curves.insert(at, {trial, name, {}, {}});
      at->steps.push_back(step->as_number()), at->values.push_back(value.as_number());
    }
  }
  for (auto& curve : curves) thin(curve, std::max<size_t>(1, most));
  return curves;
}

}  // namespace tomograd
