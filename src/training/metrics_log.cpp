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

}  // namespace

MetricsLog::MetricsLog(Env& env, const std::string& folder, int64_t step) {
  std::string metrics_path = join_path(folder, "metrics.jsonl"), timing_path = join_path(folder, "timing.jsonl");
  std::string metrics = lines_up_to(env, metrics_path, step, nullptr);
  publish_text(env, metrics_path, metrics);
  std::string timing = lines_up_to(env, timing_path, step, &positions_);
  publish_text(env, timing_path, timing);
  metrics_ = env.append_file(metrics_path);
  timing_ = env.append_file(timing_path);
}

void MetricsLog::metrics(int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  Value line = Value::table();
  line["step"] = step;
  for (const auto& [name, value] : values) line[name] = value;
  std::string raw = to_json(line, false) + "\n";
  metrics_->write(raw.data(), int64_t(raw.size()));
}

void MetricsLog::timing(int64_t step, double position, double seconds) {
  Value line = Value::table();
  line["step"] = step;
  line["position"] = position;
  line["seconds"] = seconds;
  std::string raw = to_json(line, false) + "\n";
  timing_->write(raw.data(), int64_t(raw.size()));
}

const double* MetricsLog::recorded_position(int64_t step) const {
  auto found = positions_.find(step);
  return found == positions_.end() ? nullptr : &found->second;
}

void MetricsLog::sync() {
  metrics_->sync();
  timing_->sync();
}

}  // namespace tomograd
