// The report as files.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "report/report_data.h"

namespace tomograd {

// Writes report.json, report.html (one file, no network), results.csv, timing.csv and every chart as SVG and PNG into a
// folder, and returns their paths. What is there of the same names is replaced, each file as a whole.
std::vector<std::string> write_report(Env& env, const ReportData& report, const std::string& folder);

std::string report_html(const ReportData& report);

}  // namespace tomograd
