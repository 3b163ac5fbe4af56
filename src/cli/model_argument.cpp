#include "cli/model_argument.h"

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// A .safetensors file begins with the length of a JSON object (8 bytes, little endian) whose "__metadata__" is a table of texts.
Value spec_of_model(Env& env, const std::string& path) {
  auto file = env.open_input(path);
  unsigned char head[8];
  if (file->size() < 8) fail_input(text("it has ", file->size(), " bytes, too few for a .safetensors file"));
  file->read_at(0, head, 8);
  uint64_t length = 0;
  for (int i = 0; i < 8; ++i) length |= uint64_t(head[i]) << 8 * i;
  constexpr uint64_t most = uint64_t{64} << 20;
  if (length < 2 || length > most || length > uint64_t(file->size() - 8))
    fail_input(text("its header claims ", length, " bytes, the file has ", file->size()), "it is damaged or no .safetensors file");
  std::string json(size_t(length), ' ');
  file->read_at(8, json.data(), int64_t(length));
  Value header = parse_json(json, "header");
  const Value* metadata = header.find("__metadata__");
  const Value* spec = metadata ? metadata->find("spec") : nullptr;
  if (!spec) fail_input("its metadata lack 'spec'", "only models written by tomograd say what their network is");
  return parse_toml(spec->as_text(), "spec of the model");
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
