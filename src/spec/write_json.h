// JSON text straight from a Value, without a tree in between. Private to this room.
#pragma once

#include <string>

#include "spec/value.h"

namespace tomograd {

// Appends what nlohmann's dump() gives: two spaces a level when pretty, NaN and infinities null, bytes that are no UTF-8 replaced.
void write_json(const Value& value, bool pretty, std::string& out);

}  // namespace tomograd
