// Private to the engine rooms: moves tensors only through nn/safetensors.h.
#include "training/checkpoint.h"

#include <ATen/core/Tensor.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::string index_path(const std::string& run_folder) { return join_path(run_folder, "checkpoints/index.json"); }

Value::List read_index(Env& env, const std::string& run_folder) {
  if (env.kind(index_path(run_folder)) != FileKind::file) return {};
  return parse_json(read_text(env, index_path(run_folder)), "checkpoints/index.json").at("checkpoints").as_list();
}

}  // namespace

void save_checkpoint(Env& env, const std::string& run_folder, int64_t step, const TensorFile& content, int64_t keep) {
  std::string folder = join_path(run_folder, "checkpoints"), name = text("step-", step, ".safetensors");
  env.make_directories(folder);
  FAILPOINT("checkpoint.before_file");
  write_safetensors(env, join_path(folder, name), content);
  FAILPOINT("checkpoint.after_file");
  Value::List kept, index = read_index(env, run_folder);
  for (const auto& entry : index)
    if (entry.at("step").as_integer() < step) kept.push_back(entry);
  Value entry = Value::table();
  entry["step"] = step;
  entry["file"] = name;
  entry["digest"] = digest_of_file(env, join_path(folder, name));
  kept.push_back(entry);
  Value::List gone;
  while (int64_t(kept.size()) > keep) {
    gone.push_back(kept.front());
    kept.erase(kept.begin());
  }
  Value root = Value::table();
  root["format"] = "tomograd.checkpoints/1";
  root["checkpoints"] = kept;
  publish_text(env, index_path(run_folder), to_json(root) + "\n");
  FAILPOINT("checkpoint.after_index");
  for (const auto& old : gone) env.remove_file(join_path(folder, old.at("file").as_text()));
}

std::optional<Checkpoint> load_newest_checkpoint(Env& env, const std::string& run_folder) {
  Value::List index = read_index(env, run_folder);
  for (auto entry = index.rbegin(); entry != index.rend(); ++entry) {
    std::string name = entry->at("file").as_text();
    std::string path = join_path(join_path(run_folder, "checkpoints"), name);
    try {
      if (digest_of_file(env, path) != entry->at("digest").as_text()) fail_input("its digest is not the one recorded");
      return Checkpoint{entry->at("step").as_integer(), read_safetensors(env, path)};
    } catch (const Error& error) {
      warn("checkpoint " + name + " is damaged and is passed over: " + error.what());
    }
  }
  return std::nullopt;
}

}  // namespace tomograd
