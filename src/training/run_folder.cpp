#include "training/run_folder.h"

#include "base/digest.h"
#include "base/error.h"
#include "kernels/cpu_isa.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// The first field in which two resolved specs differ, as "a.b: x, now y"; "" when none does. Where a run lies does not count.
std::string difference(const Value& before, const Value& now, const std::string& prefix) {
  for (const auto& [key, value] : now.as_table()) {
    if (prefix.empty() && (key == "out" || key == "data")) continue;
    const Value* old = before.find(key);
    if (old && value.is_table() && old->is_table()) {
      std::string inner = difference(*old, value, prefix + key + ".");
      if (!inner.empty()) return inner;
    } else if (!old || to_json(*old, false) != to_json(value, false)) {
      return prefix + key + " was " + (old ? to_toml_value(*old) : "not set") + ", now " + to_toml_value(value);
    }
  }
  return "";
}

}  // namespace

bool open_run_folder(Env& env, const RunSpec& resolved, bool resume) {
  std::string spec_path = join_path(resolved.out, "spec.toml");
  if (env.kind(spec_path) == FileKind::file) {
    if (!resume) fail_usage(text("the folder '", resolved.out, "' already holds a run"), "--resume goes on with it; or choose another folder with --set out=...");
    std::string differs = difference(parse_toml(read_text(env, spec_path), "spec.toml"), spec_to_value(resolved), "");
    if (!differs.empty()) fail_usage(text("the run in '", resolved.out, "' is another one: ", differs), "resume with the spec it was started with, or choose another folder");
    return true;
  }
  env.make_directories(resolved.out);
  publish_text(env, spec_path, to_toml(spec_to_value(resolved)));
  return false;
}

void write_manifest(Env& env, const RunSpec& resolved, const Dataset& dataset, const std::vector<ReadRecord>& reads, int64_t peak_bytes, bool reproducible) {
  Value root = Value::table();
  root["format"] = "tomograd.manifest/1";
  root["purpose"] = "research; not a medical device";
  root["spec_digest"] = digest_of(to_toml(spec_to_value(resolved)));
  root["seed"] = resolved.seed;
  root["device"] = resolved.device;
  root["precision"] = resolved.precision;
  root["instruction_set"] = isa_name(current_isa());
  root["threads"] = resolved.threads;
  root["peak_memory_bytes"] = peak_bytes;
  root["reproducible"] = reproducible;
  Value::List inputs;
  for (const auto& read : reads) {
    Value entry = Value::table();
    entry["case"] = read.case_id;
    entry["read_for"] = read.purpose;
    entry["digest"] = dataset.find(read.case_id).digest;
    inputs.push_back(entry);
  }
  root["reads"] = inputs;
  publish_text(env, join_path(resolved.out, "manifest.json"), to_json(root) + "\n");
}

}  // namespace tomograd
