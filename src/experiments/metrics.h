// What a trial's result says about one metric. A result is the object a runner hands over: `test` = list of
// {case, patient, classes, dice: [per class], ...}, or the metric's name as a plain number; `validation_NAME` stands in where
// nothing was tested. Missing values (empty truth) are null and are left out of means. `without` = {CHANNEL: the same, of the same
// network and cases with this channel missing}.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/trial_store.h"
#include "spec/value.h"

namespace tomograd {

// Mean over the foreground classes of each test case, then over the cases; none when nothing can be had.
std::optional<double> trial_metric(const Value& metrics, const std::string& name);

// The same per patient (mean over the patient's cases), in order of appearance; empty when there is no list `test`.
std::vector<std::pair<std::string, double>> patient_metrics(const Value& metrics, const std::string& name);

// The result with a channel missing; nothing when the network was not tested so.
Value metrics_without(const Value& metrics, const std::string& channel);

// Divides a runner's result into what is reproducible and what differs from run to run: times, rates,
// peak_bytes, predicted_peak_bytes and everything in a table `timing` go to timing; the run's folder goes nowhere.
TrialOutcome split_outcome(const Value& result);

}  // namespace tomograd
