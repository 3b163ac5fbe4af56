#include "report/report_data.h"

#include <algorithm>
#include <cmath>

#include "report/findings.h"
#include "report/numbers.h"
#include "report/outcomes.h"

namespace tomograd {
namespace {


// phantom.json says the importance of each modality under several names; older and hand-made ones only give an order.
double planted_importance(const Value& phantom, const std::string& channel) {
  for (const char* key : {"ideal_dice_loss", "planted_shares", "importance"})
    if (const Value* table = phantom.find(key))
      if (double v = number_at(*table, channel); std::isfinite(v)) return v;
  if (const Value* order = phantom.find("planted_order"); order && order->is_list())
    for (size_t i = 0; i < order->as_list().size(); ++i)
      if (order->as_list()[i] == Value(channel)) return double(order->as_list().size() - i);
  return nothing;
}

void rank(ReportData& report, const Value& phantom) {
  report.ranking = ranking_of(report.channels);
  if (const Value* losses = phantom.find("ideal_dice_loss"); losses && report.metric == "dice")
    for (size_t index : report.ranking) {
      const ChannelReport& channel = report.channels[index];
      double loss = number_at(*losses, channel.name);
      if (!std::isfinite(loss)) continue;
      ++report.planted_losses;
      report.planted_covered += channel.change.low <= -loss && -loss <= channel.change.high;
    }
  std::vector<double> found, planted;
  for (auto& channel : report.channels) channel.planted = channel.name == "all" ? nothing : planted_importance(phantom, channel.name);
  for (size_t index : report.ranking)
    if (double v = report.channels[index].planted; std::isfinite(v)) found.push_back(-report.channels[index].change.estimate), planted.push_back(v);
  report.tau = found.size() >= 2 ? kendall_tau(found, planted) : nothing;
}

int64_t& count_of(TrialCounts& counts, TrialState state) {
  switch (state) {
    case TrialState::waiting: return counts.waiting;
    case TrialState::running: return counts.running;
    case TrialState::complete: return counts.complete;
    case TrialState::failed: return counts.failed;
    case TrialState::preempted: return counts.preempted;
    case TrialState::cancelled: return counts.cancelled;
    case TrialState::pruned: return counts.pruned;
  }
  return counts.waiting;
}

}  // namespace

ReportData make_report(const ExperimentRecord& experiment, std::vector<TrialRecord> trials, const ReportMaterial& material) {
  ReportData report;
  ExperimentSpec spec = spec_from<ExperimentSpec>(experiment.spec);
  report.name = experiment.name, report.fingerprint = experiment.fingerprint;
  report.kind = spec.strategy.kind, report.metric = spec.strategy.metric, report.margin = spec.strategy.margin;
  report.dropout_trained = report.kind == "channel-dropout", report.by_channel = report.dropout_trained || report.kind == "leave-one-out" || spec.strategy.nested;
  double max_seconds = number_at(spec.run, "max_seconds"), max_steps = number_at(spec.run, "max_steps");
  report.limited_by_time = max_seconds > 0 && !(max_steps > 0);
  report.trials = std::move(trials);
  std::vector<const TrialRecord*> done;
  for (const auto& trial : report.trials) {
    ++count_of(report.counts, trial.state);
    if (trial.state == TrialState::complete) done.push_back(&trial);
  }
  std::vector<double> steps = numbers_of(done, "steps");
  report.steps_low = steps.empty() ? nothing : *std::min_element(steps.begin(), steps.end());
  report.steps_high = steps.empty() ? nothing : *std::max_element(steps.begin(), steps.end());
  report.steps_median = median_of(steps), report.tau = nothing;
  std::vector<TrialRecord> given;                // all trials, while report.trials holds those that are compared
  const bool dropout = std::any_of(report.trials.begin(), report.trials.end(), is_dropout);
  if (dropout) {
    given = std::move(report.trials);
    report.trials = report.dropout_trained ? tested_sets(given) : retrained(given);
  }
  if (report.by_channel) {
    describe_channels(report);
    contrast_channels(report);
    rank(report, material.phantom);
    describe_joint(report);
    describe_classes(report);
    if (dropout && !report.dropout_trained) describe_dropout(report, given);
  }
  if (report.dropout_trained && dropout) report.trials = std::move(given);
  describe_variables(report, spec);              // of trainings with all channels or as leave-one-out has them, never of both
  describe_search(report, spec, material.models);
  if (!report.dropout_trained && dropout) report.trials = std::move(given);
  report.curves = material.curves;
  if (!material.events.empty()) report.timeline = make_timeline(material.events, report.trials, material.now);
  tell(report);
  return report;
}

}  // namespace tomograd
