// Successive halving of an experiment: all configurations of a sweep or a random search train a few steps, the best of them go on from
// there, and so on to run.max_steps. Every rung's trials have numbers of their own; one that goes on works in the folder of the trial
// it began as. Pure: rungs follow from the results of the rungs before, whoever looks and whenever.
#pragma once

#include <vector>

#include "search/halving.h"
#include "search/trial_plan.h"

namespace tomograd {

// Budgets in steps. Error(input) for strategies that cannot halve (bayesian, leave-one-out), runs without max_steps or with max_seconds,
// variables that set steps, and least_steps above max_steps.
std::vector<Rung> rungs_of(const ExperimentSpec& spec);

// The trials of the first rung that is not there, once the one before is decided; none while a trial of it is open, or when no
// configuration is left to go on. told: as observations_of() sees the trials, rung after rung. Settings have pause_steps (0 in the last
// rung); design has rung (from 1), steps, proposal (number of the configuration) and begun_as (trial of the first rung).
std::vector<PlannedTrial> next_rung(const ExperimentSpec& spec, const DatasetFacts& facts, const std::vector<Observation>& told);

}  // namespace tomograd
