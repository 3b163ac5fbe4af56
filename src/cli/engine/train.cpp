#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/memory.h"
#include "cli/engine/compute.h"
#include "cli/engine/verbs.h"
#include "training/rank_group.h"
#include "training/trainer.h"

namespace tomograd {
namespace {

class TalkingObserver : public TrainObserver {
 public:
  explicit TalkingObserver(const Talk& talk) : talk_(talk) {}
  void progress(const TrainProgress& p) override {
    if (!talk_.progress) return;
    double by_steps = p.max_steps > 0 ? double(p.step) / double(p.max_steps) : 0, by_seconds = p.max_seconds > 0 ? p.seconds / p.max_seconds : 0;
    double share = std::min(1.0, std::max(by_steps, by_seconds));
    talk_.progress(share, share > 0 ? p.seconds * (1 - share) / share : 0, text("step ", p.step, "  loss ", std::to_string(p.loss).substr(0, 6), "  ", int(p.patches_per_second * 10) / 10.0, " patches/s"));
  }

 private:
  const Talk& talk_;
};

Value score_value(const CaseScore& score) {
  Value value = Value::table();
  value["case"] = score.case_id;
  value["patient"] = score.patient;
  value["classes"] = Value::list_of(score.classes);
  value["dice"] = Value::list_of(score.dice);
  value["hd95_mm"] = Value::list_of(score.hd95);
  value["assd_mm"] = Value::list_of(score.assd);
  value["volume_error"] = Value::list_of(score.volume_error);
  return value;
}

Value score_values(const std::vector<CaseScore>& scores) {
  Value::List list;
  for (const auto& score : scores) list.push_back(score_value(score));
  return list;
}

}  // namespace

Value engine_train(const RunSpec& given, const ComputeOptions& compute, bool resume, const std::string& init_from, const std::string& predictions, const Talk& talk) {
  RunSpec spec = with_compute(given, compute);
  set_memory_budget(compute.max_memory_bytes);
  TalkingObserver observer(talk);
  std::optional<RankGroup> ranks;
  if (compute.place.split()) ranks.emplace(compute.place);
  TrainResult result = train(system_env(), system_clock(), spec, {resume, init_from, predictions, talk.stop, compute.max_memory_bytes, ranks ? &*ranks : nullptr}, observer);
  Value value = Value::table();
  value["out"] = spec.out;
  value["steps"] = result.steps;
  value["seconds"] = result.seconds;
  value["patches_per_second"] = result.patches_per_second;
  value["seconds_per_step"] = result.seconds_per_step;
  value["stall_seconds"] = result.stall_seconds;
  value["loader_wait_share"] = result.loader_wait_share;
  value["read_seconds"] = result.read_seconds;
  value["final_loss"] = result.final_loss;
  value["parameters"] = result.parameters;
  value["peak_bytes"] = result.peak_bytes;
  value["predicted_peak_bytes"] = result.predicted_peak_bytes;
  value["channel_bytes"] = result.channel_bytes;
  value["validation_dice"] = result.validation_dice;
  value["test"] = score_values(result.test);
  for (const auto& without : result.without) {   // the keys of a result that one channel alone changes
    Value& part = value["without"][without.channel];
    part["test"] = score_values(without.test);
    part["channel_bytes"] = without.channel_bytes;
  }
  return value;
}

}  // namespace tomograd
