#include "inference/store_exact.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "inference/store_record.h"
#include "inference/store_tile.h"

namespace tomograd {

int64_t exact_other_bytes(const StoreTiles& tiles, int threads) { return tiles.tile().voxels() + chunks_under_way + int64_t{threads} * (int64_t{8} << 20); }

StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, ThreadPool& pool,
                          const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  double began = system_clock().monotonic_seconds(), tile_began = began;
  std::string plan_digest = digest_of(plan_text(plan)), scratch = join_path(out, "scratch");
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); };
  StoreWork report;
  for (int64_t tile = 0; tile < plan.tiles.count(); ++tile) report.skipped += tile_trouble(env, out, plan, plan_digest, tile).empty();
  if (report.skipped < plan.tiles.count()) {
    auto finished = [&](int64_t tile) { return tile_trouble(env, out, plan, plan_digest, tile).empty(); };
    auto read = [&](int64_t channel, const Box& box, float* into) { read_channel(source, plan, channel, box, into, pool); };
    Extent step = plan.tiles.tile(), grid = plan.tiles.grid();
    auto use = [&](const Box& core, const float* logits) {
      int64_t tile = (core.begin.z / step.z * grid.y + core.begin.y / step.y) * grid.x + core.begin.x / step.x;
      publish_tile(env, out, plan, plan_digest, tile, labels_of(logits, plan, tile, core, pool), system_clock().monotonic_seconds() - tile_began, pool);
      ++report.done;
    };
    run_exact(env, scratch, exact, model.network, model.head, read, use, for_each, finished, stop, [&](int64_t done, int64_t of) {
      tile_began = system_clock().monotonic_seconds();
      if (progress) progress(done, of);
    });
  }
  env.remove_tree(scratch);
  report.seconds = system_clock().monotonic_seconds() - began;
  return report;
}

}  // namespace tomograd
