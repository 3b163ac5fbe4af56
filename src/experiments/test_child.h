// A test that runs as a process of its own and may be killed: this program again, with one DISABLED_ test that reads what it
// is to do from environment variables.
#pragma once

#include <gtest/gtest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace tomograd {

// test: "KillChild.DISABLED_Work"; variables: "NAME=value".
inline pid_t start_test_child(const std::string& test, std::vector<std::string> variables) {
  variables.push_back(std::string("PATH=") + std::getenv("PATH"));
  std::vector<char*> envp;
  for (auto& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string self = "/proc/self/exe", filter = "--gtest_filter=" + test, also = "--gtest_also_run_disabled_tests", brief = "--gtest_brief=1";
  char* argv[] = {self.data(), filter.data(), also.data(), brief.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, self.c_str(), &actions, nullptr, argv, envp.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

inline int wait_for_child(pid_t child) {         // its status as waitpid() gives it
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

inline bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }
inline bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

}  // namespace tomograd
