// Which files a Zarr store consists of, by what its own metadata say: for servers that do not list what they have.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"

namespace tomograd {

// Paths below `store`, an array or an OME-Zarr group: metadata files that are there, and the files of all chunks or shards of every
// level and label image (with our own counts of labels), whether they are there or not; a chunk that was never written has none.
// Error(input) when that would be more than `most`.
std::vector<std::string> zarr_inventory(Env& env, const std::string& store, int64_t most);

}  // namespace tomograd
