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
std::string left_out_text(const TrialRecord& trial);                      // for tables of trials: "", "A", "A+B", "each in turn"
std::vector<std::string> left_out_together(const TrialRecord& trial);     // two or more, or none

// What decides how a comparison is read, without any result.
ReportData part_of(const ReportData& report);

// Trainings with channel dropout: their channels that were missing in turn, one of them as a record of its own, every channel set that
// they were tested with as a record of its own (of these trials alone); and the other trials.
bool is_dropout(const TrialRecord& trial);
std::vector<std::string> missing_in_turn(const TrialRecord& trial);
TrialRecord record_without(const TrialRecord& trial, const std::string& channel);
std::vector<TrialRecord> tested_sets(const std::vector<TrialRecord>& trials);
std::vector<TrialRecord> retrained(const std::vector<TrialRecord>& trials);

// Fills in dropout of a report whose channels and ranking are there; trials: all of the experiment.
void describe_dropout(ReportData& report, const std::vector<TrialRecord>& trials);

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
