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

Value prediction_manifest(Env& env, const std::vector<std::string>& models, const PredictedNetworks& networks, const Dataset& dataset, const ComputeOptions& compute) {
  Value root = Value::table();
  root["kind"] = "prediction";
  root["purpose"] = "research; not a medical device";
  root["spec"] = spec_to_value(networks.spec.predict);
  root["postprocess"] = spec_to_value(networks.spec.postprocess);
  Value::List used;
  auto use = [&](const std::string& given) {
    Value entry = Value::table();
    entry["name"] = file_name(given);
    entry["digest"] = digest_of_file(env, model_path(env, given));
    used.push_back(entry);
  };
  for (const auto& given : models) {
    use(given);
    if (std::string weights = given.substr(0, given.size() - 4) + ".bin"; given.ends_with(".xml") && env.kind(weights) == FileKind::file) use(weights);
  }
  if (networks.own.empty()) root["preprocess"] = spec_to_value(networks.spec.preprocess);  // no model says it
  root["models"] = used;
  Value::List inputs;
  for (const auto& item : dataset.cases) {
    Value entry = Value::table();
    entry["case"] = item.id;
    entry["digest"] = item.digest;
    inputs.push_back(entry);
  }
  root["inputs"] = inputs;
  root["channels"] = Value::list_of(networks.channels);
  root["classes"] = class_tables(networks.classes);
  root["seed"] = networks.spec.seed;
  root["device"] = "cpu";
  root["backend"] = networks.backend;
  root["precision"] = precision_name(networks.precision);
  root["instruction_set"] = isa_name(current_isa());
  root["threads"] = int64_t{at::get_num_threads()};
  root["max_memory_bytes"] = compute.max_memory_bytes;
  root["peak_memory_bytes"] = process_peak_bytes();
  // Under a limit the tiles depend on what the process holds; other libraries do not promise equal bits.
  root["reproducible"] = compute.max_memory_bytes == 0 && networks.bounded;
  return root;
}

}  // namespace tomograd
