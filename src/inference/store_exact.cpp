#include "inference/store_exact.h"

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "inference/store_record.h"
#include "inference/store_tile.h"

namespace tomograd {

StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, ThreadPool& pool,
                          const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  double began = system_clock().monotonic_seconds(), tile_began = began;
  std::string plan_digest = digest_of(plan_text(plan)), scratch = join_path(out, "scratch");
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); };
  StoreWork report;
  std::vector<bool> there;                       // a shard is read to know
  for (int64_t tile = 0; tile < plan.tiles.count(); ++tile) there.push_back(tile_trouble(env, out, plan, plan_digest, tile).empty());
  report.skipped = std::count(there.begin(), there.end(), true);
  if (report.skipped < plan.tiles.count()) {
    auto finished = [&](int64_t tile) { return there[size_t(tile)]; };
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
