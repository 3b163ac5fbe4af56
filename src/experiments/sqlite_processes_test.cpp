// 64 processes on one file (research/reliability.md §9.A: A14): every trial is claimed once, and no lock of another reaches anybody as an error.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"
#include "experiments/test_child.h"

namespace tomograd {
namespace {

constexpr int many_processes = 64, many_trials = 2000;

class SqliteProcesses : public ::testing::Test, protected StoreToys {};
class ClaimingProcess : public ::testing::Test, protected StoreToys {};

// Not a test: what each process runs.
TEST_F(ClaimingProcess, DISABLED_Work) {
  const char* path = std::getenv("TOMOGRAD_CLAIM_STORE");
  if (!path) return;
  auto store = open_sqlite_store(path, system_clock(), {});
  const std::string owner = text("process ", ::getpid());
  for (int n = 0;; ++n) {
    auto claim = store->claim(owner, text(owner, " claims ", n));
    if (!claim) return;
    store->complete(*claim, outcome(double(claim->trial)), text(owner, " ends ", n));
  }
}

TEST_F(SqliteProcesses, ClaimEveryTrialOnce) {
  SqliteFolder folder;
  auto store = folder.open(system_clock());
  store->create(record(), planned(many_trials));
  std::vector<pid_t> processes;
  for (int i = 0; i < many_processes; ++i) processes.push_back(start_test_child("ClaimingProcess.DISABLED_Work", {"TOMOGRAD_CLAIM_STORE=" + folder.file()}));
  for (pid_t process : processes) EXPECT_TRUE(ended_well(wait_for_child(process))) << "an error reached process " << process;
  EXPECT_EQ(store->counts().complete, many_trials);
  for (const auto& trial : store->trials()) {
    EXPECT_EQ(trial.attempts, 1) << trial.number;
    EXPECT_EQ(trial.metrics.at("dice").as_number(), double(trial.number));
  }
  std::map<std::string, int64_t> kinds;
  for (const auto& event : store->events()) ++kinds[event.kind];
  EXPECT_EQ(kinds["claimed"], many_trials);
  EXPECT_EQ(kinds["complete"], many_trials);
}

}  // namespace
}  // namespace tomograd
