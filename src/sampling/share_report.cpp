#include "sampling/share_report.h"

#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

Value share(double value) { return std::isfinite(value) ? Value(value) : Value(); }  // weight maps expect nothing

std::string percent(const Value& value) { return value.is_nothing() ? "-" : text(std::round(value.as_number() * 1000) / 10, " %"); }

}  // namespace

Value share_report(const Sampler& sampler, const SamplingSpec& spec, const std::vector<std::string>& classes, uint64_t epoch) {
  Value root = Value::table();
  root["format"] = "tomograd.sampling/1";
  root["epoch"] = int64_t(epoch);
  root["patches"] = sampler.epoch_patches();
  ClassShares shares = sampler.shares(epoch);
  Value::List list;
  for (size_t c = 0; c < shares.realised.size(); ++c) {
    Value entry = Value::table();
    entry["class"] = c < classes.size() ? classes[c] : std::to_string(c);
    entry["expected_share"] = c < shares.expected.size() ? share(shares.expected[c]) : Value();
    entry["realised_share"] = share(shares.realised[c]);
    entry["voxel_share"] = share(shares.voxel_share[c]);
    list.push_back(entry);
  }
  root["classes"] = list;
  Value::List cases;
  for (const auto& [index, count] : shares.case_patches) {
    Value entry = Value::table();
    entry["case"] = sampler.case_id(index);
    entry["patches"] = count;
    cases.push_back(entry);
  }
  root["cases"] = cases;
  if (spec.min_fraction > 0) {
    FractionReport fraction = sampler.fraction_report(epoch);
    Value& entry = root["min_fraction"];
    entry["asked"] = spec.min_fraction;
    entry["foreground_patches"] = fraction.foreground_patches;
    entry["below"] = fraction.below;
    entry["lowest"] = fraction.lowest;
    entry["redrawn"] = fraction.redrawn;
  }
  root["warnings"] = Value::list_of(sampler.warnings());
  return root;
}

std::string share_line(const Value& report) {
  std::string line = "patch centres, expected / drawn:";
  for (const auto& entry : report.at("classes").as_list())
    line += text(line.back() == ':' ? " " : ", ", entry.at("class").as_text(), " ", percent(entry.at("expected_share")), " / ", percent(entry.at("realised_share")));
  if (const Value* fraction = report.find("min_fraction"))
    line += text("; ", fraction->at("below").as_integer(), " of ", fraction->at("foreground_patches").as_integer(), " foreground patches hold less than ", percent(fraction->at("asked")), " foreground");
  return line;
}

}  // namespace tomograd
