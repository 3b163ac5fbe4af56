// Value to and from TOML and JSON text. Limits against hostile files: 1 MiB of TOML, 128 levels, 64 MiB of JSON.
#pragma once

#include <string>
#include <string_view>

#include "spec/value.h"

namespace tomograd {

// `name` is what error messages call the text ("run.toml"); they carry line and column.
Value parse_toml(std::string_view toml, const std::string& name);
Value parse_json(std::string_view json, const std::string& name);

std::string to_toml(const Value& table);                      // scalars first, then [tables] and [[lists of tables]]
std::string to_json(const Value& value, bool pretty = true);  // NaN and infinities become null; ends without newline
std::string to_toml_value(const Value& value);                // one value as it stands behind "key ="

// "a.b.c=VALUE" of --set: VALUE is read as a TOML value, and as plain text when it is none.
void apply_setting(Value& root, const std::string& setting);

}  // namespace tomograd
