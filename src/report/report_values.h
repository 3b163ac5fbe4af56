// Parts of report.json. Private to this room.
#pragma once

#include "report/report_data.h"
#include "spec/value.h"

namespace tomograd {
void add_search(Value& report_value, const ReportData& report);   // "axes", "points", "best_trial", "importance", "response"
Value timeline_value(const Timeline& timeline);
}
