// Shapes of answers: the schemas they become, and that an answer which is none is told.
#include "server/answer_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "planning/planning_test_files.h"
#include "server/page_server.h"
#include "server/route_table.h"

namespace tomograd {
namespace {

const char* const some_shapes = R"(
Zyx = [integer, integer, integer]
Level { level: integer, size: Zyx, kind: 'a' | 'b', best: number | null, more?: text[], by_name: record<number>, inner: { x: any }[], either: Zyx | text }
)";

std::string told(const std::string& json) {
  AnswerShapes shapes;
  shapes.declare(some_shapes);
  return what_differs(shapes, "Level", parse_json(json, "answer"));
}

TEST(AnswerShapes, BecomeJsonSchema) {
  AnswerShapes shapes;
  shapes.declare(some_shapes);
  shapes.check_names();
  EXPECT_EQ(to_json(shapes.schemas().at("Zyx"), false), R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"integer"},{"type":"integer"}],"minItems":3,"maxItems":3})");
  const Value& level = shapes.schemas().at("Level");
  EXPECT_EQ(to_json(level.at("required"), false), R"(["level","size","kind","best","by_name","inner","either"])");
  EXPECT_EQ(level.at("additionalProperties"), Value(false));
  const Value& of = level.at("properties");
  EXPECT_EQ(to_json(of.at("size"), false), R"({"$ref":"#/components/schemas/Zyx"})");
  EXPECT_EQ(to_json(of.at("kind"), false), R"({"type":"string","enum":["a","b"]})");
  EXPECT_EQ(to_json(of.at("best"), false), R"({"type":["number","null"]})");
  EXPECT_EQ(to_json(of.at("more"), false), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(to_json(of.at("by_name"), false), R"({"type":"object","additionalProperties":{"type":"number"}})");
  EXPECT_EQ(to_json(of.at("either"), false), R"({"anyOf":[{"$ref":"#/components/schemas/Zyx"},{"type":"string"}]})");
}

TEST(AnswerShapes, AnAnswerOfAnotherShapeIsTold) {
  const std::string good = R"({"level": 1, "size": [1, 2, 3], "kind": "a", "best": null, "by_name": {"p": 1.5}, "inner": [{"x": {}}], "either": "t"})";
  EXPECT_EQ(told(good), "");
  auto with = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    return told(json);
  };
  EXPECT_EQ(with("\"level\": 1", "\"level\": 1.5"), "level: is a number, expected \"integer\"");
  EXPECT_EQ(with("\"level\": 1, ", ""), "the answer: 'level' is missing");
  EXPECT_EQ(with("\"level\"", "\"new\": 2, \"level\""), "the answer: 'new' is not declared");
  EXPECT_EQ(with("[1, 2, 3]", "[1, 2]"), "size: has 2 items, expected 3");
  EXPECT_EQ(with("\"a\"", "\"c\""), "kind: \"c\" is none of [\"a\",\"b\"]");
  EXPECT_EQ(with("null", "2"), "");
  EXPECT_EQ(with("1.5", "\"1.5\""), "by_name.p: is text, expected \"number\"");
  EXPECT_EQ(with("\"x\"", "\"y\""), "inner.0: 'x' is missing");
  EXPECT_NE(with("\"t\"", "3"), "");
}

TEST(AnswerShapes, WhatIsNotUnderstoodIsAnError) {
  for (const char* wrong : {"A { x integer }", "A { x: integer", "A { x: integer, x: text }", "A = [integer", "A = 'word", "A = ", "A = integer A = text", "A = record<integer", "= integer", "A { ...B }", "A = integer B { ...A }", "A { ..A }"}) {
    AnswerShapes shapes;
    EXPECT_THROW(shapes.declare(wrong), Error) << wrong;
  }
  AnswerShapes shapes;
  shapes.declare("A { x: Other[] }");
  EXPECT_THROW(shapes.check_names(), Error);
  shapes.declare("Other = any");
  shapes.check_names();
}

// What `tomograd plan` says to the server: the tests of routes have a program of their own there.
TEST(AnswerShapes, PlansAreWhatTheyAreSaidToBe) {
  const Value schemas = parse_json(page_openapi("1"), "openapi").at("components").at("schemas");
  PlanQuestion plain = head_neck_question(), full = plain, program = plain;
  full.budget = 1e6, full.deadline_hours = 1e5;
  program.training = false;
  for (const PlanQuestion& question : {plain, full, program}) {
    Value value = plan_value(make_plan(delivered_catalogue(), question));
    value["format"] = "tomograd.plan/1";
    EXPECT_EQ(differs_from_schema(schemas, schemas.at("Plan"), parse_json(to_json(value), "plan"), ""), "");
  }
}

TEST(AnswerShapes, FieldsOfAnotherComeFirstAndStayRequired) {
  AnswerShapes shapes;
  shapes.declare("A { x: integer, y?: text } B { z: null, ...A }");
  EXPECT_EQ(what_differs(shapes, "B", parse_json(R"({"z": null, "x": 1})", "answer")), "");
  EXPECT_EQ(what_differs(shapes, "B", parse_json(R"({"z": null, "y": "t"})", "answer")), "the answer: 'x' is missing");
}

// A route that answers JSON says what.
TEST(AnswerShapes, EveryRouteHasOneAndAllAreUsed) {
  const Value api = parse_json(page_openapi("1"), "openapi");
  std::set<std::string> used{"ErrorAnswer"};
  std::function<void(const Value&)> collect = [&](const Value& value) {
    if (const Value* name = value.find("$ref")) used.insert(name->as_text().substr(name->as_text().rfind('/') + 1));
    if (value.is_list())
      for (const Value& item : value.as_list()) collect(item);
    if (value.is_table())
      for (const auto& [key, item] : value.as_table()) collect(item);
  };
  collect(api.at("components").at("schemas"));
  for (const auto& [path, methods] : api.at("paths").as_table())
    for (const auto& [method, operation] : methods.as_table()) {
      collect(operation);
      const Value* json = operation.at("responses").at("200").at("content").find("application/json");
      if (json) {
        EXPECT_TRUE(json->find("schema")) << method << " " << path << " has no shape";
      }
    }
  for (const auto& [name, schema] : api.at("components").at("schemas").as_table()) EXPECT_TRUE(used.contains(name)) << name << " is declared and never used";
}

}  // namespace
}  // namespace tomograd
