// The sentences of a report. Each says only what the numbers carry; the word "significant" stands nowhere unless n can
// reach it.
#include <algorithm>
#include <cmath>
#include <map>

#include "report/findings.h"
#include "report/numbers.h"
#include "report/outcomes.h"

namespace tomograd {
namespace {

std::string metric_name(const ReportData& report) { return report.metric == "dice" ? "Dice" : report.metric; }

std::string interval_text(const Interval& v) { return "[" + signed_text(v.low) + ", " + signed_text(v.high) + "]"; }

std::string coverage_text(double coverage) { return fixed_text(coverage * 100, coverage > 0.999 ? 2 : 1) + " %"; }

// The change when several channels are dropped is the sum of the single changes per patient: exact only if channels act
// independently of each other, so the sentence says so.
Interval joint_change(const ReportData& report, const std::vector<size_t>& dropped) {
  std::map<std::string, std::pair<PatientChange, size_t>> sums;
  for (size_t index : dropped)
    for (const auto& change : report.channels[index].changes) {
      auto [at, fresh] = sums.try_emplace(change.patient, change, 1);
      if (!fresh) add_change(at->second.first, change, 1), ++at->second.second;
    }
  std::vector<PatientChange> whole;
  for (const auto& [patient, sum] : sums)
    if (sum.second == dropped.size()) whole.push_back(sum.first);
  if (whole.empty()) return {std::nan(""), std::nan(""), std::nan(""), 0};
  return test_changes(whole).interval;
}

std::string time_text(const ReportData& report, const std::vector<size_t>& dropped) {
  if (report.dropout_trained) return "a time that was not measured (nothing was trained without " + std::string(dropped.size() > 1 ? "them" : "it") + ")";
  if (report.limited_by_time) {
    auto step_text = [](const Spread& v) { return spent_text(v.mean) + (std::isfinite(v.deviation) ? " ± " + spent_text(v.deviation) : ""); };
    std::string without;
    for (size_t index : dropped) {
      const ChannelReport& channel = report.channels[index];
      if (std::isfinite(channel.seconds_per_step.mean)) without += (without.empty() ? "" : ", ") + step_text(channel.seconds_per_step) + (dropped.size() > 1 ? " without " + channel.name : " without");
    }
    const Spread& with_all = report.channels[0].seconds_per_step;
    std::string steps = std::isfinite(with_all.mean) && !without.empty() ? "; a step took " + step_text(with_all) + " with all channels and " + without : "";
    return "no measurable time (every trial trained for the same fixed time" + steps + ")";
  }
  double sum = 0;
  for (size_t index : dropped) {
    const Interval& saved = report.channels[index].seconds_saved;
    if (!std::isfinite(saved.estimate)) return "no recorded time";
    if (saved.low <= 0) return "no measurable time (trainings with all channels and without " + report.channels[index].name + " differ by " + spent_text(saved.low) + " to " + spent_text(saved.high) + ")";
    sum += saved.estimate;
    if (dropped.size() == 1) return spent_text(sum) + " per training [" + spent_text(saved.low) + ", " + spent_text(saved.high) + "]";
  }
  return spent_text(sum) + " per training";
}

// Which of these names a set such as "A+B" is made of, and whether of nothing else.
std::vector<std::string> parts_of(const std::string& set, const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const auto& name : names)
    if (("+" + set + "+").find("+" + name + "+") != std::string::npos) parts.push_back(name);
  return parts;
}

bool parts_within(const std::string& set, const std::vector<std::string>& names) {
  size_t length = 0;
  for (const auto& name : parts_of(set, names)) length += name.size() + 1;
  return length == set.size() + 1;
}

// Trainings without exactly these channels, when there were any with a result.
const ChannelReport* measured_together(const ReportData& report, const std::vector<std::string>& names) {
  for (const auto& set : report.joint)
    if (!set.changes.empty() && parts_within(set.name, names) && parts_of(set.name, names).size() == names.size()) return &set;
  return nullptr;
}

// "The loss is known from trainings that never saw these channels."
std::string measured_sentence(const ReportData& report, const std::vector<std::string>& names, const ChannelReport& set) {
  std::string time = report.limited_by_time                       ? "no measurable time (every trial trained for the same fixed time)"
                     : !std::isfinite(set.seconds_saved.estimate) ? "no recorded time"
                     : set.seconds_saved.low <= 0                 ? "no measurable time (" + spent_text(set.seconds_saved.low) + " to " + spent_text(set.seconds_saved.high) + ")"
                                                                  : spent_text(set.seconds_saved.estimate) + " [" + spent_text(set.seconds_saved.low) + ", " + spent_text(set.seconds_saved.high) + "] per training";
  return "Dropping " + names_text(names) + " saves " + (std::isfinite(set.bytes_saved) ? megabytes_text(set.bytes_saved) : "an unrecorded number of bytes") + " per scan and " + time + " for a " + metric_name(report) +
         " change of " + signed_text(set.change.estimate) + " " + interval_text(set.change) + " (" + coverage_text(set.change.coverage) + " interval, n = " + std::to_string(set.changes.size()) +
         "), measured on trainings without them all" +
         (set.verdict == Verdict::does_not_matter || set.verdict == Verdict::harms ? "." : "; that the loss stays below the margin of " + fixed_text(report.margin) + " is not shown for dropping them together.");
}

std::string saving_sentence(const ReportData& report, const std::vector<size_t>& dropped) {
  std::vector<std::string> names;
  for (size_t index : dropped) names.push_back(report.channels[index].name);
  if (dropped.size() > 1)
    if (const ChannelReport* set = measured_together(report, names)) return measured_sentence(report, names, *set);
  names.clear();
  double bytes = 0;
  for (size_t index : dropped) names.push_back(report.channels[index].name), bytes += report.channels[index].bytes_saved;
  Interval change = joint_change(report, dropped);
  std::string sentence = "Dropping " + names_text(names) + " saves " + (std::isfinite(bytes) ? megabytes_text(bytes) : "an unrecorded number of bytes") + " per scan and " + time_text(report, dropped) +
                         " for a " + metric_name(report) + " change of " + signed_text(change.estimate) + " " + interval_text(change) + " (" + coverage_text(change.coverage) + " interval, n = " + std::to_string(report.pairs) + ")";
  if (dropped.size() == 1) return sentence + ".";
  sentence += "; this adds up single changes, they were not dropped together.";
  const ChannelReport* most = nullptr;           // of these channels, what was dropped together and saved most
  for (const auto& set : report.joint) {
    if (set.changes.empty() || set.verdict != Verdict::does_not_matter || !std::isfinite(set.bytes_saved)) continue;
    if (parts_within(set.name, names) && (!most || set.bytes_saved > most->bytes_saved)) most = &set;
  }
  if (most) sentence += " " + measured_sentence(report, parts_of(most->name, names), *most);
  return sentence;
}

void decide(ReportData& report) {
  std::vector<size_t> droppable;
  for (auto at = report.ranking.rbegin(); at != report.ranking.rend(); ++at)
    if (report.channels[*at].verdict == Verdict::does_not_matter || report.channels[*at].verdict == Verdict::harms) droppable.push_back(*at);
  if (!droppable.empty() && droppable.size() + 1 < report.channels.size()) {
    report.decision = saving_sentence(report, droppable);
    return;
  }
  if (report.ranking.empty()) return;
  if (!droppable.empty()) {
    report.decision = "Every channel by itself can be dropped, so several carry the same information; which of them to keep, leaving out one at a time cannot tell.";
    return;
  }
  size_t last = report.ranking.back();
  report.decision = "No channel is shown not to matter (loss below the margin of " + fixed_text(report.margin) + "). The best candidate: " + saving_sentence(report, {last});
}

std::string trials_text(const ReportData& report) {
  std::string sentence = text(report.counts.total(), " trials: ", report.counts.complete, " complete");
  for (const auto& [count, what] : {std::pair{report.counts.failed, "failed"}, {report.counts.waiting + report.counts.preempted, "waiting"}, {report.counts.running, "running"}, {report.counts.pruned, "pruned"}, {report.counts.cancelled, "cancelled"}})
    if (count > 0) sentence += text(", ", count, " ", what);
  return sentence + ".";
}

void tell_steps(ReportData& report) {
  if (!std::isfinite(report.steps_median)) return;
  std::string range = report.steps_low == report.steps_high ? fixed_text(report.steps_median, 0) : fixed_text(report.steps_low, 0) + " to " + fixed_text(report.steps_high, 0) + " (median " + fixed_text(report.steps_median, 0) + ")";
  report.findings.push_back("Each trial got " + range + " optimiser steps" + (report.limited_by_time ? ", as many as its fixed time allowed." : "."));
  if (report.steps_median < 1000) report.limits.push_back("So few steps (" + fixed_text(report.steps_median, 0) + ") train no network to its end: what matters early in training need not matter in the end.");
  if (report.limited_by_time && report.steps_high > 1.1 * report.steps_low) report.limits.push_back("Trials ran for equal times, so those that got more steps had an advantage; set max_steps to compare at equal steps.");
}

// Whether the ends of the ranking may be called by name.
void tell_apart(ReportData& report) {
  if (report.ranking.size() < 2) return;
  const ChannelReport &first = report.channels[report.ranking.front()], &last = report.channels[report.ranking.back()];
  auto told = [&](const ChannelReport& channel, bool more) {
    return report.can_reach_significance && channel.contrast_holm_p < significance_level && (more ? channel.contrast.estimate < 0 : channel.contrast.estimate > 0);
  };
  auto sentence = [&](const ChannelReport& channel, const char* what) {
    return channel.name + what + signed_text(channel.contrast.estimate) + " " + interval_text(channel.contrast) + " against their mean change (Holm p = " + p_text(channel.contrast_holm_p) + ")";
  };
  std::string said;
  if (told(first, true)) said = sentence(first, " matters more than the other channels: ");
  if (told(last, false)) said += (said.empty() ? "" : "; ") + sentence(last, " matters less than the others: ");
  if (!said.empty()) report.findings.push_back("Named (significant, Holm p < 0.05): " + said + ".");
  else if (report.can_reach_significance) report.findings.push_back("Neither end of the ranking can be told from the other channels: their order may be chance.");
}

void tell_channels(ReportData& report) {
  size_t others = report.channels.size() - 1;
  if (others == 0 || report.pairs == 0) {
    if (others > 0) report.limits.push_back("No patient has been tested both with all channels and without one yet; nothing can be compared.");
    return;
  }
  std::vector<std::string> order;
  for (size_t index : report.ranking) order.push_back(report.channels[index].name + " (" + signed_text(report.channels[index].change.estimate) + " " + interval_text(report.channels[index].change) + ")");
  std::string list;
  for (const auto& name : order) list += (list.empty() ? "" : ", ") + name;
  report.findings.push_back("Ranking, most influential first (" + metric_name(report) + " change when it is " + (report.dropout_trained ? "missing" : "left out") + "): " + list + ".");
  for (auto [verdict, what] : {std::pair{Verdict::matters, "Shown to matter"}, {Verdict::harms, "Shown to be better left out"}, {Verdict::does_not_matter, "Shown not to matter"}}) {
    std::vector<std::string> names;
    for (size_t index : report.ranking)
      if (report.channels[index].verdict == verdict) names.push_back(report.channels[index].name);
    if (names.empty()) continue;
    std::string why = verdict == Verdict::does_not_matter ? "the interval of the loss lies below the margin of " + fixed_text(report.margin) : "significant, Holm p < 0.05";
    report.findings.push_back(text(what, " (", why, "): ", names_text(names), "."));
  }
  tell_apart(report);
  if (report.planted_losses > 0)
    report.findings.push_back(text(report.planted_covered, " of ", report.planted_losses, " intervals hold the loss that an ideal observer would have without the channel."));
  if (std::isfinite(report.tau))
    report.findings.push_back("Kendall's tau between this ranking and the importance planted in the phantom: " + fixed_text(report.tau, 2) + " over " + std::to_string(others) + " channels (1 = the same order, 0 = no relation).");

  std::string reach = "With n = " + std::to_string(report.pairs) + " patients the smallest two-sided p that the signed-rank test can reach is " + p_text(report.smallest_p) +
                      ", after Holm's correction over " + std::to_string(others) + " channels " + p_text(report.smallest_holm_p);
  if (report.trainings == 1 && report.pairs > 1)
    report.limits.push_back((report.dropout_trained ? "One training tested all patients" : "One training per channel set tested all patients") +
                            std::string(": what leaving a channel out changes and the luck of a training cannot be told apart, so nothing is shown here; strategy.folds and strategy.seeds give more trainings."));
  else if (report.trainings < report.pairs)
    report.findings.push_back(text("Patients share trainings (", report.trainings, report.dropout_trained ? " for all channel sets" : " per channel set", "): p and intervals count the spread between trainings (Student's t over their means), too, and the less favourable of both is shown."));
  if (report.smallest_holm_p <= significance_level) report.findings.push_back(reach + ".");
  else report.limits.push_back(reach + ": whatever the data, no p below 0.05 is possible, so no single channel can be proven to matter here.");
  double coverage = 1;
  for (size_t index : report.ranking) coverage = std::min(coverage, report.channels[index].change.coverage);
  if (coverage < 0.95) report.limits.push_back("The widest interval that n = " + std::to_string(report.pairs) + " gives covers " + coverage_text(coverage) + ", not 95 %" +
                                               (coverage < least_coverage ? "; too little to show that a channel does not matter." : "."));
  bool one_seed = true;
  for (const auto& trial : report.trials)
    if (const Value* repeat = trial.design.find("repeat"); repeat && repeat->is_integer() && repeat->as_integer() > 0) one_seed = false;
  if (one_seed) report.limits.push_back("One seed per trial: what differs between patients and what the chance of a training adds cannot be told apart; strategy.seeds = 2 or more can.");
  report.limits.push_back("Patients' trainings share most of their training cases, so their results are not fully independent, and p-values and intervals are somewhat too favourable.");
}

// Which variables mattered, as far as a forest can tell.
void tell_importance(ReportData& report) {
  if (!report.importance || report.axes.size() < 2) return;
  const Importance& importance = *report.importance;
  if (importance.explained <= 0) {
    report.limits.push_back(text("A random forest on ", importance.points, " configurations predicts those it has not seen no better than their mean does: which variables matter cannot be told from them."));
    return;
  }
  std::vector<size_t> order;
  for (size_t v = 0; v < report.axes.size(); ++v) order.push_back(v);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return importance.variables[a].mean > importance.variables[b].mean; });
  std::string list;
  for (size_t v : order) {
    const Share& share = importance.variables[v];
    list += (list.empty() ? "" : ", ") + report.axes[v].key + " " + fixed_text(100 * share.mean, 0) + " % [" + fixed_text(100 * share.low, 0) + ", " + fixed_text(100 * share.high, 0) + "]";
  }
  report.findings.push_back(text("Share of the variance that each variable causes alone (functional ANOVA of a random forest on ", importance.points, " configurations; 10 % to 90 % of its trees): ", list,
                                 "; of configurations it has not seen the forest explains ", fixed_text(100 * importance.explained, 0), " %."));
}

