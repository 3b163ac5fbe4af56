#include "inference/store_record.h"

#include "base/digest.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {

std::string shard_path(const std::string& out, const StorePlan& plan, int64_t tile) {
  return join_path(output_folder(out), zarr_chunk_key(output_array(plan.tiles), plan.tiles.shard(tile)));
}

void publish_record(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, double seconds) {
  std::string shard = shard_path(out, plan, tile), path = record_path(out, tile);
  Value record = Value::table();
  record["format"] = "tomograd.tile/1", record["tile"] = tile, record["plan"] = plan_digest;
  record["shard"] = shard.substr(out.size() + (out.ends_with('/') ? 0 : 1)), record["bytes"] = env.file_size(shard), record["digest"] = digest_of_file(env, shard);
  record["seed"] = plan.seed, record["duration_seconds"] = seconds;
  env.make_directories(parent_path(path));
  publish_text(env, path, to_json(record) + "\n");
}

std::string tile_trouble(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, std::string* digest) {
  std::string path = record_path(out, tile), shard = shard_path(out, plan, tile);
  if (env.kind(path) != FileKind::file) return "is missing";
  if (env.kind(shard) != FileKind::file) return "has lost its shard";
  try {
    Value record = parse_json(read_text(env, path), file_name(path));
    if (record.at("format").as_text() != "tomograd.tile/1" || record.at("tile").as_integer() != tile) return "has the record of another";
    if (record.at("plan").as_text() != plan_digest) return "was made by another plan";
    const std::string& wanted = record.at("digest").as_text();
    if (record.at("bytes").as_integer() != env.file_size(shard) || digest_of_file(env, shard) != wanted) return "differs from its digest";
    if (digest) *digest = wanted;
  } catch (const Error& error) {
    return "cannot be read (" + error.message() + ")";
  }
  return {};
}

}  // namespace tomograd
