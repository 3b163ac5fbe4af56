// What the files that make the charts of a report share. Private to this room.
#pragma once

#include "pictures/chart.h"
#include "report/report_charts.h"

namespace tomograd {

ReportChart finished(const std::string& file, const std::string& title, const std::string& caption, const Figure& figure);
std::string metric_label(const ReportData& report);          // "Dice"
std::string file_part(const std::string& name);              // letters, digits, "-" and "_" of a name; others become "_"

// Charts by subject; each is left out when it would be empty.
void add_channel_charts(std::vector<ReportChart>& charts, const ReportData& report);
void add_dropout_chart(std::vector<ReportChart>& charts, const ReportData& report);
void add_search_charts(std::vector<ReportChart>& charts, const ReportData& report);
void add_curve_charts(std::vector<ReportChart>& charts, const ReportData& report);

}  // namespace tomograd
