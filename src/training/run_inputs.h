// What a run reads: the same files from its begin to its end. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/dataset.h"
#include "spec/value.h"

namespace tomograd {

// For the manifest: case and digest of all files of `channels` that a run with this split reads. Error(input) names the first case whose
// files are not those that `before`, the manifest of the run's begin, has; at the begin (null) those that changed since the import are
// warned of.
Value::List checked_inputs(Env& env, const Dataset& dataset, const Split& split, const std::vector<std::string>& channels, const Value* before);

}  // namespace tomograd
