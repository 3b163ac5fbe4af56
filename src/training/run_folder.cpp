#include "training/run_folder.h"

#include "base/digest.h"
#include "base/error.h"
#include "kernels/cpu_isa.h"
#include "spec/text_formats.h"
#include "spec/value_difference.h"

namespace tomograd {
namespace {

// A folder that cannot be made is better said before the cases are read than after.
void check_place(Env& env, const std::string& out) {
  std::string place = absolute_path(out);
  while (env.kind(place) == FileKind::missing && parent_path(place) != place) place = parent_path(place);
  if (env.kind(place) != FileKind::directory) fail_input(text("'", place, "' is no folder, so the run folder '", out, "' cannot be made"), "choose another folder with --set out=...");
  Publication probe(env, join_path(place, "spec.toml"));  // a temporary file that is never committed
}

}  // namespace

std::optional<RunSpec> find_run(Env& env, const std::string& out, bool resume) {
  std::string path = join_path(out, "spec.toml");
  if (env.kind(path) != FileKind::file) {
    check_place(env, out);
    return std::nullopt;
  }
  if (!resume) fail_usage(text("the folder '", out, "' already holds a run"), "--resume goes on with it; or choose another folder with --set out=...");
  return with_context("'" + path + "'", [&] { return spec_from<RunSpec>(parse_toml(read_text(env, path), "spec.toml")); });
}

void check_same_run(const RunSpec& recorded, const RunSpec& resolved) {
  std::string differs = difference(spec_to_value(recorded), spec_to_value(resolved), {"out", "data", "pause_steps", "ranks"});  // where a run lies, how far it goes now and by how many hands do not count
  if (!differs.empty()) fail_usage(text("the run in '", resolved.out, "' is another one: ", differs), "resume with the spec it was started with, or choose another folder");
}

RunSpec with_recorded(const RunSpec& given, const RunSpec& recorded) {
  RunSpec spec = given;
  if (spec.device == "auto") spec.device = recorded.device;
  if (spec.threads == 0) spec.threads = recorded.threads;
  if (spec.precision == "auto") spec.precision = recorded.precision;
  if (spec.preprocess.normalize == "auto") spec.preprocess.normalize = recorded.preprocess.normalize;
  if (spec.sampling.patch == cube(0)) {          // fitted to the cases, with the spacing where that was open too
    spec.sampling.patch = recorded.sampling.patch;
    if (spec.preprocess.spacing.empty()) spec.preprocess.spacing = recorded.preprocess.spacing;
  }
  if (spec.sampling.batch == 0) spec.sampling.batch = recorded.sampling.batch;
  if (spec.model.patch.voxels() == 0) spec.model.patch = recorded.model.patch;
  if (spec.model.spacing.empty()) spec.model.spacing = recorded.model.spacing;
  return spec;
}

void create_run(Env& env, const RunSpec& resolved, const Value& manifest) {
  env.make_directories(resolved.out);
  write_manifest(env, resolved.out, manifest);
  publish_text(env, join_path(resolved.out, "spec.toml"), to_toml(spec_to_value(resolved)));
}

Value new_manifest(const RunSpec& resolved) {
  Value root = Value::table();
  root["format"] = "tomograd.manifest/1";
  root["version"] = TOMOGRAD_VERSION;
  root["kind"] = "run";
  root["state"] = "running";
  root["purpose"] = "research; not a medical device";
  root["spec_digest"] = digest_of(to_toml(spec_to_value(resolved)));
  root["seed"] = resolved.seed;
  root["device"] = resolved.device;
  root["precision"] = resolved.precision;
  root["instruction_set"] = isa_name(current_isa());
  root["threads"] = resolved.threads;
  return root;
}

std::optional<Value> read_manifest(Env& env, const std::string& out) {
  std::string path = join_path(out, "manifest.json");
  if (env.kind(path) != FileKind::file) return std::nullopt;
  return parse_json(read_text(env, path), "manifest.json");
}

void write_manifest(Env& env, const std::string& out, const Value& manifest) { publish_text(env, join_path(out, "manifest.json"), to_json(manifest) + "\n"); }

Value reads_value(const Dataset& dataset, const std::vector<ReadRecord>& reads) {
  Value::List list;
  for (const auto& read : reads) {
    Value entry = Value::table();
    entry["case"] = read.case_id;
    entry["read_for"] = read.purpose;
    entry["digest"] = dataset.find(read.case_id).digest;
    list.push_back(entry);
  }
  return list;
}

}  // namespace tomograd
