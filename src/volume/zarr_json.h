// JSON out of files nobody vouches for: bounded in size and depth, no key twice, and getters whose errors name the key,
// its value and what would be right. Private to this room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tomograd {

using Json = nlohmann::ordered_json;

Json parse_bounded_json(const std::string& json, const std::string& name);  // at most 1 MiB and 32 levels

std::string shown(const Json& value);            // as JSON, cut to 60 characters; control characters are escaped
const Json& member(const Json& object, const char* key, const std::string& where);    // Error(input) when it is missing
int64_t whole_number(const Json& value, int64_t least, int64_t most, const std::string& where);
double finite_number(const Json& value, const std::string& where);
std::string word(const Json& value, const std::string& where);
std::vector<int64_t> whole_numbers(const Json& value, int64_t least, int64_t most, const std::string& where);

}  // namespace tomograd
