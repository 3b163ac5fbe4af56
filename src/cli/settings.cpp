#include "cli/settings.h"

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "spec/experiment_spec.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::string default_text(const Value& value) {
  if (value.is_text()) return "\"" + value.as_text() + "\"";
  return value.is_nothing() ? "none" : to_json(value, false);
}

// 4096 and not 4096.0, 1e+09 as people write it.
std::string short_text(double v) {
  std::ostringstream out;
  out << v;
  return out.str();
}

std::string legal_text(const FieldInfo& field) {
  std::string said;
  for (const auto& choice : field.rule.choices) said += (said.empty() ? "one of " : ", ") + choice;
  bool low = std::isfinite(field.rule.low), high = std::isfinite(field.rule.high);
  if (low && high) said = short_text(field.rule.low) + " to " + short_text(field.rule.high);
  else if (low) said = "at least " + short_text(field.rule.low);
  else if (high) said = "at most " + short_text(field.rule.high);
  if (!field.unit.empty()) said += (said.empty() ? "" : " ") + field.unit;
  return said.empty() ? field.type : said;
}

Value field_value(const FieldInfo& field) {
  Value v = Value::table();
  v["key"] = field.path, v["sentence"] = field.sentence, v["type"] = field.type, v["default"] = field.default_value;
  if (std::isfinite(field.rule.low)) v["low"] = field.rule.low;
  if (std::isfinite(field.rule.high)) v["high"] = field.rule.high;
  if (!field.rule.choices.empty()) v["choices"] = Value::list_of(field.rule.choices);
  if (!field.unit.empty()) v["unit"] = field.unit;
  return v;
}

// One line for what can be typed, one for what it means: "sampling.batch = 2   (0 to 4096)".
void show(const Output& out, const std::string& of, const std::vector<FieldInfo>& fields) {
  Value result = Value::table();
  Value::List list;
  for (const auto& field : fields) {
    list.push_back(field_value(field));
    out.line(field.path + " = " + default_text(field.default_value) + "   (" + legal_text(field) + ")");
    out.line("    " + field.sentence);
  }
  result["of"] = of, result["settings"] = std::move(list);
  out.result("settings", result);
}

}  // namespace

void show_run_settings(const Output& out) {
  RunSpec run;
  BlockSpec block;
  std::vector<FieldInfo> fields;
  list_fields(run, "", fields);
  list_fields(block, "model.block[]", fields);
  show(out, "run", fields);
}

void show_experiment_settings(const Output& out) {
  ExperimentSpec experiment;
  VariableSpec variable;
  std::vector<FieldInfo> fields;
  list_fields(experiment, "", fields);
  list_fields(variable, "variable[]", fields);
  show(out, "experiment", fields);
}

}  // namespace tomograd
