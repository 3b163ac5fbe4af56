// What tells one store from another without reading it.
#pragma once

#include <string>

#include "base/env.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

// Of the metadata files of the group and of its array (level 0, or the group itself when it is an array) and, so that two
// volumes of the same shape differ, of the sizes and last 64 KiB (the index of a shard) of up to 16 files of chunks. Paths are
// not in it: the store may lie elsewhere tomorrow.
std::string digest_of_store(Env& env, const std::string& group, const std::string& array, const ZarrArrayInfo& info);

}  // namespace tomograd
