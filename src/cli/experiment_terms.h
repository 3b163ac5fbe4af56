// What the options of `experiment run` say about money and hours, settled and kept (experiments/run_terms.h).
#pragma once

#include <string>

#include "cli/experiment_verbs.h"

namespace tomograd {

// The price of an hour from --price or from --instance. Error(usage): a budget without either, an unknown type.
RunOptions with_price(RunOptions options);

// Writes terms.json. A price that is not given anew stays: what was spent at it was spent.
void keep_terms(const std::string& folder, const RunOptions& options, int64_t workers);

}  // namespace tomograd
