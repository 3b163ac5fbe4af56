// Workers as real processes, killed with SIGKILL: at random times, and at every named failpoint. Whatever happens, the table
// of results is that of an undisturbed run.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/env.h"
#include "base/error.h"
#include "base/random.h"
#include "experiments/command_trial.h"
#include "experiments/sqlite_store.h"
#include "experiments/test_child.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// A result that depends on the trial alone, in a toy program that takes a while.
const std::vector<std::string> toy = {"sh", "-c", "sleep 0.05; echo \"{\\\"dice\\\": 0.$TOMOGRAD_TRIAL_SEED, \\\"channels\\\": \\\"$TOMOGRAD_TRIAL_CHANNELS\\\"}\" > $TOMOGRAD_TRIAL_OUT/metrics.json"};

void work(const std::string& folder) {
  auto store = open_sqlite_store(folder + "/experiment.sqlite", system_clock());
  CommandTrial runner(system_env(), system_clock(), {toy, folder + "/trials", folder, "dice"});
  WorkerOptions options;
  options.owner = unique_owner_name(system_clock());
  options.heartbeat_seconds = 0.05;
  options.idle_seconds = 0.02;
  run_worker(*store, runner, system_clock(), options);
}

// Not a test: what the children run. The parent sets TOMOGRAD_KILL_FOLDER.
TEST(KillChild, DISABLED_Work) {
  if (const char* folder = std::getenv("TOMOGRAD_KILL_FOLDER")) work(folder);
}

pid_t start_child(const std::string& folder, const std::string& failpoints) {
  return start_test_child("KillChild.DISABLED_Work", {"TOMOGRAD_KILL_FOLDER=" + folder, "TOMOGRAD_FAILPOINTS=" + failpoints});
}

class Kill : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_kill_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // channels x patients of a leave-one-out with two channels: 3 * patients trials.
  std::string make(const std::string& name, int patients, double lease) {
    std::string folder = folder_ + "/" + name;
    system_env().make_directories(folder);
    SqliteOptions options;
    options.create = true;
    ExperimentSpec spec;
    DatasetFacts facts{{"c1", "c2"}, {}, {}, 11};
    for (int i = 0; i < patients; ++i) facts.patients.push_back(text("p", i));
    ExperimentRecord record;
    record.name = "toy", record.spec = spec_to_value(spec), record.fingerprint = "f", record.lease_seconds = lease;
    open_sqlite_store(folder + "/experiment.sqlite", system_clock(), options)->create(record, plan_trials(spec, facts));
    return folder;
  }
  static std::string table(const std::string& folder) {
    std::string result;
    for (const auto& trial : open_sqlite_store(folder + "/experiment.sqlite", system_clock())->trials())
      result += text(trial.number, " ", trial_state_name(trial.state), " ", to_json(trial.settings, false), " ", to_json(trial.metrics, false), " ", trial.fingerprint, "\n");
    return result;
  }

  std::string folder_;
};

TEST_F(Kill, RandomKillsLeaveTheSameTable) {
  std::string quiet = make("quiet", 8, 60), disturbed = make("disturbed", 8, 0.4);
  work(quiet);
  std::string expected = table(quiet);
  ASSERT_NE(expected.find("24 complete"), std::string::npos) << expected;
  Random random(uint64_t(::getpid()), "kill_test");
  RecordProperty("seed", int(::getpid()));
  auto store = open_sqlite_store(disturbed + "/experiment.sqlite", system_clock());
  std::vector<pid_t> children(3, 0);
  int kills = 0;
  auto began = system_clock().monotonic_seconds();
  while (store->counts().open() > 0) {
    ASSERT_LT(system_clock().monotonic_seconds() - began, 120) << "the experiment does not come to its end";
    for (auto& child : children) {
      if (child && ::waitpid(child, nullptr, WNOHANG) == child) child = 0;
      if (!child && store->counts().open() > 0) child = start_child(disturbed, "");
    }
    system_clock().sleep_seconds(random.uniform(0.01, 0.12));
    pid_t& victim = children[size_t(random.below(3))];
    if (victim && kills < 30) ::kill(victim, SIGKILL), ::waitpid(victim, nullptr, 0), victim = 0, ++kills;
  }
  for (pid_t child : children)
    if (child) ::waitpid(child, nullptr, 0);
  EXPECT_GE(kills, 5);
  EXPECT_EQ(table(disturbed), expected);
}

TEST_F(Kill, DeathAtEveryFailpointLeavesTheSameTable) {
#ifndef TOMOGRAD_FAILPOINTS_ON
  GTEST_SKIP() << "this build has no failpoints";
#endif
  std::string quiet = make("quiet", 2, 60);
  work(quiet);
  std::string expected = table(quiet);
  for (const char* point : {"claim.before_commit", "claim.after_commit", "heartbeat.before_commit", "heartbeat.after_commit", "result.before_commit", "result.after_commit", "worker.before_report"}) {
    std::string folder = make(point, 2, 0.3);
    EXPECT_TRUE(was_killed(wait_for_child(start_child(folder, std::string(point) + "=kill@2")))) << point << " was not reached twice";
    EXPECT_TRUE(ended_well(wait_for_child(start_child(folder, "")))) << point;
    EXPECT_EQ(table(folder), expected) << point;
  }
}

}  // namespace
}  // namespace tomograd
