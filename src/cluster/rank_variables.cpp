#include "cluster/rank_variables.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "base/error.h"

namespace tomograd {
namespace {

using Variable = std::function<const char*(const char*)>;

std::string value_of(const Variable& variable, const char* name) {
  const char* value = variable(name);
  return value ? value : "";
}

int64_t number_of(const Variable& variable, const char* name, int64_t otherwise) {
  std::string raw = value_of(variable, name);
  if (raw.empty()) return otherwise;
  int64_t number = -1;
  auto [end, problem] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (problem != std::errc() || end != raw.data() + raw.size() || number < 0) fail_usage(text("the environment variable ", name, " is '", raw, "', which is no number of ranks or ports"));
  return number;
}

void check(const RankPlace& place) {
  if (place.rank >= place.ranks) fail_usage(text("the environment says that this is rank ", place.rank, " of ", place.ranks), "ranks are counted from 0");
}

RankVariables of_torchrun(const Variable& variable) {
  RankVariables found;
  RankPlace& place = found.place;
  place.rank = number_of(variable, "RANK", 0), place.ranks = number_of(variable, "WORLD_SIZE", 1);
  place.local_rank = number_of(variable, "LOCAL_RANK", 0), place.local_ranks = std::max<int64_t>(1, number_of(variable, "LOCAL_WORLD_SIZE", 1));
  place.host = value_of(variable, "MASTER_ADDR"), place.port = int(number_of(variable, "MASTER_PORT", 29500));
  place.serves = place.rank == 0 && value_of(variable, "TORCHELASTIC_USE_AGENT_STORE") != "True";
  found.missing = "WORLD_SIZE says that there are several ranks, and MASTER_ADDR does not say where they meet";
  return found;
}

RankVariables of_slurm(const Variable& variable) {
  RankVariables found;
  RankPlace& place = found.place;
  place.rank = number_of(variable, "SLURM_PROCID", 0), place.ranks = number_of(variable, "SLURM_STEP_NUM_TASKS", 1);
  place.local_rank = number_of(variable, "SLURM_LOCALID", 0);
  place.local_ranks = std::max(1, tasks_of_node(value_of(variable, "SLURM_STEP_TASKS_PER_NODE"), int(number_of(variable, "SLURM_NODEID", 0))));
  place.host = value_of(variable, "MASTER_ADDR");
  if (place.host.empty()) place.host = number_of(variable, "SLURM_STEP_NUM_NODES", 1) == 1 ? "127.0.0.1" : first_host(value_of(variable, "SLURM_STEP_NODELIST"));
  // Steps of one host must not meet each other: a port of their own out of those that no service has by custom.
  int64_t own = number_of(variable, "SLURM_JOB_ID", 0) * 31 + number_of(variable, "SLURM_STEP_ID", 0);
  place.port = int(number_of(variable, "MASTER_PORT", 20000 + own % 10000));
  place.serves = place.rank == 0;
  found.missing = "SLURM_STEP_NUM_TASKS says that there are several ranks, and neither SLURM_STEP_NODELIST nor MASTER_ADDR where they meet";
  return found;
}

}  // namespace

RankVariables rank_variables(const Variable& variable) {
  RankVariables found;
  if (variable("RANK") && variable("WORLD_SIZE")) found = of_torchrun(variable);
  else if (variable("SLURM_PROCID") && variable("SLURM_STEP_NUM_TASKS") && !variable("TOMOGRAD_TRIAL_OUT")) found = of_slurm(variable);
  found.place.interface = value_of(variable, "GLOO_SOCKET_IFNAME");
  check(found.place);
  return found;
}

std::string first_host(const std::string& nodes) {
  size_t end = nodes.find_first_of("[,");
  std::string host = nodes.substr(0, end);
  if (end == std::string::npos || nodes[end] == ',') return host;
  size_t stop = nodes.find_first_of("-,]", end), close = nodes.find(']', end);
  if (close == std::string::npos) return "";
  host += nodes.substr(end + 1, stop - end - 1);
  return host + nodes.substr(close + 1, nodes.find_first_of(",", close) - close - 1);
}

int tasks_of_node(const std::string& tasks_per_node, int node) {
  std::istringstream words(tasks_per_node);
  int at = 0, tasks = 0;
  for (std::string word; std::getline(words, word, ',');) {
    int times = 1;
    if (std::sscanf(word.c_str(), "%d(x%d)", &tasks, &times) < 1) return 0;
    if (node < (at += times)) return tasks;
  }
  return tasks;
}

}  // namespace tomograd
