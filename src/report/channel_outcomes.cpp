#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr Interval no_interval = {nothing, nothing, nothing, 0};

// Trials that differ in channel set and test patients only are repeats of each other; this names the repeat.
std::string repeat_key(const TrialRecord& trial) {
  Value rest = Value::table();
  for (const auto& [key, value] : trial.settings.as_table())
    if (key != "preprocess.leave_out" && key != "validation.test_patients") rest[key] = value;
  return to_json(rest, false);
}

using Cell = std::map<std::string, double>;                   // repeat -> metric
using Cells = std::map<std::string, std::map<std::string, Cell>>;  // channel -> patient -> repeats

double seconds_of(const TrialRecord& trial) { return number_at(trial.timing, "seconds"); }

// One number per test group: time is spent per training, however many patients it tests.
std::vector<double> paired_seconds(const std::vector<const TrialRecord*>& all, const std::vector<const TrialRecord*>& without) {
  std::map<std::string, double> base;
  auto key = [](const TrialRecord& trial) { return repeat_key(trial) + to_json(trial.design.find("test") ? *trial.design.find("test") : Value(), false); };
  for (const auto* trial : all) base[key(*trial)] = seconds_of(*trial);
  std::vector<double> saved;
  for (const auto* trial : without)
    if (auto found = base.find(key(*trial)); found != base.end() && std::isfinite(found->second - seconds_of(*trial))) saved.push_back(found->second - seconds_of(*trial));
  return saved;
}

const Value* bytes_of(const std::vector<const TrialRecord*>& trials) {
  for (const auto* trial : trials)
    if (const Value* bytes = trial->metrics.find("channel_bytes"); bytes && (bytes->is_number() || bytes->is_table())) return bytes;
  return nullptr;
}

// A table gives each channel's bytes; a number those of the channels used, so the difference to "all" is the channel, once
// there is a result without it.
double bytes_saved(const std::vector<const TrialRecord*>& all, const std::vector<const TrialRecord*>& without, const std::string& channel) {
  const Value *with_all = bytes_of(all), *rest = bytes_of(without);
  if (with_all && with_all->is_table()) return number_at(*with_all, channel);
  return with_all && rest && rest->is_number() ? with_all->as_number() - rest->as_number() : nothing;
}

void pair_with_all(ChannelReport& channel, const std::map<std::string, Cell>& with_all, const std::map<std::string, Cell>& without, const std::vector<std::string>& patients,
                   const std::map<std::string, std::string>& tested_with) {
  std::vector<std::vector<double>> by_seed;
  for (const auto& patient : patients) {
    auto a = with_all.find(patient), b = without.find(patient);
    if (a == with_all.end() || b == without.end()) continue;
    PatientChange change{patient, 0, {}, tested_with.at(patient)};
    for (const auto& [repeat, value] : b->second)
      if (auto base = a->second.find(repeat); base != a->second.end()) change.repeats[repeat] = value - base->second;
    if (change.repeats.empty()) continue;
    std::vector<double>& row = by_seed.emplace_back();
    for (const auto& [repeat, value] : change.repeats) row.push_back(value);
    change.value = mean_of(row);
    channel.changes.push_back(std::move(change));
  }
  channel.change = no_interval, channel.p = nothing, channel.variance = {nothing, nothing};
  if (channel.changes.empty()) return;
  ChangeTest test = test_changes(channel.changes);
  channel.change = test.interval, channel.p = test.p, channel.trainings = test.trainings;
  size_t repeats = by_seed[0].size();
  bool whole = std::all_of(by_seed.begin(), by_seed.end(), [&](const auto& row) { return row.size() == repeats; });
  if (by_seed.size() >= 2 && whole) channel.variance = variance_parts(by_seed);
}

Verdict judge(const ChannelReport& channel, const ReportData& report) {
  if (channel.changes.size() < 2 || channel.trainings < 2) return Verdict::undecided;
  bool shown = report.can_reach_significance && channel.holm_p < significance_level;
  if (shown && channel.change.low > 0) return Verdict::harms;
  if (channel.change.coverage >= least_coverage && -channel.change.low < report.margin) return Verdict::does_not_matter;
  return shown && channel.change.high < 0 ? Verdict::matters : Verdict::undecided;
}

}  // namespace

void add_change(PatientChange& to, const PatientChange& other, double divisor) {
  to.value += other.value / divisor;
  std::erase_if(to.repeats, [&](const auto& repeat) { return !other.repeats.contains(repeat.first); });
  for (auto& [repeat, value] : to.repeats) value += other.repeats.at(repeat) / divisor;
}

ChangeTest test_changes(const std::vector<PatientChange>& changes) {
  std::vector<double> values, trainings;
  std::map<std::string, std::vector<double>> groups, repeats;
  for (const auto& change : changes) {
    values.push_back(change.value);
    groups[change.tested_with].push_back(change.value);
    for (const auto& [repeat, value] : change.repeats) repeats[repeat].push_back(value);
  }
  const auto& units = groups.size() > 1 ? groups : repeats;
  if (groups.size() < changes.size())
    for (const auto& [name, of_training] : units) trainings.push_back(mean_of(of_training));
  return {paired_test(values, trainings), int64_t(units.size())};
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::baseline: return "";
    case Verdict::matters: return "matters";
    case Verdict::harms: return "better without";
    case Verdict::does_not_matter: return "does not matter";
    case Verdict::undecided: return "undecided";
  }
  return "";
}

