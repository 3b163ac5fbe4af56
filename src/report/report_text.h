// The report as text: terminal tables, results.csv, report.json.
#pragma once

#include <string>
#include <vector>

#include "report/report_data.h"
#include "spec/value.h"

namespace tomograd {

// Columns aligned by their widest cell (UTF-8 counted in characters); the first column to the left, numbers to the right.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows, size_t left_columns = 1);

std::string report_text(const ReportData& report);           // what `experiment report` prints
std::string channel_table(const ReportData& report);         // the ranking with its statistics; "" without channels
std::string dropout_table(const ReportData& report);         // changes by training and by channel dropout beside each other; "" without
std::string configuration_table(const ReportData& report, size_t most = 20);
std::string value_table(const ReportData& report);
std::string matrix_table(const ReportData& report);          // patients x channels, means over repeats
std::string trial_table(const ReportData& report, size_t most = 0);  // 0 = all

// One line per trial and nothing that depends on time or machine: the same bytes however often workers died.
// Columns: trial, state, left_out, test, repeat, seed, the variables, METRIC, then METRIC of each tested patient. Where there are
// trainings with channel dropout there is a column channel_dropout, and they have one line per channel set that they were tested with.
std::string results_csv(const ReportData& report);
std::string timing_csv(const ReportData& report);            // trial, attempts, failures, seconds, seconds_per_step, peak_bytes, read_seconds, loader_wait_share

Value report_value(const ReportData& report);                // tomograd.report/1 without "format"; missing numbers are null

}  // namespace tomograd
