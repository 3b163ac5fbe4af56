#include "volume/zarr_json.h"

#include <cmath>
#include <set>

#include "base/error.h"
#include "volume/zarr_metadata.h"

namespace tomograd {
namespace {

constexpr int deepest = 32;

}  // namespace

Json parse_bounded_json(const std::string& json, const std::string& name) {
  if (int64_t(json.size()) > zarr_text_limit) fail_input(text("'", name, "' has ", json.size(), " bytes of JSON; at most ", zarr_text_limit, " are read"));
  std::vector<std::set<std::string>> keys;
  auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > deepest) fail_input(text("'", name, "' is nested deeper than ", deepest, " levels"));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      fail_input(text("'", name, "' has the key ", shown(parsed), " twice in one object"));
    return true;
  };
  try {
    return Json::parse(json, watch);
  } catch (const Json::exception& error) {
    fail_input(text("'", name, "' is not JSON: ", shown(Json(error.what()))));
  }
}

std::string shown(const Json& value) {
  std::string all = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return all.size() <= 60 ? all : all.substr(0, 57) + "...";
}

const Json& member(const Json& object, const char* key, const std::string& where) {
  if (!object.is_object()) fail_input(text(where, " is ", shown(object), "; an object is expected"));
  auto found = object.find(key);
  if (found == object.end()) fail_input(text(where, " lacks \"", key, "\""));
  return *found;
}

int64_t whole_number(const Json& value, int64_t least, int64_t most, const std::string& where) {
  bool inside = value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > uint64_t(INT64_MAX));
  int64_t number = inside ? value.get<int64_t>() : 0;
  if (!inside || number < least || number > most)
    fail_input(text(where, " is ", shown(value), "; a whole number from ", least, " to ", most, " is expected"));
  return number;
}

double finite_number(const Json& value, const std::string& where) {
  double number = value.is_number() ? value.get<double>() : NAN;
  if (!std::isfinite(number)) fail_input(text(where, " is ", shown(value), "; a finite number is expected"));
  return number;
}

std::string word(const Json& value, const std::string& where) {
  if (!value.is_string()) fail_input(text(where, " is ", shown(value), "; a text is expected"));
  return value.get<std::string>();
}

std::vector<int64_t> whole_numbers(const Json& value, int64_t least, int64_t most, const std::string& where) {
  if (!value.is_array()) fail_input(text(where, " is ", shown(value), "; a list of whole numbers is expected"));
  std::vector<int64_t> numbers;
  for (const Json& item : value) numbers.push_back(whole_number(item, least, most, text(where, "[", numbers.size(), "]")));
  return numbers;
}

}  // namespace tomograd