double number_at(const Value& table, const std::string& key) {
  const Value* v = table.find(key);
  return v && v->is_number() ? v->as_number() : nothing;
}

std::string left_out_channel(const TrialRecord& trial) {
  const Value* name = trial.design.find("left_out");
  if (name && name->is_text()) return name->as_text();
  std::string all;
  if (name && name->is_list())
    for (const auto& channel : name->as_list()) all += (all.empty() ? "" : "+") + channel.as_text();
  return all;
}

std::vector<double> numbers_of(const std::vector<const TrialRecord*>& trials, const std::string& key) {
  std::vector<double> result;
  for (const auto* trial : trials) {
    double v = number_at(trial->metrics, key);
    if (!std::isfinite(v)) v = number_at(trial->timing, key);
    if (std::isfinite(v)) result.push_back(v);
  }
  return result;
}

void describe_channels(ReportData& report) {
  Cells cells;
  std::map<std::string, std::vector<const TrialRecord*>> done;
  std::map<std::string, std::string> tested_with;
  auto channel_of = [&](const std::string& left_out) -> ChannelReport& {
    std::string name = left_out.empty() ? "all" : left_out;
    for (auto& channel : report.channels)
      if (channel.name == name) return channel;
    report.channels.emplace_back();
    report.channels.back().name = name;
    return report.channels.back();
  };
  channel_of("");
  for (const auto& trial : report.trials) {
    if (!left_out_together(trial).empty()) continue;
    std::string left_out = left_out_channel(trial);
    ChannelReport& channel = channel_of(left_out);
    ++channel.trials;
    channel.complete += trial.state == TrialState::complete;
    channel.failed += trial.state == TrialState::failed;
    if (trial.state != TrialState::complete) continue;
    done[channel.name].push_back(&trial);
    auto outcomes = patient_metrics(trial.metrics, report.metric);
    if (const Value* name = trial.design.find("test_name"); outcomes.empty() && !trial.metrics.find("test"))
      if (auto whole = trial_metric(trial.metrics, report.metric)) outcomes.emplace_back(name && name->is_text() && !name->as_text().empty() ? name->as_text() : "all patients", *whole);
    for (const auto& [patient, value] : outcomes) {
      const Value* repeat = trial.design.find("repeat");
      channel.outcomes.push_back({patient, trial.number, repeat && repeat->is_integer() ? repeat->as_integer() : 0, value});
      cells[channel.name][patient][repeat_key(trial)] = value;
      const Value* test = trial.design.find("test");
      if (tested_with.emplace(patient, test ? to_json(*test, false) : "").second) report.patients.push_back(patient);
    }
  }

  for (auto& channel : report.channels) {
    std::vector<double> means;
    for (const auto& patient : report.patients)
      if (auto found = cells[channel.name].find(patient); found != cells[channel.name].end()) {
        std::vector<double> repeats;
        for (const auto& [repeat, value] : found->second) repeats.push_back(value);
        means.push_back(mean_of(repeats));
      }
    channel.mean = mean_of(means), channel.deviation = deviation_of(means), channel.median = median_of(means);
    channel.seconds_per_step = spread_of(numbers_of(done[channel.name], "seconds_per_step"));
    channel.peak_bytes = spread_of(numbers_of(done[channel.name], "peak_bytes"));
    channel.planted = nothing, channel.bytes_saved = nothing, channel.holm_p = nothing, channel.seconds_saved = no_interval;
    if (channel.name == "all") continue;
    pair_with_all(channel, cells["all"], cells[channel.name], report.patients, tested_with);
    // A channel without pairs is not compared, so it lowers nobody's n.
    if (int64_t pairs = int64_t(channel.changes.size()); pairs > 0) {
      report.pairs = report.pairs == 0 ? pairs : std::min(report.pairs, pairs);
      report.trainings = report.trainings == 0 ? channel.trainings : std::min(report.trainings, channel.trainings);
    }
    channel.bytes_saved = bytes_saved(done["all"], done[channel.name], channel.name);
    if (auto saved = paired_seconds(done["all"], done[channel.name]); !report.limited_by_time && !saved.empty()) channel.seconds_saved = hodges_lehmann(saved, 0.95);
  }

  std::vector<double> p;
  size_t tests = 0;
  for (const auto& channel : report.channels)
    if (channel.name != "all") p.push_back(channel.p), tests += std::isfinite(channel.p);
  std::vector<double> adjusted = holm(p);
  for (size_t i = 0, at = 0; i < report.channels.size(); ++i)
    if (report.channels[i].name != "all") report.channels[i].holm_p = adjusted[at++];
  report.smallest_p = report.pairs > 0 ? smallest_p(report.pairs) : 1;
  report.smallest_holm_p = std::min(1.0, report.smallest_p * double(std::max<size_t>(1, tests)));
  report.can_reach_significance = report.smallest_holm_p <= significance_level && report.trainings > 1;
  for (auto& channel : report.channels)
    if (channel.name != "all") channel.verdict = judge(channel, report);
}

}  // namespace tomograd
