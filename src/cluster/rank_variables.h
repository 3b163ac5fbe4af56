// What launchers say in the environment about the ranks that they start.
#pragma once

#include <functional>
#include <string>

#include "base/rank_place.h"

namespace tomograd {

struct RankVariables {
  RankPlace place;                               // host empty: how they meet is not said
  std::string missing;                           // and then this is what to say
};

// `variable` returns the value of an environment variable, or null. torchrun's names go before SLURM's, as torchrun may run in a
// job. A job step of one task, a batch script and a trial of an experiment are one rank. Error(usage) for a number that is none.
RankVariables rank_variables(const std::function<const char*(const char* name)>& variable);

// "node[01-04,09],other" -> "node01"; "n(x3)" and "2(x2),1" of SLURM_STEP_TASKS_PER_NODE at node 1 -> 2.
std::string first_host(const std::string& nodes);
int tasks_of_node(const std::string& tasks_per_node, int node);

}  // namespace tomograd