void tell_timeline(ReportData& report) {
  if (!report.timeline || report.timeline->workers.empty()) return;
  const Timeline& t = *report.timeline;
  if (t.lost + t.failed == 0) return;
  report.findings.push_back(text(t.lost, " attempts were lost with their workers and ", t.failed, " failed: ", spent_text(t.lost_seconds), " of ", spent_text(t.busy_seconds), " of work, less what later attempts took up from checkpoints."));
}

void tell_variables(ReportData& report) {
  if (report.configurations.empty() || !report.configurations[0].best || report.variables.empty()) return;
  const ConfigurationReport& best = report.configurations[0];
  std::string what;
  for (size_t i = 0; i < report.variables.size(); ++i) what += (i ? ", " : "") + report.variables[i] + " = " + best.labels[i];
  report.findings.push_back("Best: " + what + " with " + metric_name(report) + " " + spread_text(best.metric) + " (" + (best.trials.size() == 1 ? "trial " + std::to_string(best.trials[0]) : "± standard deviation over " + std::to_string(best.complete) + " trials") + ").");
  if (best.rung > 1) {
    int64_t last = std::count_if(report.configurations.begin(), report.configurations.end(), [&](const auto& c) { return c.rung == best.rung; });
    report.limits.push_back(text("Halving: ", last, " of ", report.configurations.size(), " configurations reached rung ", best.rung, "; the others ended with fewer steps, on what they promised then. Importance and values compare all of them after the steps of the first rung."));
  }
  if (best.complete < 2 && report.kind == "sweep") report.limits.push_back("One trial per combination: a difference may be the chance of one training; strategy.seeds or strategy.folds repeat it.");
}

}  // namespace

void tell(ReportData& report) {
  report.findings.push_back(trials_text(report));
  tell_steps(report);
  if (report.by_channel) {
    tell_channels(report);
    tell_dropout(report);
    if (report.pairs > 0) decide(report);
  }
  tell_variables(report);
  tell_importance(report);
  tell_timeline(report);
  if (report.counts.complete < report.counts.total()) report.limits.push_back(text(report.counts.total() - report.counts.complete, " of ", report.counts.total(), " trials have no result; what is shown rests on the others."));
}

}  // namespace tomograd
