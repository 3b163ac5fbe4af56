#include "experiments/lifecycle.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "experiments/command_trial.h"
#include "experiments/metrics.h"
#include "experiments/sqlite_store.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

class FunctionRunner : public TrialRunner {
 public:
  explicit FunctionRunner(std::function<TrialOutcome(const Claim&, TrialReporter&)> body) : body_(std::move(body)) {}
  TrialOutcome run(const Claim& claim, TrialReporter& reporter) override { return body_(claim, reporter); }

 private:
  std::function<TrialOutcome(const Claim&, TrialReporter&)> body_;
};

class Lifecycle : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_life_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<TrialStore> made(int n, double lease = 60) {
    SqliteOptions options;
    options.create = true;
    auto store = open_sqlite_store(folder_ + "/experiment.sqlite", system_clock(), options);
    std::vector<PlannedTrial> trials;
    for (int i = 1; i <= n; ++i) {
      PlannedTrial trial;
      trial.number = i, trial.settings["seed"] = i, trial.design["channels"] = Value::list_of(std::vector<std::string>{"a", "b"});
      trials.push_back(trial);
    }
    ExperimentRecord record;
    record.lease_seconds = lease;
    store->create(record, trials);
    return store;
  }
  WorkerOptions options() {
    WorkerOptions result;
    result.owner = "w", result.heartbeat_seconds = 0.02, result.idle_seconds = 0.01;
    return result;
  }
  std::string folder_;
};

TEST_F(Lifecycle, RunsAllTrialsAndTellsErrorsApart) {
  auto store = made(4);
  int runs = 0;
  FunctionRunner runner([&](const Claim& claim, TrialReporter&) -> TrialOutcome {
    ++runs;
    if (claim.trial == 2) fail_input("learning rate is -1");
    if (claim.trial == 3) fail_failure("the disk is gone");
    if (claim.trial == 4 && claim.attempt == 1) throw std::runtime_error("once");
    TrialOutcome outcome;
    outcome.metrics["dice"] = 0.5;
    return outcome;
  });
  WorkerSummary summary = run_worker(*store, runner, system_clock(), options());
  EXPECT_EQ(summary.complete, 2);
  EXPECT_EQ(summary.failed, 5);
  EXPECT_EQ(runs, 1 + 1 + 3 + 2);
  auto trials = store->trials();
  EXPECT_EQ(trials[1].state, TrialState::failed);
  EXPECT_NE(trials[1].reason.find("learning rate is -1"), std::string::npos);
  EXPECT_EQ(trials[2].failures, 3);
  EXPECT_EQ(trials[3].state, TrialState::complete);
}

// As a worker that is killed: it does not count against the trial, and one that is lost every time comes to an end all the same. What a
// stop saved is saved, whoever was killed by the way.
TEST_F(Lifecycle, APartThatWasKilledFromOutsideIsLostAndNotFailed) {
  auto store = made(3);
  FunctionRunner runner([&](const Claim& claim, TrialReporter& reporter) -> TrialOutcome {
    if (claim.trial == 1 && claim.attempt > 5) return {};
    reporter.lost();
    if (claim.trial == 3 && claim.attempt == 1) fail(ErrorKind::stopped, "state saved");
    if (claim.trial == 3) return {};
    fail_failure("rank 1 of 2 was killed by signal 9");
  });
  WorkerSummary summary = run_worker(*store, runner, system_clock(), options());
  auto trials = store->trials();
  EXPECT_EQ(trials[0].state, TrialState::complete);
  EXPECT_EQ(trials[0].attempts, 6);
  EXPECT_EQ(trials[0].failures, 0);
  EXPECT_EQ(trials[1].state, TrialState::failed);
  EXPECT_EQ(trials[1].attempts, store->experiment()->attempts * lost_per_attempt);
  EXPECT_NE(trials[1].reason.find("rank 1 of 2 was killed by signal 9"), std::string::npos) << trials[1].reason;
  EXPECT_EQ(trials[2].state, TrialState::complete);
  EXPECT_EQ(trials[2].attempts, 2);
  EXPECT_EQ(summary.complete, 2);
  EXPECT_EQ(summary.failed, 0);
  EXPECT_EQ(summary.preempted, 1);
  EXPECT_EQ(summary.lost, 5 + trials[1].attempts);
}

TEST_F(Lifecycle, AStopPreemptsTheRunningTrialAndEndsTheWorker) {
  auto store = made(3);
  std::stop_source stop;
  FunctionRunner runner([&](const Claim& claim, TrialReporter& reporter) -> TrialOutcome {
    if (claim.trial == 2) {
      stop.request_stop();
      EXPECT_TRUE(reporter.stop().stop_requested());
      fail(ErrorKind::stopped, "state saved");
    }
    return {};
  });
  WorkerOptions with_stop = options();
  with_stop.stop = stop.get_token();
  WorkerSummary summary = run_worker(*store, runner, system_clock(), with_stop);
  EXPECT_TRUE(summary.stopped);
  EXPECT_EQ(summary.preempted, 1);
  TrialCounts counts = store->counts();
  EXPECT_EQ(counts.complete, 1);
  EXPECT_EQ(counts.preempted, 1);
  EXPECT_EQ(counts.waiting, 1);
}

