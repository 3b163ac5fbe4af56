#include "cli/model_argument.h"

#include "arch/safetensors_header.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

Value spec_of_model(Env& env, const std::string& path) {
  constexpr int64_t most_bytes = int64_t{64} << 20;
  auto file = env.open_input(path);
  auto metadata = read_tensor_header(*file, most_bytes).header.metadata;
  auto spec = metadata.find("spec");
  if (spec == metadata.end()) fail_input("its metadata lack 'spec'", "only models written by tomograd say what their network is");
  return parse_toml(spec->second, "spec of the model");
}

}  // namespace

bool model_argument_is_file(Env& env, const std::string& argument) {
  return argument.ends_with(".toml") || argument.ends_with(".safetensors") || env.kind(argument) == FileKind::directory;
}

Value model_argument_spec(Env& env, const std::string& argument) {
  if (argument.ends_with(".safetensors")) return with_context("model '" + argument + "'", [&] { return spec_of_model(env, argument); });
  if (env.kind(argument) != FileKind::directory) return parse_toml(read_text(env, argument), argument);
  std::string path = join_path(argument, "spec.toml");
  if (env.kind(path) != FileKind::file) fail_input("'" + argument + "' is a folder without spec.toml", "a run folder holds the resolved spec of its network");
  return parse_toml(read_text(env, path), path);
}

}  // namespace tomograd
