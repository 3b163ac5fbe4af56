// The promises of a trial store, as tests that run on every back end (research/reliability.md §1.3). A back end is a StoreHost:
// something that holds one store and opens it again and again, as the workers of an experiment would. This header has the
// fixture; one file of a test program includes store_suite_claims.h and store_suite_trials.h and says
// INSTANTIATE_TEST_SUITE_P(All, StoreSuite, Values(...), store_kind_name).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <set>
#include <thread>

#include "base/error.h"
#include "experiments/trial_store.h"
#include "spec/text_formats.h"

namespace tomograd {

class StoreHost {
 public:
  virtual ~StoreHost() = default;
  virtual std::unique_ptr<TrialStore> open() = 0;  // makes it when it is not there
  virtual void advance(double seconds) = 0;        // the clock by which leases count
};

struct StoreKind {
  const char* name;
  std::function<std::unique_ptr<StoreHost>()> make;
  const char* missing = "";                        // why there is none here; the tests are skipped then
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }

// What tests of stores are made of; a base class of their fixtures.
struct StoreToys {
  static ExperimentRecord record(int64_t attempts = 3) {
    ExperimentRecord experiment;
    experiment.name = "toy", experiment.spec = parse_json(R"({"name":"toy"})", "t"), experiment.fingerprint = "f", experiment.attempts = attempts, experiment.lease_seconds = 60;
    return experiment;
  }
  static PlannedTrial planned_trial(int64_t number, int64_t seed) {
    PlannedTrial trial;
    trial.number = number, trial.settings["seed"] = seed;
    return trial;
  }
  static std::vector<PlannedTrial> planned(int64_t n, int64_t first = 1) {
    std::vector<PlannedTrial> trials;
    for (int64_t i = first; i < first + n; ++i) trials.push_back(planned_trial(i, i));
    return trials;
  }
  static TrialOutcome outcome(double dice) {
    TrialOutcome result;
    result.metrics["dice"] = dice;
    return result;
  }
  static ErrorKind kind_of(const std::function<void()>& body, std::string* message = nullptr) {
    try {
      body();
    } catch (const Error& error) {
      if (message) *message = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::failure;
  }
};

class StoreSuite : public ::testing::TestWithParam<StoreKind>, protected StoreToys {
 protected:
  void SetUp() override {
    if (std::string_view missing = GetParam().missing; !missing.empty()) {
      const char* no_skip = std::getenv("TOMOGRAD_NO_SKIP");
      if (no_skip && std::string_view(no_skip) == "1") FAIL() << missing;
      GTEST_SKIP() << missing;
    }
    host_ = GetParam().make();
  }

  std::unique_ptr<TrialStore> open() { return host_->open(); }
  void advance(double seconds) { host_->advance(seconds); }
  std::unique_ptr<TrialStore> made(int64_t n, int64_t attempts = 3) {
    auto store = open();
    store->create(record(attempts), planned(n));
    return store;
  }
  static std::vector<std::string> kinds_of(const std::vector<StoreEvent>& events) {
    std::vector<std::string> kinds;
    for (const auto& event : events) kinds.push_back(event.kind);
    return kinds;
  }

  std::unique_ptr<StoreHost> host_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreSuite);

inline std::string store_kind_name(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }

}  // namespace tomograd
