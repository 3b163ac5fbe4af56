#include "cluster/slurm_self.h"

#include <cstdlib>

#include "cluster/process.h"

namespace tomograd {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string own_slurm_id() {
  std::string array = variable("SLURM_ARRAY_JOB_ID"), index = variable("SLURM_ARRAY_TASK_ID");
  return array.empty() || index.empty() ? variable("SLURM_JOB_ID") : array + "_" + index;
}

bool requeue_own_element(const SlurmTools& tools, int64_t most_restarts) {
  std::string id = own_slurm_id();
  if (id.empty() || std::atoll(variable("SLURM_RESTART_COUNT").c_str()) >= most_restarts) return false;
  Command command;
  command.argv = tools.scontrol;
  command.argv.insert(command.argv.end(), {"requeue", id});
  command.environment = tools.environment;
  return run_command(command).ok();
}

}  // namespace tomograd
