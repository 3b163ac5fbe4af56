#include "cluster/local_processes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "cluster/worker_process.h"

namespace tomograd {
namespace {

class Local : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_local_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Job job(const std::string& script, int64_t elements) const {
    Job result;
    result.uuid = new_uuid(), result.name = "tiles", result.argv = {"sh", "-c", script}, result.folder = folder_, result.logs = folder_ + "/logs", result.elements = elements;
    return result;
  }
  // `look` may act on the cluster; waits 60 s at most.
  ElementStates finish(LocalProcesses& cluster, const Submission& submission, const std::function<void(const ElementStates&)>& look = {}) {
    double began = system_clock().monotonic_seconds();
    return watch(cluster, submission, system_clock(), 0.005, {}, [&](const ElementStates& states) {
      if (look) look(states);
      EXPECT_LT(system_clock().monotonic_seconds() - began, 60);
      return system_clock().monotonic_seconds() - began < 60;
    });
  }
  std::string content(const std::string& name) { return system_env().kind(folder_ + "/" + name) == FileKind::file ? read_text(system_env(), folder_ + "/" + name) : ""; }
  // A dead process that its parent has not collected yet (not every container's init does) is no longer alive.
  static bool alive(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string stat;
    std::getline(file, stat);
    size_t at = stat.rfind(") ");
    return at != std::string::npos && stat[at + 2] != 'Z' && stat[at + 2] != 'X';
  }
  static bool dies(const std::string& pid) {      // within two seconds
    for (int i = 0; i < 400 && alive(pid); ++i) system_clock().sleep_seconds(0.005);
    return !alive(pid);
  }
  void wait_for(const std::string& name) {
    for (int i = 0; i < 2000 && content(name).empty(); ++i) system_clock().sleep_seconds(0.005);
    ASSERT_NE(content(name), "") << name;
  }

  std::string folder_;
};

TEST_F(Local, EveryElementOnceWithItsNumber) {
  LocalProcesses cluster(system_env(), system_clock(), {3, 5});
  Job tiles = job("echo $TOMOGRAD_ELEMENT/$TOMOGRAD_ELEMENTS $TOMOGRAD_JOB $A $1 $PWD >> out-$TOMOGRAD_ELEMENT; echo logged", 20);
  tiles.argv.insert(tiles.argv.end(), {"sh", "{element}of{elements}"});
  tiles.environment = {{"A", "a b"}};
  Submission submission = cluster.submit(tiles);
  int64_t most = 0;
  ElementStates states = finish(cluster, submission, [&](const ElementStates&) { most = std::max(most, cluster.running()); });
  EXPECT_EQ(states.count(JobState::complete), 20);
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 2);
  for (int64_t element = 0; element < 20; ++element) {
    EXPECT_EQ(content(text("out-", element)), text(element, "/20 ", tiles.uuid, " a b ", element, "of20 ", folder_, "\n"));
    EXPECT_EQ(read_text(system_env(), worker_log(tiles, element)), "logged\n");
  }
  EXPECT_EQ(cluster.submit(tiles).uuid, tiles.uuid);   // sent again: nothing happens
  EXPECT_TRUE(finish(cluster, submission).all_ended(submission));
  EXPECT_EQ(read_text(system_env(), worker_log(tiles, 0)), "logged\n");
}

TEST_F(Local, EndsAreToldApart) {
  LocalProcesses cluster(system_env(), system_clock(), {2, 5});
  Submission submission = cluster.submit(job("case $TOMOGRAD_ELEMENT in 0) exit 0 ;; 1) exit 5 ;; 2) kill -9 $$ ;; 3) exit 3 ;; esac", 4));
  ElementStates states = finish(cluster, submission);
  EXPECT_EQ(states.of, (std::vector<JobState>{JobState::complete, JobState::failed, JobState::failed, JobState::preempted}));
  EXPECT_EQ(states.reasons.at(1), "exit code 5");
  EXPECT_EQ(states.reasons.at(2), "killed by signal 9");
  Job missing = job("", 1);
  missing.argv = {"/nonexistent/worker"};
  states = finish(cluster, cluster.submit(missing));
  EXPECT_EQ(states.reasons.at(0), "exit code 127");
  EXPECT_EQ(read_text(system_env(), worker_log(missing, 0)), "cannot start '/nonexistent/worker'\n");
  Job nowhere = job("true", 1);
  nowhere.folder = "/nonexistent";
  EXPECT_EQ(finish(cluster, cluster.submit(nowhere)).reasons.at(0), "exit code 126");
}

TEST_F(Local, RequeueRunsOneElementAgainAndAppendsToItsLog) {
  LocalProcesses cluster(system_env(), system_clock(), {2, 5});
  Job tiles = job("echo run; [ -f again-$TOMOGRAD_ELEMENT ] && exit 0; touch again-$TOMOGRAD_ELEMENT; [ $TOMOGRAD_ELEMENT = 1 ] || exit 4; sleep 60", 2);
  Submission submission = cluster.submit(tiles);
  bool failed_again = false, running_again = false;
  ElementStates states = finish(cluster, submission, [&](const ElementStates& now) {
    if (now.of[0] == JobState::failed && !failed_again) failed_again = true, cluster.requeue(submission, 0);
    if (now.of[1] == JobState::running && !running_again && !content("logs/tiles-1.log").empty() && system_env().kind(folder_ + "/again-1") == FileKind::file) running_again = true, cluster.requeue(submission, 1);
  });
  EXPECT_TRUE(failed_again && running_again);
  EXPECT_EQ(states.count(JobState::complete), 2);
  EXPECT_TRUE(states.reasons.empty());
  EXPECT_EQ(read_text(system_env(), worker_log(tiles, 0)), "run\nrun\n");
  EXPECT_EQ(read_text(system_env(), worker_log(tiles, 1)), "run\nrun\n");
  EXPECT_THROW(cluster.requeue(submission, 2), Error);
}

