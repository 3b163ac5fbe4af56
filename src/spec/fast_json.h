// The JSON that our own files and stores are made of, read several times faster than by the parser that knows all of it.
// Private to this room.
#pragma once

#include <string_view>

#include "spec/value.h"

namespace tomograd {

// True when the whole text was read into `out`. False for everything rare, whether it is an error or not: characters beyond
// ASCII, \u, doubled keys, numbers too large, deep nesting; the full parser then says what it is.
bool read_fast_json(std::string_view json, Value& out);

}  // namespace tomograd