TEST_F(Lifecycle, AStopInTheStoreReachesTheRunner) {
  auto store = made(1);
  FunctionRunner runner([&](const Claim&, TrialReporter& reporter) -> TrialOutcome {
    store->request_stop();
    while (!reporter.stop().stop_requested()) system_clock().sleep_seconds(0.005);
    fail(ErrorKind::stopped, "state saved");
  });
  EXPECT_TRUE(run_worker(*store, runner, system_clock(), options()).stopped);
  EXPECT_EQ(store->counts().preempted, 1);
}

TEST_F(Lifecycle, AWorkerThatLostItsClaimHearsItAndItsResultIsDropped) {
  auto store = made(1);
  std::string told;
  FunctionRunner runner([&](const Claim& claim, TrialReporter& reporter) {
    TrialOutcome outcome;
    outcome.metrics["dice"] = double(claim.attempt);
    if (claim.attempt == 1) {
      store->release("w", "taken for dead");
      while (!reporter.stop().stop_requested()) system_clock().sleep_seconds(0.005);
    }
    return outcome;
  });
  WorkerOptions with_fence = options();
  with_fence.on_fenced = [&](const std::string& reason) { told = reason; };
  WorkerSummary summary = run_worker(*store, runner, system_clock(), with_fence);
  EXPECT_EQ(summary.fenced, 1);
  EXPECT_NE(told.find("no longer this worker's"), std::string::npos) << told;
  EXPECT_EQ(store->trials()[0].metrics.at("dice").as_number(), 2);
}

TEST_F(Lifecycle, CommandsGetTheirTrialAndAnswerWithAMetric) {
  auto store = made(1);
  std::ofstream(folder_ + "/program.sh") << "#!/bin/sh\necho \"{\\\"dice\\\": 0.25, \\\"seconds\\\": 7, \\\"said\\\": \\\"$TOMOGRAD_TRIAL_CHANNELS $TOMOGRAD_TRIAL_SEED $TOMOGRAD_TRIAL_ATTEMPT $1\\\"}\" > \"$2\"/metrics.json\n";
  std::filesystem::permissions(folder_ + "/program.sh", std::filesystem::perms::owner_all);
  CommandTrial runner(system_env(), system_clock(), {{"./program.sh", "{channels}/{seed}", "{out}"}, folder_ + "/trials", folder_, "dice"});
  run_worker(*store, runner, system_clock(), options());
  TrialRecord trial = store->trials()[0];
  ASSERT_EQ(trial.state, TrialState::complete) << trial.reason;
  EXPECT_EQ(to_json(trial.metrics, false), R"({"dice":0.25,"said":"a,b 1 1 a,b/1"})");
  EXPECT_EQ(to_json(trial.timing, false), R"({"seconds":7})");
}

TEST_F(Lifecycle, CommandsThatFailSayWhy) {
  struct { std::vector<std::string> command; const char* says; int64_t attempts; } table[] = {
      {{"sh", "-c", "echo no space here >&2; exit 7"}, "exit code 7", 3},
      {{"sh", "-c", "kill -9 $$"}, "killed by signal 9", 3},
      {{"true"}, "wrote no metrics.json", 1},
      {{"sh", "-c", "echo '{\"loss\": 1}' > {out}/metrics.json"}, "has no number 'dice'", 1},
      {{"no-such-program-anywhere"}, "is not on the PATH", 1},
      {{"./not-there"}, "could not be started", 1},
  };
  for (const auto& row : table) {
    std::filesystem::remove_all(folder_ + "/experiment.sqlite");
    auto store = made(1);
    CommandTrial runner(system_env(), system_clock(), {row.command, folder_ + "/trials", folder_, "dice"});
    run_worker(*store, runner, system_clock(), options());
    TrialRecord trial = store->trials()[0];
    EXPECT_EQ(trial.state, TrialState::failed) << row.says;
    EXPECT_EQ(trial.attempts, row.attempts) << row.says;
    EXPECT_NE(trial.reason.find(row.says), std::string::npos) << trial.reason;
    std::filesystem::remove_all(folder_ + "/trials");
  }
}

TEST_F(Lifecycle, WhatAnEarlierAttemptWroteIsNotAResult) {
  auto store = made(1);
  std::filesystem::create_directories(folder_ + "/trials/0001");
  std::ofstream(folder_ + "/trials/0001/metrics.json") << R"({"dice": 1})";
  CommandTrial runner(system_env(), system_clock(), {{"true"}, folder_ + "/trials", folder_, "dice"});
  run_worker(*store, runner, system_clock(), options());
  EXPECT_EQ(store->counts().failed, 1);
}

