// Ranks as threads of one test: they meet and talk as processes would, over loopback.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "training/rank_group.h"

namespace tomograd {

// Runs body(group) for every rank; what each threw, "" for none. With one_host = false they talk as ranks of several hosts do.
inline std::vector<std::string> as_ranks(int64_t ranks, const std::function<void(RankGroup&)>& body, bool one_host = true) {
  char folder[] = "/tmp/tomograd-ranks-test-XXXXXX";
  EXPECT_TRUE(mkdtemp(folder));
  std::vector<std::string> errors(static_cast<size_t>(ranks));
  {
    std::vector<std::jthread> threads;
    for (int64_t r = 0; r < ranks; ++r)
      threads.emplace_back([&, r] {
        try {
          RankPlace place;
          place.rank = r;
          place.ranks = ranks;
          if (one_host) place.local_rank = r, place.local_ranks = ranks;
          place.file = join_path(folder, "meeting");
          RankGroup group(place);
          body(group);
        } catch (const std::exception& error) {
          errors[size_t(r)] = error.what();
        }
      });
  }
  system_env().remove_tree(folder);
  return errors;
}

}  // namespace tomograd
