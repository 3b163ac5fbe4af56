// Where two tables of settings differ, for sentences that refuse to mix them.
#pragma once

#include <string>
#include <vector>

#include "spec/value.h"

namespace tomograd {

// The first field of `now` whose value is another one in `before`, as "a.b was 1, now 2"; "" when none is. Empty lists and empty tables are
// alike. Fields that only `before` has do not count; `ignored`: names of fields of the outermost table.
std::string difference(const Value& before, const Value& now, const std::vector<std::string>& ignored = {});

}  // namespace tomograd
