#include "training/run_inputs.h"

#include <map>

#include "base/error.h"
#include "base/log.h"
#include "training/cases.h"

namespace tomograd {

Value::List checked_inputs(Env& env, const Dataset& dataset, const Split& split, const std::vector<std::string>& channels, const Value* before) {
  std::map<std::string, std::string> recorded;
  if (const Value* inputs = before ? before->find("inputs") : nullptr)
    for (const auto& entry : inputs->as_list()) recorded[entry.at("case").as_text()] = entry.at("digest").as_text();
  Value::List inputs;
  for (const auto* part : {&split.train, &split.validation, &split.test})
    for (int index : *part) {
      const Case& item = dataset.cases[size_t(index)];
      std::string digest = with_context("case '" + item.id + "'", [&] { return inputs_digest(env, item, channels); });
      if (auto was = recorded.find(item.id); was != recorded.end() && was->second != digest)
        fail_input(text("the files of case '", item.id, "' have changed since this run began: their digest was ", was->second, ", now ", digest), "put them back, or start a new run with --set out=...");
      if (std::string changed = before ? "" : changed_since_import(env, item); !changed.empty())
        warn(text("case '", item.id, "': ", changed, "; import again, so that dataset.json says what is there"));
      Value entry = Value::table();
      entry["case"] = item.id;
      entry["digest"] = digest;
      inputs.push_back(entry);
    }
  return inputs;
}

}  // namespace tomograd
