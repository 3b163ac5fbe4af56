// From trials to numbers per channel, patient and repeat. Private to this room.
#pragma once

#include "report/report_data.h"

namespace tomograd {

double number_at(const Value& table, const std::string& key);             // NaN when it is not there or no number
std::string left_out_channel(const TrialRecord& trial);                   // "" = none; several left out together: "A+B"
std::vector<double> numbers_of(const std::vector<const TrialRecord*>& trials, const std::string& key);  // from metrics or timing, those present

// Fills in channels (outcomes, means, changes, statistics, savings), patients, pairs and the smallest p, from the trials that
// leave out one channel or none.
void describe_channels(ReportData& report);

// Fills in joint from the trials that leave out several channels together, and classes from all results that name classes.
void describe_joint(ReportData& report);
void describe_classes(ReportData& report);
std::vector<std::string> left_out_together(const TrialRecord& trial);     // two or more, or none

// Orders the channels that were compared, most influential first.
std::vector<size_t> ranking_of(const std::vector<ChannelReport>& channels);

// Adds other / divisor, of its value and of the repeats that both have; the others are dropped.
void add_change(PatientChange& to, const PatientChange& other, double divisor);

// paired_test of changes or contrasts: patients of a test group share its trainings, whose repeats are averaged. Of a single
// group the repeats are the trainings.
struct ChangeTest : PairedTest { int64_t trainings = 0; };
ChangeTest test_changes(const std::vector<PatientChange>& changes);

// Fills in contrast and contrast_holm_p from the changes.
void contrast_channels(ReportData& report);

// Fills in configurations and values; then axes, points and, with models, importance and response.
void describe_variables(ReportData& report, const ExperimentSpec& spec);
void describe_search(ReportData& report, const ExperimentSpec& spec, bool models);

}  // namespace tomograd
