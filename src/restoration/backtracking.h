// Private to the engine rooms
// Which steps of a fit stand, and what is said when none does.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace tomograd {

class Backtracking {
 public:
  // Whether the output of `iteration` stands. If not, the caller goes back to what it saved, which there must be.
  bool accepts(bool finite, bool worse, bool saved, int64_t iteration) {
    if (finite && (!worse || in_a_row_ >= most_in_a_row)) {
      in_a_row_ = 0;
      return true;
    }
    ++all_;
    if (++in_a_row_ > most_in_a_row || !saved) fail_failure(text("the network's output is not finite at iteration ", iteration), "lower learning_rate");
    return false;
  }
  int64_t taken_back() const { return all_; }

 private:
  // With so many in a row the accepted output is the odd one (or, with tiles, out of date): what is there now is taken.
  static constexpr int64_t most_in_a_row = 20;
  int64_t all_ = 0, in_a_row_ = 0;
};

}  // namespace tomograd
