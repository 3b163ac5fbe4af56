// What an experiment found, computed once from its trial table; the JSON, the page, the charts, the CSV and the terminal
// all show this. Statistics for few patients are kept honest here: one number per patient (scans, seeds and variables are
// averaged first), intervals with the coverage they really have, and no claim that n could not have supported.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/paired_statistics.h"
#include "experiments/trial_store.h"
#include "report/agreement.h"
#include "report/curves.h"
#include "report/importance.h"
#include "report/numbers.h"
#include "report/response.h"
#include "report/timeline.h"
#include "report/variable_axis.h"
#include "spec/experiment_spec.h"

namespace tomograd {

struct Outcome {                                 // one tested patient of one trial
  std::string patient;
  int64_t trial = 0, repeat = 0;
  double value = 0;
};

struct PatientChange {
  std::string patient;
  double value = 0;                              // metric without the channel minus metric with all, mean over repeats
  std::map<std::string, double> repeats;         // the same of each repeat
  std::string tested_with;                       // the patients that the same trainings tested
};

enum class Verdict { baseline, matters, harms, does_not_matter, undecided };
const char* verdict_text(Verdict verdict);       // "matters", "better without", "does not matter", "undecided"

struct ChannelReport {
  std::string name;                              // "all", or the channel left out
  int64_t trials = 0, complete = 0, failed = 0;
  std::vector<Outcome> outcomes;
  double mean = 0, deviation = 0, median = 0;    // over patients; NaN when there is no outcome
  // Of the channels left out, paired by patient with "all":
  std::vector<PatientChange> changes;
  Interval change;                               // Hodges-Lehmann, with the coverage attained; NaN without pairs
  double p = 0, holm_p = 0;                      // Wilcoxon signed rank, two-sided, Holm over all channels; NaN without pairs
                                                 // Both count the spread between trainings where patients share them.
  int64_t trainings = 0;                         // per channel set, that they rest on
  Interval contrast;                             // this change less the mean of the other channels' changes, paired by patient
  double contrast_holm_p = 0;                    // of the same test, Holm over all channels; NaN for fewer than two channels
  VarianceParts variance;                        // of the changes, between patients and between seeds; seed NaN with one seed
  Verdict verdict = Verdict::baseline;
  double bytes_saved = 0;                        // per scan; NaN = not recorded
  Interval seconds_saved;                        // per training; NaN when not measurable
  Spread seconds_per_step, peak_bytes;           // over trials; NaN = not recorded
  double planted = 0;                            // the phantom's importance; NaN = unknown
};

// The comparison once more for one target class: Holm's correction counts the channels of this class alone, so with several
// classes these are looks at the same trials, not further proofs.
struct ClassReport {
  std::string name;
  std::vector<ChannelReport> channels;           // as in ReportData
  std::vector<size_t> ranking;
  int64_t pairs = 0;
};

// Beside leave-one-out: the channels once more, as far as networks tell that were trained with channel dropout, one per test group, and
// tested with each channel missing; and how far they agree with the networks that were trained without the channel.
struct DropoutReport {
  std::vector<ChannelReport> channels;           // as in ReportData
  std::vector<size_t> ranking;
  int64_t pairs = 0;
  std::vector<std::string> compared;             // channels that both have, most influential first by the trainings without them
  Agreement agreement;                           // of their changes: a by training, b by dropout
  int64_t same_verdicts = 0;
  int64_t planned = 0, complete = 0;             // trainings with dropout
  int64_t planned_retrained = 0;                 // with all channels and without each one
  double seconds = 0, seconds_retrained = 0;     // of all these trainings; NaN = some are not complete, or recorded none
};

struct ConfigurationReport {                     // one combination of the variables, over its seeds and folds; with halving in its last rung
  Value variables;                               // key -> value
  std::vector<std::string> labels;               // per variable
  std::vector<int64_t> trials;
  int64_t complete = 0;
  Spread metric, seconds, seconds_per_step, peak_bytes, steps;  // over trials; NaN = none, or not recorded
  double parameters = 0;                         // mean; NaN = not recorded
  int64_t rung = 1;
  double first_rung = 0;                         // mean of the metric in the first rung, where all have had the same steps; NaN = none
  bool best = false;
};

struct ValueReport {                             // one value of one variable, or a part of its range, over everything else
  std::string variable, value;
  int64_t complete = 0;
  Spread metric, seconds_per_step, peak_bytes;
};

struct SearchPoint {                             // a configuration with a result as a point of the space of the variables
  int64_t trial = 0;                             // its first; they are in this order
  int64_t trials = 1;                            // repeats and folds that the metric is the mean of
  double metric = 0, deviation = 0;              // over them; NaN for one
  double first_rung = 0;                         // the metric where all configurations have had the same steps: what models learn from
  double best_so_far = 0;
  std::vector<double> at;                        // per axis, 0 to 1; NaN = the trial does not set it
};

struct ReportData {
  std::string name, kind, metric, fingerprint;
  double margin = 0;
  TrialCounts counts;
  std::vector<std::string> patients;             // tested ones, in order
  bool by_channel = false;                       // trials differ in their channels: leave-one-out, channel-dropout
  bool dropout_trained = false;                  // channel-dropout: every network is tested with all channel sets, changes are of a channel missing then
  std::vector<ChannelReport> channels;           // by_channel: "all" first, then as planned
  std::vector<size_t> ranking;                   // indices into channels, most influential first
  std::vector<ChannelReport> joint;              // "all", then sets of channels that were left out together, "A+B"
  std::vector<ClassReport> classes;              // with two target classes or more
  std::optional<DropoutReport> dropout;          // of leave-one-out with channel_dropout
  double tau = 0;                                // Kendall's tau-b of the ranking with the planted importance; NaN = none planted
  int64_t planted_losses = 0, planted_covered = 0;  // channels with a planted loss in the metric, and intervals that hold it
  int64_t pairs = 0;                             // patients that each comparison rests on at least; 0 = nothing is compared yet
  int64_t trainings = 0;                         // the same for trainings: fewer than patients where a fold shares one
  double smallest_p = 1, smallest_holm_p = 1;    // what so many pairs can reach at all
  bool can_reach_significance = false;           // smallest_holm_p <= 0.05; else the word is not used
  bool limited_by_time = false;                  // trials ended by max_seconds
  double steps_low = 0, steps_median = 0, steps_high = 0;  // optimiser steps per trial; NaN = not recorded
  std::vector<std::string> variables;            // keys
  std::vector<ConfigurationReport> configurations;  // best first; only with variables
  std::vector<ValueReport> values;
  std::vector<VariableAxis> axes;                // one per variable
  std::vector<SearchPoint> points;
  int64_t best_trial = 0;                        // the first of the best of them; 0 = none
  std::optional<Importance> importance;          // of the variables; none = too few configurations with a result
  std::optional<Response> response;              // of the two that matter most; none = the same
  std::optional<Timeline> timeline;              // none = the material has no events
  std::vector<Curve> curves;
  std::vector<std::string> findings;             // sentences
  std::string decision;                          // "Dropping X saves ..."; "" when nothing can be said
  std::vector<std::string> limits;               // what this experiment cannot prove
  std::vector<TrialRecord> trials;
};

// What a report can use beside the table of trials.
struct ReportMaterial {
  Value phantom = {};                            // the phantom.json beside the dataset
  std::vector<StoreEvent> events = {};           // for the timeline
  std::vector<Curve> curves = {};                // of the trials' metrics.jsonl
  int64_t now = 0;                               // Unix milliseconds, to which running attempts are drawn; 0 = to the last event
  bool models = false;                           // importance and response too, which take seconds
};

// Pure.
ReportData make_report(const ExperimentRecord& experiment, std::vector<TrialRecord> trials, const ReportMaterial& material = {});

constexpr double significance_level = 0.05;
constexpr double least_coverage = 0.9;           // an interval that proves equivalence: two one-sided tests at 5 %

}  // namespace tomograd
