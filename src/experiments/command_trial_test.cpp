// What a trial's program is told, and whose doing its end is.
#include "experiments/command_trial.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

class Listener : public TrialReporter {
 public:
  void progress(double) override {}
  std::stop_token stop() const override { return source.get_token(); }
  std::stop_source source;
};

class CommandTrials : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_command_XXXXXX";
    folder_ = ::mkdtemp(name);
    claim_.trial = 7, claim_.attempt = 2;
    claim_.settings = Value::table(), claim_.design = Value::table();
    claim_.settings["seed"] = 5;
    claim_.design["test"] = Value::list_of(std::vector<std::string>{"P 1", "P2"});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  TrialOutcome run(const std::string& script, const std::string& data = {}) {
    CommandTrial trial(system_env(), system_clock(), {{"sh", "-c", script}, folder_ + "/trials", folder_, "dice", data});
    return trial.run(claim_, listener_);
  }
  ErrorKind ends_as(const std::string& script) {
    try {
      run(script);
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << script << " ended well";
    return ErrorKind::usage;
  }

  std::string folder_;
  Claim claim_;
  Listener listener_;
};

TEST_F(CommandTrials, AreToldWhereTheDataAre) {
  const std::string tells = "printf '{\"dice\": 0.5, \"said\": \"%s|%s|%s\"}' \"$TOMOGRAD_TRIAL_DATA\" '{data}' \"$TOMOGRAD_TRIAL_SPLIT\" > {out}/metrics.json";
  EXPECT_EQ(run(tells, "/scans/dataset.json").metrics.at("said").as_text(), "/scans/dataset.json|/scans/dataset.json|P 1,P2");
  EXPECT_EQ(run(tells).metrics.at("said").as_text(), "||P 1,P2");
}

TEST_F(CommandTrials, InheritNoOpenFile) {
  std::ofstream held(folder_ + "/held");         // as a store's file: whoever closed a copy of it could end a lock
  run("ls /proc/$$/fd; echo '{\"dice\": 1}' > {out}/metrics.json");
  EXPECT_EQ(read_text(system_env(), folder_ + "/trials/0007/output.log"), "0\n1\n2\n");
}

// A cluster that ends a job signals the program and its worker in any order; only the worker knows whether it was meant.
TEST_F(CommandTrials, ProgramsEndedTogetherWithTheirWorkerAreStoppedNotFailed) {
  for (const char* ends : {"kill -TERM $$", "kill -INT $$", "exit 3", "exit 143"}) {
    listener_ = Listener();
    std::jthread worker_hears([&] {
      system_clock().sleep_seconds(0.15);
      listener_.source.request_stop();
    });
    EXPECT_EQ(ends_as(ends), ErrorKind::stopped) << ends;
  }
}

TEST_F(CommandTrials, ProgramsThatNobodyStoppedHaveFailed) {
  for (const char* ends : {"kill -TERM $$", "exit 3", "exit 1"}) EXPECT_EQ(ends_as(ends), ErrorKind::failure) << ends;
}

}  // namespace
}  // namespace tomograd
