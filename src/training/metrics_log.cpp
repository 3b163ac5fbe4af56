#include "training/metrics_log.h"

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// The lines up to `step`; a torn last line (killed while writing) ends the file before it.
std::string lines_up_to(Env& env, const std::string& path, int64_t step, std::map<int64_t, double>* later_positions) {
  if (env.kind(path) != FileKind::file) return "";
  std::string content = read_text(env, path, int64_t{1} << 30), kept;
  size_t begin = 0;
  int64_t number = 1;
  for (size_t end; (end = content.find('\n', begin)) != std::string::npos; begin = end + 1, ++number) {
    std::string line = content.substr(begin, end - begin);
    Value value;
    try {
      value = parse_json(line, path);
    } catch (const Error&) {
      break;
    }
    with_context(text(path, " line ", number), [&] {
      int64_t at = value.at("step").as_integer();
      if (at <= step) kept += line + "\n";
      else if (later_positions && value.find("position")) (*later_positions)[at] = value.at("position").as_number();
    });
  }
  return kept;
}

std::string json_line(int64_t step, const Value::Table& values) {
  Value line = Value::table();
  line["step"] = step;
  for (const auto& [name, value] : values) line[name] = value;
  return to_json(line, false) + "\n";
}

}  // namespace

MetricsLog::MetricsLog(Env& env, const std::string& folder, int64_t step) : env_(env), precision_path_(join_path(folder, "precision.jsonl")) {
  std::string metrics_path = join_path(folder, "metrics.jsonl"), timing_path = join_path(folder, "timing.jsonl");
  std::string metrics = lines_up_to(env, metrics_path, step, nullptr);
  publish_text(env, metrics_path, metrics);
  std::string timing = lines_up_to(env, timing_path, step, &positions_);
  publish_text(env, timing_path, timing);
  if (env.kind(precision_path_) == FileKind::file) publish_text(env, precision_path_, lines_up_to(env, precision_path_, step, nullptr));
  metrics_ = env.append_file(metrics_path);
  timing_ = env.append_file(timing_path);
}

void MetricsLog::metrics(int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  std::string raw = json_line(step, Value::Table(values.begin(), values.end()));
  metrics_->write(raw.data(), int64_t(raw.size()));
}

void MetricsLog::timing(int64_t step, double position, double seconds) {
  std::string raw = json_line(step, Value::Table{{"position", position}, {"seconds", seconds}});
  timing_->write(raw.data(), int64_t(raw.size()));
}

void MetricsLog::precision(int64_t step, const Value& report) {
  if (!precision_) {
    if (env_.kind(precision_path_) != FileKind::file) publish_text(env_, precision_path_, "");
    precision_ = env_.append_file(precision_path_);
  }
  std::string raw = json_line(step, report.as_table());
  precision_->write(raw.data(), int64_t(raw.size()));
}

const double* MetricsLog::recorded_position(int64_t step) const {
  auto found = positions_.find(step);
  return found == positions_.end() ? nullptr : &found->second;
}

void MetricsLog::sync() {
  metrics_->sync();
  timing_->sync();
  if (precision_) precision_->sync();
}

}  // namespace tomograd
