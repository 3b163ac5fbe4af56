// Fills in findings, limits and the decision of a report whose numbers are there. Private to this room.
#pragma once

#include "base/error.h"
#include "report/report_data.h"

namespace tomograd {
void tell(ReportData& report);
void tell_dropout(ReportData& report);           // what trainings with channel dropout add, and what they cannot say
}
