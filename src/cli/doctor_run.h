// `doctor RUN.toml`: where the time of a training run goes on this machine, or how large a batch fits. Steps are really made; no run
// folder is.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace tomograd {

struct DoctorRunOptions {
  std::string run;
  std::vector<std::string> settings;
  int64_t steps = 0;                             // of an epoch; 0 = chosen by their time
  bool largest_batch = false;
  int64_t up_to = 0;                             // largest batch of interest; 0 = all that a spec can say
  ComputeOptions compute;
};

void add_doctor_run_options(CLI::App& verb, DoctorRunOptions& options);
bool is_about_a_run(const DoctorRunOptions& options);  // Error(usage) for options that need a RUN and have none
void doctor_run(const DoctorRunOptions& options, const Output& out);

}  // namespace tomograd
