#include "experiments/metrics.h"

#include <cmath>

namespace tomograd {
namespace {

struct Mean {
  double sum = 0;
  int64_t count = 0;
  void add(double v) {
    if (std::isfinite(v)) sum += v, ++count;
  }
  std::optional<double> value() const { return count ? std::optional(sum / double(count)) : std::nullopt; }
};

// One case's value: a number, or the mean over its foreground classes.
std::optional<double> case_metric(const Value& test_case, const std::string& name) {
  const Value* v = test_case.find(name);
  if (!v) return std::nullopt;
  Mean mean;
  if (v->is_number()) mean.add(v->as_number());
  if (v->is_list()) {
    const Value* classes = test_case.find("classes");
    const auto& list = v->as_list();
    for (size_t i = 0; i < list.size(); ++i) {
      bool background = classes && classes->is_list() && i < classes->as_list().size() && classes->as_list()[i] == Value("background");
      if (list[i].is_number() && !background) mean.add(list[i].as_number());
    }
  }
  return mean.value();
}

const Value::List* test_cases(const Value& metrics) {
  const Value* test = metrics.find("test");
  return test && test->is_list() && !test->as_list().empty() ? &test->as_list() : nullptr;
}

}  // namespace

std::optional<double> trial_metric(const Value& metrics, const std::string& name) {
  if (const Value* v = metrics.find(name); v && v->is_number()) return std::isfinite(v->as_number()) ? std::optional(v->as_number()) : std::nullopt;
  if (const auto* cases = test_cases(metrics)) {
    Mean mean;
    for (const auto& test_case : *cases)
      if (auto v = case_metric(test_case, name)) mean.add(*v);
    return mean.value();
  }
  const Value* validation = metrics.find("validation_" + name);
  if (!validation || !validation->is_number()) return std::nullopt;
  double v = validation->as_number();            // -1 = there was no validation
  return std::isfinite(v) && v >= 0 ? std::optional(v) : std::nullopt;
}

std::vector<std::pair<std::string, double>> patient_metrics(const Value& metrics, const std::string& name) {
  std::vector<std::pair<std::string, Mean>> means;
  if (const auto* cases = test_cases(metrics))
    for (const auto& test_case : *cases) {
      const Value* patient = test_case.find("patient");
      if (!patient || !patient->is_text()) continue;
      auto at = means.begin();
      while (at != means.end() && at->first != patient->as_text()) ++at;
      if (at == means.end()) at = means.insert(at, {patient->as_text(), Mean{}});
      if (auto v = case_metric(test_case, name)) at->second.add(*v);
    }
  std::vector<std::pair<std::string, double>> result;
  for (const auto& [patient, mean] : means)
    if (auto v = mean.value()) result.emplace_back(patient, *v);
  return result;
}

Value metrics_without(const Value& metrics, const std::string& channel) {
  const Value* without = metrics.find("without");
  const Value* part = without ? without->find(channel) : nullptr;
  return part && part->is_table() ? *part : Value();
}

TrialOutcome split_outcome(const Value& result) {
  TrialOutcome outcome;
  for (const auto& [key, value] : result.as_table()) {
    if (key == "timing" && value.is_table()) {
      for (const auto& [name, time] : value.as_table()) outcome.timing[name] = time;
    } else if (key == "seconds" || key == "seconds_per_step" || key == "patches_per_second" || key == "stall_seconds" || key == "loader_wait_share" || key == "read_seconds" ||
               key == "peak_bytes" || key == "predicted_peak_bytes") {  // a prediction rests on what the process has in memory when the run starts
      outcome.timing[key] = value;
    } else if (key != "format" && key != "out") {  // the folder differs from machine to machine
      outcome.metrics[key] = value;
    }
  }
  return outcome;
}

}  // namespace tomograd