TEST_F(Lifecycle, AStoppedCommandIsPreempted) {
  auto store = made(1);
  std::stop_source stop;
  WorkerOptions with_stop = options();
  with_stop.stop = stop.get_token();
  std::thread stopper([&] {
    while (store->counts().running == 0) system_clock().sleep_seconds(0.005);
    stop.request_stop();
  });
  CommandTrial runner(system_env(), system_clock(), {{"sleep", "30"}, folder_ + "/trials", folder_, "dice"});
  double began = system_clock().monotonic_seconds();
  EXPECT_EQ(run_worker(*store, runner, system_clock(), with_stop).preempted, 1);
  stopper.join();
  EXPECT_LT(system_clock().monotonic_seconds() - began, 8) << "the request to end did not reach the program, so it was killed after its grace of 10 s";
}

// Two helpers, one in a session of its own, would write after a while; the program itself ends, is stopped, or goes on.
TEST_F(Lifecycle, WhatACommandStartedEndsWithIt) {
  std::string helpers = "(sleep 1; touch {out}/late) & setsid sh -c 'sleep 1; touch {out}/later' & ";
  for (std::string ends : {"exit 5", "echo '{\"dice\": 1}' > {out}/metrics.json", "trap 'exit 3' TERM; touch {out}/ready; wait; wait"}) {
    std::filesystem::remove_all(folder_ + "/experiment.sqlite"), std::filesystem::remove_all(folder_ + "/trials");
    auto store = made(1);
    std::stop_source stop;
    WorkerOptions with_stop = options();
    with_stop.stop = stop.get_token();
    std::thread stopper([&] {
      while (store->counts().open() > 0 && system_env().kind(folder_ + "/trials/0001/ready") == FileKind::missing) system_clock().sleep_seconds(0.005);
      stop.request_stop();
    });
    CommandTrial runner(system_env(), system_clock(), {{"sh", "-c", helpers + ends}, folder_ + "/trials", folder_, "dice"});
    double began = system_clock().monotonic_seconds();
    run_worker(*store, runner, system_clock(), with_stop);
    stopper.join();
    EXPECT_LT(system_clock().monotonic_seconds() - began, 1) << ends << ": waited for the helpers";
    system_clock().sleep_seconds(1.2);
    EXPECT_EQ(system_env().kind(folder_ + "/trials/0001/late"), FileKind::missing) << ends;
    EXPECT_EQ(system_env().kind(folder_ + "/trials/0001/later"), FileKind::missing) << ends;
  }
}

TEST(Metrics, MeansOverClassesThenCases) {
  Value metrics = parse_json(R"({"test":[{"case":"a1","patient":"a","classes":["background","x","y"],"dice":[0.99,0.5,0.7]},
    {"case":"a2","patient":"a","classes":["background","x","y"],"dice":[0.98,null,0.2]},{"case":"b1","patient":"b","dice":[0.1,0.3]},
    {"case":"c1","patient":"c","dice":[null,null]}]})", "t");
  EXPECT_NEAR(*trial_metric(metrics, "dice"), (0.6 + 0.2 + 0.2) / 3, 1e-15);
  auto patients = patient_metrics(metrics, "dice");
  ASSERT_EQ(patients.size(), 2u);                // nothing can be said about c
  EXPECT_EQ(patients[0].first, "a");
  EXPECT_NEAR(patients[0].second, 0.4, 1e-15);
  EXPECT_FALSE(trial_metric(metrics, "hd95"));
  EXPECT_EQ(*trial_metric(parse_json(R"({"validation_dice":0.5,"test":[]})", "t"), "dice"), 0.5);
  EXPECT_EQ(*trial_metric(parse_json(R"({"dice":0.25,"validation_dice":0.5})", "t"), "dice"), 0.25);
  EXPECT_EQ(trial_folder("t", 7), "t/0007");
  EXPECT_EQ(trial_folder("t", 123456), "t/123456");
}

TEST(Metrics, WhatDiffersFromRunToRunIsNoResult) {
  TrialOutcome outcome = split_outcome(parse_json(R"({"dice":0.5,"steps":7,"parameters":9,"channel_bytes":4,"seconds":1,"seconds_per_step":2,"patches_per_second":3,"stall_seconds":4,"loader_wait_share":0.25,"read_seconds":2,
    "peak_bytes":5,"predicted_peak_bytes":6,"timing":{"load_seconds":8},"out":"/somewhere","format":"x/1"})", "t"));
  EXPECT_EQ(to_json(outcome.metrics, false), R"({"dice":0.5,"steps":7,"parameters":9,"channel_bytes":4})");
  EXPECT_EQ(outcome.timing.as_table().size(), 9u);
}

}  // namespace
}  // namespace tomograd
