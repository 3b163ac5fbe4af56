// Private to the engine rooms.
#include "training/model_file.h"

#include <ATen/core/Tensor.h>

#include "base/error.h"
#include "nn/safetensors.h"
#include "spec/text_formats.h"

namespace tomograd {

void save_model(Env& env, const std::string& path, const RunSpec& resolved, const std::vector<std::string>& channels, const ClassMap& classes, Network& network) {
  RunSpec portable = resolved;  // where the run lay and what it read says nothing about the model, and would make equal models differ
  portable.out.clear();
  portable.data.clear();
  TensorFile file;
  for (auto& [name, tensor] : network.state()) file.tensors.emplace(name, tensor);
  Value class_table = Value::table();
  class_table["names"] = Value::list_of(classes.names);
  Value::List values;
  size_t listed = classes.class_of.size();  // "every value above 0" is 65535 times the same class: the last run is stored once
  while (listed > 1 && classes.class_of[listed - 1] == classes.class_of[listed - 2]) --listed;
  for (size_t value = 0; value < listed; ++value) values.push_back(int64_t{classes.class_of[value]});
  class_table["class_of"] = values;
  class_table["values"] = int64_t(classes.class_of.size());
  file.metadata["format"] = "tomograd.model/1";
  file.metadata["spec"] = to_toml(spec_to_value(portable));
  file.metadata["channels"] = to_json(Value::list_of(channels), false);
  file.metadata["classes"] = to_json(class_table, false);
  write_safetensors(env, path, file);
}

std::string model_path(Env& env, const std::string& model) { return env.kind(model) == FileKind::directory ? join_path(model, "model.safetensors") : model; }

LoadedModel load_model(Env& env, const std::string& given) {
  std::string path = model_path(env, given);
  return with_context("model '" + given + "'", [&] {
    if (env.kind(path) != FileKind::file) fail_input("there is no model.safetensors", "a MODEL is a finished run's folder or a .safetensors file; an unfinished run goes on with train --resume");
    TensorFile file = read_safetensors(env, path);
    auto metadata = [&](const char* key) -> const std::string& {
      auto found = file.metadata.find(key);
      if (found == file.metadata.end()) fail_input(text("its metadata lack '", key, "'"), "only models written by tomograd can be used");
      return found->second;
    };
    if (metadata("format") != "tomograd.model/1") fail_input("it is of format '" + metadata("format") + "', this program reads tomograd.model/1");
    RunSpec spec = spec_from<RunSpec>(parse_toml(metadata("spec"), "spec of the model"));
    std::vector<std::string> channels;
    Value channel_list = parse_json(metadata("channels"), "channels of the model");
    for (const auto& name : channel_list.as_list()) channels.push_back(name.as_text());
    Value class_table = parse_json(metadata("classes"), "classes of the model");
    ClassMap classes;
    for (const auto& name : class_table.at("names").as_list()) classes.names.push_back(name.as_text());
    for (const auto& cls : class_table.at("class_of").as_list()) classes.class_of.push_back(int(cls.as_integer()));
    int64_t value_count = class_table.at("values").as_integer();
    if (value_count < int64_t(classes.class_of.size()) || value_count > 65536 || classes.class_of.empty()) fail_input(text("its classes cover ", value_count, " label values"));
    classes.class_of.resize(size_t(value_count), classes.class_of.back());
    Network network(build_graph(spec.model), uint64_t(spec.seed), channels);
    network.load(file.tensors, false);
    return LoadedModel{std::move(spec), std::move(channels), std::move(classes), std::move(network)};
  });
}

}  // namespace tomograd
