// Which weights a run keeps: the best validation so far, and whether patience has run out. NaN never wins.
#pragma once

#include <cstdint>

#include "spec/value.h"

namespace tomograd {

class Selection {
 public:
  // True when this score is the best so far. `patience` validations without a better one stop the run; 0 = never.
  bool offer(int64_t step, double score, int64_t patience) {
    if (score > best_) {
      best_ = score, best_step_ = step, without_better_ = 0;
      return true;
    }
    ++without_better_;
    stopped_ = patience > 0 && without_better_ >= patience;
    return false;
  }
  bool stopped() const { return stopped_; }
  int64_t best_step() const { return best_step_; }

  Value state() const {
    Value table = Value::table();
    table["best"] = best_;
    table["best_step"] = best_step_;
    table["without_better"] = without_better_;
    table["stopped"] = stopped_;
    return table;
  }
  void restore(const Value& state) {
    best_ = state.at("best").as_number();
    best_step_ = state.at("best_step").as_integer();
    without_better_ = state.at("without_better").as_integer();
    stopped_ = state.at("stopped").as_bool();
  }

 private:
  double best_ = -1;
  int64_t best_step_ = 0, without_better_ = 0;
  bool stopped_ = false;
};

}  // namespace tomograd
