// metrics.jsonl: one JSON object a step, no clock times, so that an undisturbed run and a resumed one write the same bytes;
// timing.jsonl beside it holds what differs: seconds, and the schedule position that a resumed max_seconds run replays;
// precision.jsonl, where a run asks for it, where its gradients lie (nn/gradient_report.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "spec/value.h"

namespace tomograd {

class MetricsLog {
 public:
  // Opens the log of a run folder for the steps after `step`: lines of later steps (written before a kill, to be computed
  // again) are cut off; the positions they recorded stay available through position().
  MetricsLog(Env& env, const std::string& folder, int64_t step);
  void metrics(int64_t step, const std::vector<std::pair<std::string, double>>& values);
  void timing(int64_t step, double position, double seconds);
  void precision(int64_t step, const Value& report);    // makes the file with its first line
  const double* recorded_position(int64_t step) const;  // nullptr when that step was never begun
  void sync();

 private:
  Env& env_;
  std::string precision_path_;
  std::unique_ptr<OutputFile> metrics_, timing_, precision_;
  std::map<int64_t, double> positions_;
};

}  // namespace tomograd
