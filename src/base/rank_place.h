// Which of the processes that train one network together this one is ("rank", as MPI, SLURM and torch call it), and how they
// find each other. What starts them says it: `tomograd train --ranks`, srun or torchrun (src/cli/train_ranks.cpp).
#pragma once

#include <cstdint>
#include <string>

namespace tomograd {

struct RankPlace {
  int64_t rank = 0, ranks = 1;                   // 0 <= rank < ranks
  int64_t local_rank = 0, local_ranks = 1;       // the same among those on this host
  std::string file;                              // all on one host: they meet in this file, which rank 0 need not have made
  std::string host;                              // else at a store that is served there,
  int port = 0;
  bool serves = false;                           // by this rank
  std::string interface;                         // network interface to use between hosts, such as "ib0"; "" = that of the host's name
  bool split() const { return ranks > 1; }
};

// What the error of a rank says that found another one gone; whoever watches them all knows better why.
inline constexpr char rank_lost_message[] = "another rank of this training has ended or does not answer";

}  // namespace tomograd
