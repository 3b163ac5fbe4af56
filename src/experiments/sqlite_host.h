// A StoreHost of store_suite.h: one SQLite file in a scratch folder, under a clock that tests move.
#pragma once

#include <stdlib.h>

#include <filesystem>

#include "experiments/sqlite_store.h"
#include "experiments/store_suite.h"

namespace tomograd {

class SqliteHost : public StoreHost {
 public:
  SqliteHost() {
    char name[] = "/tmp/tomograd_store_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~SqliteHost() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<TrialStore> open() override {
    SqliteOptions options;
    options.create = true;
    return open_sqlite_store(folder_ + "/experiment.sqlite", clock_, options);
  }
  void advance(double seconds) override { clock_.advance(seconds); }

 private:
  ManualClock clock_;
  std::string folder_;
};

}  // namespace tomograd
