// The report of an experiment's folder: what its store knows and, for the full one, what lies in the folders of its trials.
#pragma once

#include <string>

#include "experiments/trial_store.h"
#include "report/report_data.h"

namespace tomograd {

ReportData report_of(TrialStore& store);                                   // of the table alone
ReportData full_report_of(TrialStore& store, const std::string& folder);   // with timeline and curves
std::vector<Curve> curves_of(const std::string& folder, const std::vector<TrialRecord>& trials, size_t most_points = 120);  // of their metrics.jsonl

Value results_value(const ReportData& report);                             // tomograd.experiment_results/1 without "format"

}  // namespace tomograd
