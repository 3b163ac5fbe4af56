#include "inference/store_exact.h"

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "inference/store_record.h"
#include "inference/store_tile.h"

namespace tomograd {

std::string scratch_folder(const std::string& out) { return join_path(out, "scratch"); }

StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t group, ExactShare share,
                          ThreadPool& pool, const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  double began = system_clock().monotonic_seconds(), tile_began = began;
  std::string plan_digest = digest_of(plan_text(plan));
  StoreWork report;
  int64_t last = exact.groups() - 1, mine = 0;
  std::vector<bool> there(size_t(plan.tiles.count()), false);  // a shard is read to know
  for (int64_t tile = share.worker; tile < plan.tiles.count() && (group < 0 || group == last); tile += share.workers, ++mine)
    there[size_t(tile)] = tile_trouble(env, out, plan, plan_digest, tile).empty();
  report.skipped = std::count(there.begin(), there.end(), true);
  if (mine == 0 || report.skipped < mine) {
    auto finished = [&](int64_t tile) { return there[size_t(tile)]; };
    auto read = [&](int64_t channel, const Box& box, float* into) { read_channel(source, plan, channel, box, into, pool); };
    Extent step = plan.tiles.tile(), grid = plan.tiles.grid();
    auto use = [&](const Box& core, const float* logits) {
      int64_t tile = (core.begin.z / step.z * grid.y + core.begin.y / step.y) * grid.x + core.begin.x / step.x;
      publish_tile(env, out, plan, plan_digest, tile, labels_of(logits, plan, tile, core, pool), system_clock().monotonic_seconds() - tile_began, pool);
      ++report.done;
    };
    ExactMsd work(env, scratch_folder(out), exact, model.network, model.head, pool);
    work.prepare();
    int64_t first = std::max<int64_t>(0, group), end = group < 0 ? exact.groups() : group + 1;
    for (int64_t g = first; g < end; ++g)
      work.run_group(g, share, read, use, finished, stop, [&](int64_t done, int64_t of) {
        tile_began = system_clock().monotonic_seconds();
        if (progress) progress((g - first) * of + done, (end - first) * of);
      });
  }
  report.seconds = system_clock().monotonic_seconds() - began;
  return report;
}

}  // namespace tomograd
