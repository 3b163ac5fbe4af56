#include "cli/engine/prediction_manifest.h"

#include <torch/torch.h>

#include "base/digest.h"
#include "base/memory.h"
#include "cli/engine/compute.h"
#include "kernels/cpu_isa.h"
#include "spec/text_formats.h"

namespace tomograd {

Value class_tables(const ClassMap& classes) {
  std::vector<uint16_t> predicted = values_of(classes);
  const auto& of = classes.class_of;
  size_t tail = of.size();                       // from here to the last possible value all belong to one class
  if (of.size() == 65536 && of.back() > 0)
    for (tail = of.size() - 1; tail > 1 && of[tail - 1] == of.back();) --tail;
  Value::List list;
  for (int64_t cls = 1; cls < classes.count(); ++cls) {
    Value entry = Value::table();
    entry["name"] = classes.names[size_t(cls)];
    entry["prediction"] = int64_t{predicted[size_t(cls)]};
    Value::List values;
    for (size_t value = 1; value < tail; ++value)
      if (of[value] == cls) values.push_back(int64_t(value));
    entry["values"] = values;
    if (tail < of.size() && of.back() == cls) entry["values_from"] = int64_t(tail);
    list.push_back(entry);
  }
  return list;
}

Value prediction_manifest(Env& env, const std::vector<std::string>& models, const LoadedModel& first, const Dataset& dataset, const PredictSpec& spec, Precision precision,
                          const ComputeOptions& compute) {
  Value root = Value::table();
  root["kind"] = "prediction";
  root["purpose"] = "research; not a medical device";
  root["spec"] = spec_to_value(spec);
  root["postprocess"] = spec_to_value(first.spec.postprocess);
  Value::List used;
  for (const auto& given : models) {
    Value entry = Value::table();
    entry["name"] = file_name(given);
    entry["digest"] = digest_of_file(env, env.kind(given) == FileKind::directory ? join_path(given, "model.safetensors") : given);
    used.push_back(entry);
  }
  root["models"] = used;
  Value::List inputs;
  for (const auto& item : dataset.cases) {
    Value entry = Value::table();
    entry["case"] = item.id;
    entry["digest"] = item.digest;
    inputs.push_back(entry);
  }
  root["inputs"] = inputs;
  root["channels"] = Value::list_of(first.channels);
  root["classes"] = class_tables(first.classes);
  root["seed"] = first.spec.seed;
  root["device"] = "cpu";
  root["precision"] = precision_name(precision);
  root["instruction_set"] = isa_name(current_isa());
  root["threads"] = int64_t{at::get_num_threads()};
  root["max_memory_bytes"] = compute.max_memory_bytes;
  root["peak_memory_bytes"] = process_peak_bytes();
  root["reproducible"] = compute.max_memory_bytes == 0;  // under a limit the tiles depend on what the process holds
  return root;
}

}  // namespace tomograd
