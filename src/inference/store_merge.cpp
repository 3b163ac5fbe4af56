#include "base/digest.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/temporaries.h"
#include "inference/store_record.h"
#include "inference/store_worker.h"
#include "spec/text_formats.h"
#include "volume/label_levels.h"

namespace tomograd {
namespace {

constexpr int64_t named_tiles = 5;

// What an earlier merge of these tiles has written of its coarser levels; "" when there was none.
std::string recorded_levels(Env& env, const std::string& manifest, const std::string& digest) {
  if (env.kind(manifest) != FileKind::file) return {};
  try {
    Value root = parse_json(read_text(env, manifest), file_name(manifest));
    const Value *labels = root.find("digest"), *levels = root.find("levels_digest");
    if (labels && levels && labels->is_text() && levels->is_text() && labels->as_text() == digest) return levels->as_text();
  } catch (const Error&) {                       // damaged: it is written anew
  }
  return {};
}

}  // namespace

int64_t finished_tiles(Env& env, const std::string& out, const StorePlan& plan) {
  int64_t count = 0;
  for (int64_t tile = 0; tile < plan.tiles.count(); tile += 1000)
    if (std::string folder = parent_path(record_path(out, tile)); env.kind(folder) == FileKind::directory)
      for (const auto& name : env.list(folder)) count += name.ends_with(".json") && name[0] != '.';
  return count;
}

std::string merge_store(Env& env, const StorePlan& plan, const StoreSource& source, const std::string& out, const std::vector<std::string>& classes, ThreadPool& pool, int64_t slab_bytes,
                        const std::stop_token& stop, const std::function<void(double share)>& progress) {
  std::string plan_digest = digest_of(plan_text(plan)), listed;
  Digest all;
  int64_t bad = 0;
  for (int64_t tile = 0; tile < plan.tiles.count(); ++tile) {
    std::string digest, trouble = tile_trouble(env, out, plan, plan_digest, tile, &digest);
    if (!trouble.empty() && bad++ < named_tiles) listed += text(bad == 1 ? "" : "; ", "tile ", tile, " ", trouble);
    digest += "\n";
    all.add(digest.data(), int64_t(digest.size()));
  }
  if (bad > 0)
    fail_input(text(bad, " of ", plan.tiles.count(), " tiles cannot be merged: ", listed, bad > named_tiles ? "; ..." : ""), "run predict on the same --out again: it does what is missing and leaves the rest");
  remove_stale_temporaries(env, join_path(out, "s0"), 4);  // of killed workers; one on another host that still writes has a tile that is there already
  std::string digest = all.finish();
  FAILPOINT("merge.before_levels");
  const Geometry& geometry = source.geometry;
  ZarrImage image = label_image("labels", geometry, source.orientation_known);
  auto levels_digest = [&] { return digest_of_label_levels(env, out, geometry, VoxelType::u8); };
  std::string levels = levels_digest();
  if (image.levels.size() > 1 && (levels.empty() || levels != recorded_levels(env, join_path(out, "manifest.json"), digest))) {
    for (const auto& level : image.levels) remove_stale_temporaries(env, join_path(out, level.path), 4);
    write_label_levels(env, out, geometry, pool, slab_bytes, [&](double share) {
      throw_if_stopped(stop);
      if (progress) progress(share);
    });
    levels = levels_digest();
  }
  Value manifest = Value::table();
  manifest["format"] = "tomograd.prediction/1";
  manifest["model_digest"] = plan.model_digest, manifest["source_digest"] = plan.source_digest, manifest["plan_digest"] = plan_digest;
  manifest["tiles"] = plan.tiles.count(), manifest["digest"] = digest, manifest["levels"] = int64_t(image.levels.size()), manifest["levels_digest"] = levels;
  manifest["classes"] = Value::list_of(classes), manifest["values"] = Value::list_of(plan.values);
  manifest["seed"] = plan.seed, manifest["device"] = plan.device, manifest["exact"] = plan.exact(), manifest["isa"] = plan.isa, manifest["precision"] = plan.precision, manifest["threads"] = plan.threads, manifest["reproducible"] = plan.own_kernels();
  publish_text(env, join_path(out, "manifest.json"), to_json(manifest) + "\n");
  publish_text(env, join_path(out, "zarr.json"), zarr_image_text(image));
  publish_text(env, join_path(out, "complete"), digest + "\n");
  return digest;
}

}  // namespace tomograd
