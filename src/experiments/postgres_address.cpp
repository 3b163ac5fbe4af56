#include <algorithm>

#include "base/error.h"
#include "experiments/postgres_store.h"

namespace tomograd {

bool is_postgres_address(const std::string& address) { return address.starts_with("postgresql://") || address.starts_with("postgres://"); }

PostgresAddress parse_postgres_address(const std::string& address) {
  PostgresAddress result;
  size_t question = std::min(address.find('?'), address.size());
  result.connection = address.substr(0, question);
  std::string parameters = question < address.size() ? address.substr(question + 1) : "", kept;
  while (!parameters.empty()) {
    std::string one = parameters.substr(0, parameters.find('&'));
    parameters.erase(0, one.size() + 1);
    if (one.starts_with("schema=")) result.schema = one.substr(7);
    else kept += (kept.empty() ? "?" : "&") + one;
  }
  result.shown = result.connection;
  size_t begin = result.shown.find("://") + 3, at = result.shown.rfind('@'), colon = result.shown.find(':', begin);
  if (at != std::string::npos && colon < at) result.shown.erase(colon, at - colon);
  result.connection += kept;
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (result.schema.empty()) fail_usage("'" + result.shown + "' names no schema for the experiment", "add ?schema=NAME to the address");
  if (result.schema.size() > 63 || !std::all_of(result.schema.begin(), result.schema.end(), fits) || (result.schema[0] >= '0' && result.schema[0] <= '9') || result.schema.starts_with("pg_"))
    fail_usage("'" + result.schema + "' is no name for the schema of an experiment", "small letters, digits and _, not a digit or pg_ first, at most 63 characters");
  result.shown += "?schema=" + result.schema;
  return result;
}

}  // namespace tomograd
