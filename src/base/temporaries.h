// Temporaries of files that are being published, and what to do with those that killed writers leave behind.
#pragma once

#include <cstdint>
#include <string>

#include "base/env.h"

namespace tomograd {

// A name beside `path` that no other writer has, in this process or another, now or earlier: process number (so that others
// can see whether its writer lives), a random token (in a container the number is the same at every start), a count.
std::string temporary_name(const std::string& path);

// Removes the temporaries of writers that are gone from a folder and, `depth` levels down, from the folders in it; those of
// living processes stay. For folders that the processes of one machine write, such as a run's. Returns how many there were.
int64_t remove_stale_temporaries(Env& env, const std::string& folder, int depth = 1);

}  // namespace tomograd
