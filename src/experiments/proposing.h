// The trials of a search that depend on results: whoever finds nothing to claim proposes what can be proposed now. A proposal is
// a pure function of the trials before it (search/proposal.h), so it does not matter who makes it, how often, or after which crash.
#pragma once

#include "experiments/trial_store.h"
#include "search/trial_plan.h"
#include "spec/experiment_spec.h"

namespace tomograd {

class Proposing {
 public:
  Proposing(ExperimentSpec spec, DatasetFacts facts) : spec_(std::move(spec)), facts_(std::move(facts)), trials_(trial_count(spec_, facts_)) {}
  int64_t trials() const { return trials_; }      // in the end; fewer where rungs of halving are not filled because trials failed
  // Records all proposals that wait for no further result; returns the number of trials that this added.
  int64_t propose_now(TrialStore& store) const;
  // Whether trials are still to come besides those of which the store has these counts.
  bool more(TrialStore& store, const TrialCounts& counts) const;

 private:
  ExperimentSpec spec_;
  DatasetFacts facts_;
  int64_t trials_;
};

// As they were when the experiment was created, and how they are recorded then: what is planned later must rest on all of them.
DatasetFacts dataset_facts_of(const ExperimentRecord& record);
void record_dataset_facts(const DatasetFacts& facts, Value& recorded);

// What each proposal came to: the mean of the metric over its trials; failed when one of them failed, was cancelled or reports
// no number; pending while one is open. In order of their numbers.
std::vector<Observation> observations_of(const ExperimentSpec& spec, const std::vector<TrialRecord>& trials, int64_t trials_per_proposal);

}  // namespace tomograd
