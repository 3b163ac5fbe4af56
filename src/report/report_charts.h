// The charts of a report, each as SVG text and PNG bytes.
#pragma once

#include <string>
#include <vector>

#include "report/report_data.h"

namespace tomograd {

struct ReportChart {
  std::string file;                              // "grouped_trials", without ending
  std::string title, caption;
  std::string svg, png;                          // png empty = there is none
};

// leave-one-out: trials grouped per left-out channel; mean outcome per left-out channel; paired change with intervals;
// patients x channels. With variables: outcome per configuration. Charts without data are left out.
std::vector<ReportChart> report_charts(const ReportData& report);

}  // namespace tomograd
