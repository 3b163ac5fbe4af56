// Errors as values, for those who are told of them by another process.
#pragma once

#include "base/error.h"
#include "spec/value.h"

namespace tomograd {

// {"kind", "message", "context": [...], "hint"}; contexts without words are left out.
Value error_value(const Error& error);
// And back. What is missing or of another type is "", an unknown kind is failure.
Error error_from(const Value& value);

}  // namespace tomograd
