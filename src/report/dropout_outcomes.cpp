// Trainings with channel dropout: one network per test group that was trained with channels dropped at random and then tested with each
// channel missing. Each becomes as many records as it was tested with channel sets, so that the statistics of leave-one-out hold for
// them as they are: changes are paired by patient, and here by network too; patients that share a network share its luck.
#include <algorithm>
#include <cmath>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"

namespace tomograd {
namespace {

// NaN when a trial is not complete or has recorded no time: half of a sum compares nothing.
double seconds_of_all(const std::vector<TrialRecord>& trials) {
  double sum = 0;
  for (const auto& trial : trials) sum += trial.state == TrialState::complete ? number_at(trial.timing, "seconds") : nothing;
  return trials.empty() ? nothing : sum;
}

int64_t complete_of(const std::vector<TrialRecord>& trials) {
  return std::count_if(trials.begin(), trials.end(), [](const TrialRecord& trial) { return trial.state == TrialState::complete; });
}

const ChannelReport* of_name(const std::vector<ChannelReport>& channels, const std::string& name) {
  auto found = std::find_if(channels.begin(), channels.end(), [&](const auto& channel) { return channel.name == name; });
  return found == channels.end() || !std::isfinite(found->change.estimate) ? nullptr : &*found;
}

}  // namespace

bool is_dropout(const TrialRecord& trial) {
  const Value* dropout = trial.design.find("channel_dropout");
  return dropout && *dropout == Value(true);
}

std::vector<std::string> missing_in_turn(const TrialRecord& trial) {
  std::vector<std::string> names;
  const Value* list = trial.design.find("missing_in_turn");
  if (list && list->is_list())
    for (const auto& name : list->as_list()) names.push_back(name.as_text());
  return names;
}

std::string left_out_text(const TrialRecord& trial) { return is_dropout(trial) && left_out_channel(trial).empty() ? "each in turn" : left_out_channel(trial); }

TrialRecord record_without(const TrialRecord& trial, const std::string& channel) {
  TrialRecord part;                              // without its times: nothing was trained without the channel
  part.number = trial.number, part.state = trial.state, part.settings = trial.settings, part.design = trial.design;
  part.design["left_out"] = channel, part.design["left_out_channels"] = Value(Value::List{channel});
  part.fingerprint = trial.fingerprint, part.attempts = trial.attempts, part.failures = trial.failures;
  part.metrics = metrics_without(trial.metrics, channel);
  if (part.metrics.is_table())
    for (const char* key : {"steps", "parameters"})
      if (const Value* value = trial.metrics.find(key)) part.metrics[key] = *value;
  return part;
}

std::vector<TrialRecord> tested_sets(const std::vector<TrialRecord>& trials) {
  std::vector<TrialRecord> sets;
  for (const auto& trial : trials) {
    if (!is_dropout(trial)) continue;
    sets.push_back(trial);
    for (const auto& channel : missing_in_turn(trial)) sets.push_back(record_without(trial, channel));
  }
  return sets;
}

std::vector<TrialRecord> retrained(const std::vector<TrialRecord>& trials) {
  std::vector<TrialRecord> others;
  std::copy_if(trials.begin(), trials.end(), std::back_inserter(others), [](const TrialRecord& trial) { return !is_dropout(trial); });
  return others;
}

void describe_dropout(ReportData& report, const std::vector<TrialRecord>& trials) {
  ReportData part = part_of(report);
  part.trials = tested_sets(trials);
  part.dropout_trained = true;
  describe_channels(part);
  contrast_channels(part);
  DropoutReport& dropout = report.dropout.emplace();
  dropout.ranking = ranking_of(part.channels), dropout.pairs = part.pairs, dropout.channels = std::move(part.channels);

  std::vector<double> by_training, by_dropout;   // in the order of the ranking by trainings
  for (size_t index : report.ranking) {
    const ChannelReport& channel = report.channels[index];
    const ChannelReport* same = of_name(dropout.channels, channel.name);
    if (!same) continue;
    dropout.compared.push_back(channel.name);
    by_training.push_back(channel.change.estimate), by_dropout.push_back(same->change.estimate);
    dropout.same_verdicts += channel.verdict == same->verdict;
  }
  dropout.agreement = agreement(by_training, by_dropout);

  std::vector<TrialRecord> one_network, others;
  for (const auto& trial : trials)
    if (left_out_together(trial).empty()) (is_dropout(trial) ? one_network : others).push_back(trial);
  dropout.planned = int64_t(one_network.size()), dropout.planned_retrained = int64_t(others.size());
  dropout.complete = complete_of(one_network);
  dropout.seconds = seconds_of_all(one_network), dropout.seconds_retrained = seconds_of_all(others);
}

}  // namespace tomograd
