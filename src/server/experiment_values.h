// What the page is told of an experiment and its trials, as docs/api.md describes it. Private to this room.
#pragma once

#include "report/report_data.h"
#include "server/experiment_shelf.h"

namespace tomograd {

void add_summary(Value& v, const ExperimentView& view);              // name and place are there already
void add_money(Value& v, const ExperimentView& view);                // spent, cap, currency; terms; what fits under the cap
std::optional<double> cost_of(const ExperimentView& view, double seconds);       // of a worker; none where no price is known
double usual_trial_seconds(const ExperimentView& view);              // median of complete attempts; not a number before there is one
void add_details(Value& v, const ExperimentView& view);              // spec, facts, variables, notes
Value trial_columns(const ExperimentView& view, int64_t offset, int64_t limit);  // tomograd.trials/1
Value trial_details(const ExperimentView& view, const TrialRecord& trial);       // tomograd.trial/1 without predictions
Value event_list(const ExperimentView& view, int64_t after, int64_t limit);      // tomograd.log/1
Value timeline_json(const Timeline& timeline);                       // as in report.json
Value notes_value(const std::vector<StoreEvent>& events);
Value leave_one_out_value(const ReportData& report, const std::string& version); // tomograd.leave_one_out/1
Value search_value(const ReportData& report, const std::string& version);        // tomograd.search/1

Value expectations_value(const ExperimentView& view);                // tomograd.expectations/1; Error(input) for what is no Bayesian search

// Fields of a spec that differ from the defaults: {key, value, default}.
Value changed_fields(const ExperimentSpec& spec);

}  // namespace tomograd
