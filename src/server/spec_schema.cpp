#include "server/spec_schema.h"

#include <cmath>

#include "spec/experiment_spec.h"
#include "spec/run_spec.h"

namespace tomograd {
namespace schema_detail {

void add_rule(Value& schema, const Rule& rule) {
  if (!rule.choices.empty()) schema["enum"] = Value::list_of(rule.choices);
  auto put = [&](const char* key, double limit) {
    if (!std::isfinite(limit)) return;
    const bool whole = schema.find("type") && *schema.find("type") == Value("integer");
    schema[key] = whole && std::abs(limit) < 9e15 ? Value(int64_t(limit)) : Value(limit);
  };
  put("minimum", rule.low), put("maximum", rule.high);
  if (!rule.unit.empty()) schema["x-unit"] = rule.unit;
}

Value open_object() {
  Value schema = Value::table();
  schema["type"] = "object", schema["additionalProperties"] = false, schema["properties"] = Value::table();
  return schema;
}

}  // namespace schema_detail

std::vector<std::string> schema_names() { return {"run", "experiment", "model", "block", "variable", "strategy"}; }

Value schema_of(const std::string& name) {
  if (name == "run") return json_schema<RunSpec>(name);
  if (name == "experiment") return json_schema<ExperimentSpec>(name);
  if (name == "model") return json_schema<ModelSpec>(name);
  if (name == "block") return json_schema<BlockSpec>(name);
  if (name == "variable") return json_schema<VariableSpec>(name);
  if (name == "strategy") return json_schema<StrategySpec>(name);
  return {};
}

}  // namespace tomograd
