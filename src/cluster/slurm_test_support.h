// A Slurm object over tests/support/fake_slurm.sh, with a clock whose pauses take no time.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "cluster/slurm.h"

namespace tomograd {

inline SlurmTools fake_tools(const std::string& folder) {
  SlurmTools tools;
  for (auto [tool, words] : {std::pair{"sbatch", &tools.sbatch}, {"squeue", &tools.squeue}, {"sacct", &tools.sacct}, {"scontrol", &tools.scontrol}, {"scancel", &tools.scancel}, {"sinfo", &tools.sinfo}})
    *words = {std::string(TOMOGRAD_SOURCE_DIR) + "/tests/support/fake_slurm.sh", folder + "/fake", tool};
  return tools;
}

inline Job fake_job(const std::string& folder, const std::string& uuid, int64_t elements) {
  Job job;
  job.uuid = uuid, job.name = "tiles", job.argv = {"true"}, job.folder = folder, job.logs = folder + "/logs", job.elements = elements;
  return job;
}

class FakeSlurm : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_slurm_XXXXXX";
    folder_ = ::mkdtemp(name);
    std::filesystem::create_directories(folder_ + "/fake");
    tools_ = fake_tools(folder_);
    options_.command_seconds = 30;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Slurm slurm() { return Slurm(system_env(), clock_, tools_, options_); }
  Job job(int64_t elements) const { return fake_job(folder_, new_uuid(), elements); }
  void set(const std::string& name, const std::string& content) { publish_text(system_env(), folder_ + "/fake/" + name, content); }
  std::string get(const std::string& name) { return system_env().kind(folder_ + "/fake/" + name) == FileKind::file ? read_text(system_env(), folder_ + "/fake/" + name) : ""; }
  std::vector<std::string> accepted() {            // "comment|name|array|script" of each job
    std::vector<std::string> result;
    for (const auto& id : system_env().list(folder_ + "/fake/jobs")) result.push_back(get("jobs/" + id));
    return result;
  }
  int64_t calls(const std::string& start) {
    std::istringstream lines(get("calls"));
    int64_t count = 0;
    for (std::string line; std::getline(lines, line);) count += line.rfind(start, 0) == 0;
    return count;
  }

  std::string folder_;
  ManualClock clock_;
  SlurmTools tools_;
  SlurmOptions options_;
};

}  // namespace tomograd
