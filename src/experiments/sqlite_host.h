// A StoreHost of store_suite.h: one SQLite file in a scratch folder, under a clock that tests move.
#pragma once

#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"

namespace tomograd {

class SqliteHost : public StoreHost {
 public:
  std::unique_ptr<TrialStore> open() override { return folder_.open(clock_); }
  void advance(double seconds) override { clock_.advance(seconds); }

 private:
  ManualClock clock_;
  SqliteFolder folder_{false};
};

}  // namespace tomograd
