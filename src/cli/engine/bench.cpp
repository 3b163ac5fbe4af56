#include "base/error.h"
#include "cli/engine/verbs.h"

namespace tomograd {

Value engine_bench(const std::string& name, const Value&, const ComputeOptions&, const Talk&) {
  fail_usage(text("there is no engine benchmark '", name, "'"), "known: predict, train");
}

}  // namespace tomograd
