// The sub-commands of `model` that have a file of their own.
#pragma once

#include <string>

#include "base/extent.h"
#include "cli/verb.h"

namespace tomograd {

void add_model_export(CLI::App& model, Program& program);

// "96", "16,96,96", "16x96x96"; Error(input) naming `option` when it is no size or an axis is below `least`.
Extent parse_extent(const std::string& given, const std::string& option, int64_t least);

}  // namespace tomograd
