// Declare once: a route is a method, a template, a sentence, its parameters and a function. The router, the check of parameters,
// what --read-only refuses and docs/openapi.json all come from the one list.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/answer_shapes.h"
#include "server/http_listener.h"
#include "spec/value.h"

namespace tomograd {

struct RouteParameter {
  std::string name, type;                        // integer, number, text, or the words that it may be, "png|raw16"
  std::string sentence;
};

// What is asked of a route, taken apart. Values are checked where they are taken: Error(usage) names the parameter.
class Call {
 public:
  const ServerRequest& request;
  std::map<std::string, std::string> places, query;   // {NAME} of the template; behind the "?"
  Value body = Value::table();                   // of POST

  const std::string& place(const std::string& name) const { return places.at(name); }
  int64_t place_number(const std::string& name) const;  // from 0
  std::string words(const std::string& name, const std::string& otherwise = "") const;
  std::optional<int64_t> integer(const std::string& name, int64_t low, int64_t high) const;
  int64_t integer(const std::string& name, int64_t otherwise, int64_t low, int64_t high) const { return integer(name, low, high).value_or(otherwise); }
  std::optional<double> number(const std::string& name) const;

  // Fields of the body, which must be of this type where they are there; null counts as not there. check_body() refuses all others.
  void check_body(const std::vector<std::string>& known) const;
  std::string field(const std::string& name, const std::string& otherwise = "") const;
  int64_t field(const std::string& name, int64_t otherwise, int64_t low, int64_t high) const;
};

struct Route {
  std::string method, path;                      // "/api/experiments/{id}/trials"
  std::string sentence;
  std::vector<RouteParameter> parameters;        // of the query
  bool changes = false;                          // something: refused by --read-only
  std::function<ServerAnswer(const Call&)> handler;
  std::string answers = "application/json";
  std::string shape = {};                        // name of what it answers, declared in the table's shapes
};

class RouteTable {
 public:
  // Error(failure) when the same method and template are there. shape: of the answer where it is JSON.
  void add(Route route, const std::string& shape = "");
  void describe(const std::string& method, const std::string& path, const std::string& shape);  // of a route that is there
  const std::vector<Route>& routes() const { return routes_; }
  AnswerShapes shapes;

  struct Found {
    const Route* route = nullptr;                // null: nothing there
    bool other_method = false;                   // but something there for another method
    std::map<std::string, std::string> places;
  };
  // path: decoded parts. A part that is written out goes before {NAME}.
  Found find(const std::string& method, const std::vector<std::string>& path) const;

 private:
  std::vector<Route> routes_;
};

// "/a/b%20c?x=1&y" -> {"a", "b c"}, {x: 1, y: ""}. Decoded once. None where it could be read in two ways: no path, a part that is "." or
// "..", empty parts but the last, "/", "\" or control characters inside of one, broken or needless escapes of bytes, a name that is there twice.
struct Target {
  std::vector<std::string> path;
  std::map<std::string, std::string> query;
};
std::optional<Target> parse_target(const std::string& target);

ServerAnswer json_answer(const Value& value, int status = 200);
// kind: that of an Error, or "access", "missing".
ServerAnswer error_answer(int status, const std::string& kind, const std::string& message, const std::string& hint = "", const std::vector<std::string>& context = {});

std::string openapi_text(const RouteTable& table, const std::string& version);

}  // namespace tomograd
