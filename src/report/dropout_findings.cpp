// What is said of trainings with channel dropout: alone, and beside leave-one-out.
#include <cmath>

#include "report/findings.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

// "at 0.25 of the training time" is known from the counts; the seconds are said where all trainings recorded them.
std::string cost_text(const DropoutReport& dropout) {
  if (dropout.planned_retrained == 0) return "";
  std::string cost = text(", at ", dropout.planned, "/", dropout.planned_retrained, " of the trainings");
  if (!std::isfinite(dropout.seconds) || !(dropout.seconds_retrained > 0)) return cost;
  return cost + " and " + fixed_text(dropout.seconds / dropout.seconds_retrained, 2) + " of their time (" + spent_text(dropout.seconds) + " against " + spent_text(dropout.seconds_retrained) + ")";
}

std::string order_text(const DropoutReport& dropout) {
  size_t n = dropout.compared.size();
  std::string many = text("the ", n, " channels "), trainings = text("the ", n + 1, " trainings of leave-one-out do");
  if (dropout.agreement.tau == 1) return many + "as " + trainings;
  return many + (dropout.agreement.tau > 0 ? "not quite as " : "unlike ") + trainings;
}

void tell_agreement(ReportData& report) {
  const DropoutReport& dropout = *report.dropout;
  const Agreement& found = dropout.agreement;
  size_t n = dropout.compared.size();
  if (!std::isfinite(found.tau)) {
    report.limits.push_back("Trainings with channel dropout cannot be compared with leave-one-out yet: fewer than two channels have results of both, or all their changes are alike.");
    return;
  }
  report.findings.push_back("One training with channel dropout ranks " + order_text(dropout) + ": Kendall's tau-b " + signed_text(found.tau, 2) + ", correlation of the changes " + signed_text(found.pearson, 2) + " (Pearson) and " +
                            signed_text(found.spearman, 2) + " (Spearman), mean absolute difference " + fixed_text(found.distance) + cost_text(dropout) + text(". ", dropout.same_verdicts, " of ", n, " verdicts are the same."));
  const ChannelReport &all = report.channels[0], &all_by_dropout = dropout.channels[0];
  std::string level = "Dropout finds losses that are " + fixed_text(std::abs(found.excess)) + (found.excess > 0 ? " smaller" : " larger") + " on average";
  if (std::isfinite(all.mean) && std::isfinite(all_by_dropout.mean))
    level += "; with all channels the networks trained with dropout reach " + fixed_text(all_by_dropout.mean) + ", those trained without it " + fixed_text(all.mean);
  report.findings.push_back(level + ".");
  report.limits.push_back("Dropout tells the loss of a channel that is missing at prediction, of a network trained to cope with that; it stands for trainings without the channel as far as both agree here.");
  if (std::isfinite(found.chance) && found.chance > significance_level)
    report.limits.push_back(text("Of all orders of ", n, " channels ", fixed_text(found.chance * 100, 0), " % agree with that of leave-one-out as well as this one: so few channels cannot show that the agreement is more than chance."));
}

}  // namespace

void tell_dropout(ReportData& report) {
  if (report.dropout) tell_agreement(report);
  if (!report.dropout_trained || report.pairs == 0) return;
  report.limits.push_back("The networks were trained to cope with missing channels: a change is the loss of a channel that is missing at prediction, not of a training without it, which strategy.kind = \"leave-one-out\" measures; what a training without it would save in time is not measured.");
  report.limits.push_back("Every network was tested with all channel sets: its luck is in all of them at once, so it weighs little in differences between channels, but one bad training spoils all of them.");
}

}  // namespace tomograd
