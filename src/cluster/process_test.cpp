#include "cluster/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"

namespace tomograd {
namespace {

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

TEST(Process, AnswersWithBothOutputsAndTheCode) {
  CommandAnswer answer = run_command(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(answer.out, "out\n");
  EXPECT_EQ(answer.err, "err\n");
  EXPECT_EQ(answer.exit_code, 7);
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(describe(shell(""), answer), "'sh' ended with exit code 7: err");
  EXPECT_EQ(run_command(shell("kill -9 $$")).signal, SIGKILL);
}

TEST(Process, ArgumentsPassNoShell) {
  Command command;
  command.argv = {"printf", "%s|", "a b", "", "$HOME", "\"'\n"};
  EXPECT_EQ(run_command(command).out, "a b||$HOME|\"'\n|");
}

TEST(Process, WhatIsNotThereIsSaid) {
  Command command;
  command.argv = {"tomograd-no-such-program"};
  CommandAnswer answer = run_command(command);
  EXPECT_FALSE(answer.found);
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(describe(command, answer), "'tomograd-no-such-program' was not found");
}

TEST(Process, KillsWhatHangsWithItsChildren) {
  // The child behind has no output of its own to wait for: it must be killed all the same.
  char folder[] = "/tmp/tomograd_process_XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  Command command = shell(std::string("sleep 60 >/dev/null 2>&1 & echo $! > ") + folder + "/child; sleep 60; echo never");
  command.seconds = 0.5;
  double began = system_clock().monotonic_seconds();
  CommandAnswer answer = run_command(command);
  EXPECT_TRUE(answer.timed_out);
  EXPECT_EQ(answer.out, "");
  EXPECT_LT(system_clock().monotonic_seconds() - began, 10);
  std::string child, stat;
  ASSERT_TRUE(std::getline(std::ifstream(std::string(folder) + "/child"), child));
  for (int i = 0; i < 400; ++i) {                 // gone, or dead and not collected yet
    stat.clear();
    std::ifstream file("/proc/" + child + "/stat");
    if (!std::getline(file, stat) || stat.find(") Z") != std::string::npos) break;
    system_clock().sleep_seconds(0.005);
  }
  EXPECT_TRUE(stat.empty() || stat.find(") Z") != std::string::npos) << stat;
  std::filesystem::remove_all(folder);
}

TEST(Process, DoesNotWaitForWhatACommandLeavesBehind) {
  double began = system_clock().monotonic_seconds();
  EXPECT_EQ(run_command(shell("sleep 20 & echo here")).out, "here\n");
  EXPECT_LT(system_clock().monotonic_seconds() - began, 10);
}

TEST(Process, KeepsALimitedPartOfTheOutput) {
  Command command = shell("head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2");
  command.output_limit = 1000;
  CommandAnswer answer = run_command(command);
  EXPECT_TRUE(answer.ok());
  EXPECT_TRUE(answer.cut);
  EXPECT_EQ(answer.out, std::string(1000, 'x'));
  EXPECT_EQ(answer.err, "end\n");
}

TEST(Process, EnvironmentAddsReplacesAndTakesAway) {
  ::setenv("TOMOGRAD_PROCESS_A", "old", 1), ::setenv("TOMOGRAD_PROCESS_B", "b", 1), ::setenv("TOMOGRAD_PROCESS_BB", "bb", 1);
  Command command = shell("echo ${TOMOGRAD_PROCESS_A-none} ${TOMOGRAD_PROCESS_B-none} ${TOMOGRAD_PROCESS_BB-none} $TOMOGRAD_PROCESS_C");
  command.environment = {"TOMOGRAD_PROCESS_A=new", "TOMOGRAD_PROCESS_C=c"};
  command.without = {"TOMOGRAD_PROCESS_B"};
  EXPECT_EQ(run_command(command).out, "new none bb c\n");
}

}  // namespace
}  // namespace tomograd
