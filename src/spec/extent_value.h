#pragma once

#include "base/extent.h"
#include "spec/value.h"

namespace tomograd {

inline Value extent_value(Extent size) { return Value(Value::List{size.z, size.y, size.x}); }  // [z, y, x]

}  // namespace tomograd
