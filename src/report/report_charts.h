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

// leave-one-out, channel-dropout: trials grouped per left-out channel, mean outcome, paired change with intervals, over all target classes and for
// each; patients x channels; with channel dropout, its changes over those by training. With variables: progress, configurations, slices, parallel coordinates, importance, contour and
// surface. Curves, and the timeline of workers. Charts without data are left out.
std::vector<ReportChart> report_charts(const ReportData& report);

}  // namespace tomograd