TEST_F(Local, CancelEndsARunningElementWithWhatItStarted) {
  LocalProcesses cluster(system_env(), system_clock(), {1, 0.3});
  Submission submission = cluster.submit(job("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > child; sleep 60' & echo $$ > parent; wait; sleep 60", 3));
  cluster.states(submission);
  wait_for("child"), wait_for("parent");
  std::string child = content("child"), parent = content("parent");
  child.pop_back(), parent.pop_back();
  EXPECT_TRUE(alive(child) && alive(parent));
  cluster.cancel(submission);
  ElementStates states = finish(cluster, submission);
  EXPECT_EQ(states.count(JobState::cancelled), 3);
  EXPECT_EQ(states.reasons.at(0), "killed by signal 9");   // it does not listen to TERM
  EXPECT_FALSE(alive(parent));
  EXPECT_TRUE(dies(child));
}

TEST_F(Local, WhatAWorkerLeavesRunningEndsWithIt) {
  LocalProcesses cluster(system_env(), system_clock(), {1, 5});
  Submission submission = cluster.submit(job("sleep 60 & echo $! > child; exit 0", 1));
  EXPECT_EQ(finish(cluster, submission).count(JobState::complete), 1);
  std::string child = content("child");
  child.pop_back();
  EXPECT_TRUE(dies(child));
}

TEST_F(Local, SignalsAreForwardedAndTheEndOfTheClusterEndsTheWorkers) {
  std::string pid;
  {
    LocalProcesses cluster(system_env(), system_clock(), {1, 5});
    Submission submission = cluster.submit(job("trap 'echo usr1 > usr1' USR1; trap 'echo term > term; exit 3' TERM; echo $$ > pid; while :; do sleep 0.01; done", 1));
    cluster.states(submission);
    wait_for("pid");
    pid = content("pid");
    pid.pop_back();
    cluster.forward(SIGUSR1);
    wait_for("usr1");
  }
  EXPECT_EQ(content("term"), "term\n");
  EXPECT_FALSE(alive(pid));
}

TEST_F(Local, TimeLimitWithNotice) {
  LocalProcesses cluster(system_env(), system_clock(), {2, 5});
  Job slow = job("[ $TOMOGRAD_ELEMENT = 0 ] && trap 'exit 3' USR1; [ $TOMOGRAD_ELEMENT = 1 ] && trap '' USR1; while :; do sleep 0.01; done", 2);
  slow.resources.seconds = 2, slow.notice_seconds = 1;
  ElementStates states = finish(cluster, cluster.submit(slow));
  EXPECT_EQ(states.of, (std::vector<JobState>{JobState::preempted, JobState::timed_out}));
}

TEST_F(Local, StagesWaitForEachOther) {
  LocalProcesses cluster(system_env(), system_clock(), {4, 5});
  Submission good = cluster.submit(job("sleep 0.05; echo $TOMOGRAD_ELEMENT >> done", 3));
  Submission bad = cluster.submit(job("exit 1", 1));
  Job merge = job("wc -l < done > merged", 1), cleanup = job("echo cleaned > cleaned", 1), never = job("echo wrong > wrong", 2);
  merge.after = {{good.ids(), true}}, cleanup.after = {{bad.ids(), false}}, never.after = {{good.ids(), true}, {bad.ids(), true}};
  Submission merged = cluster.submit(merge), cleaned = cluster.submit(cleanup), cancelled = cluster.submit(never);
  EXPECT_EQ(finish(cluster, merged).of[0], JobState::complete);
  EXPECT_EQ(content("merged"), "3\n");
  EXPECT_EQ(finish(cluster, cleaned).of[0], JobState::complete);
  ElementStates states = finish(cluster, cancelled);
  EXPECT_EQ(states.count(JobState::cancelled), 2);
  EXPECT_NE(states.reasons.at(0).find("ended as failed"), std::string::npos) << states.reasons.at(0);
  EXPECT_EQ(content("wrong"), "");
  Job stray = job("true", 1);
  stray.after = {{{"123"}, true}};
  EXPECT_THROW(cluster.submit(stray), Error);
}

TEST_F(Local, AThrottleOfOneJobLeavesRoomForOthers) {
  LocalProcesses cluster(system_env(), system_clock(), {4, 5});
  Job narrow = job("sleep 0.02", 10);
  narrow.at_once = 1;
  Submission submission = cluster.submit(narrow);
  int64_t most = 0;
  finish(cluster, submission, [&](const ElementStates& states) { most = std::max(most, states.count(JobState::running)); });
  EXPECT_EQ(most, 1);
}

TEST_F(Local, WorkersDieWithTheirParent) {
  std::filesystem::create_directories(folder_ + "/logs");
  pid_t starter = ::fork();
  if (starter == 0) {
    start_worker(job("echo $$ > pid; sleep 60", 1), 0);
    ::pause();
    ::_exit(0);
  }
  wait_for("pid");
  std::string pid = content("pid");
  pid.pop_back();
  ::kill(starter, SIGKILL), ::waitpid(starter, nullptr, 0);
  EXPECT_TRUE(dies(pid));
}

}  // namespace
}  // namespace tomograd
