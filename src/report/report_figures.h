// The pictures of a report that are more than a chart of pictures/chart.h. Private to this room.
#pragma once

#include <memory>

#include "pictures/chart.h"
#include "report/report_data.h"

namespace tomograd {

std::unique_ptr<Figure> timeline_figure(Timeline timeline);      // with an attempt at least

// Everything below: a report with points, and axes of which `axis` is one.
std::unique_ptr<Figure> slice_figure(const ReportData& report, size_t axis);             // value against metric
std::unique_ptr<Figure> parallel_figure(const ReportData& report);                       // all axes, then the metric
std::unique_ptr<Figure> plane_figure(const ReportData& report, size_t x, size_t y);      // contours of the response, or trials alone
std::unique_ptr<Figure> surface_figure(const ReportData& report);                        // of the response

// "learning_rate" of "optimizer.learning_rate" where that says which of the variables is meant.
std::string short_key(const ReportData& report, size_t axis);

}  // namespace tomograd
