// What an experiment takes on each machine type of a catalogue: count, hours, days, money, memory, and which to take.
// A deadline or a budget counts as met when the upper end of the interval meets it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "planning/instance_catalogue.h"
#include "planning/trial_cost.h"
#include "planning/trial_memory.h"

namespace tomograd {

enum class Market { any, on_demand, spot };

struct PlanQuestion {
  std::string experiment;                        // file, as the commands name it
  std::vector<std::string> settings;             // --set, which they repeat
  std::string name;                              // of the experiment
  int64_t trials = 0;
  bool training = true;                          // false: any program, of which neither memory nor checkpoints are known
  TrialTime time;
  TestPredictions predictions;
  double checkpoint_hours = 0;                   // between checkpoints of a trial: what an interruption may lose
  TrialNetwork network;                          // of a training
  double dataset_bytes = 0;
  std::optional<int64_t> count;                  // instances; else what the deadline needs, else 6
  std::optional<double> deadline_hours, budget;
  std::vector<std::string> types;                // empty = all of the catalogue
  Market market = Market::any;                   // what may be chosen
};

struct StorageNeed {                             // beside the instances
  double dataset_bytes = 0, results_bytes = 0, download_bytes = 0;
  int64_t shared_gigabytes = 0;                  // EBS volume: experiment folder, program, and the data where there is no Lustre
  int64_t lustre_gigabytes = 0;                  // 0 = none: data of 100 GB or more, which many nodes read at once
};
StorageNeed storage_need(const PlanQuestion& question, int64_t parameters);

struct Spot {
  int64_t count = 0;                             // as on demand, or more where a deadline must be met in spite of interruptions
  Interval instance_hours, wall_hours, cost, total;  // with the work that interruptions lose done again
  Interval interruptions;                        // expected over the experiment
  std::vector<std::string> commands;
};

struct InstancePlan {
  InstanceSpec instance;
  DeviceSpec device;
  int64_t devices_of_a_trial = 1;                // one for each of its ranks
  int64_t at_once() const { return instance.devices / devices_of_a_trial; }  // trials on one instance
  int64_t count = 0, waves = 0;
  Interval trial_hours;
  Interval instance_hours;                       // paid, over all instances
  Interval wall_hours;
  Interval cost;                                 // of the instances, on demand
  Interval head_node_cost, storage_cost;
  double transfer_cost = 0, upload_seconds = 0, node_read_seconds = 0;  // data to the cloud; from shared storage to each node
  Interval total;                                // on demand, with all of these
  std::optional<Spot> spot;
  std::optional<bool> meets_deadline, within_budget;  // where one was asked for; the budget with the cheaper of on demand and spot
  int64_t affordable_trials = 0;                 // of all, for the budget
  MemoryFit memory;                              // of a training
  std::vector<std::string> commands;             // that start it there
};

struct Choice {
  size_t index = 0;                              // into ExperimentPlan::instances
  bool spot = false;
};

struct ExperimentPlan {
  PlanQuestion question;
  std::string currency, prices_date;
  TrialMemory memory;
  StorageNeed storage;
  std::vector<InstancePlan> instances;           // cheapest on demand first; those in which a trial does not fit last
  std::optional<Choice> cheapest;                // that fits, and meets the deadline where there is one
  std::optional<Choice> fastest;                 // that fits, within the budget (and the deadline): only with a budget
  std::vector<std::string> notes;                // what was assumed, for people
};

// Error(usage): no trials, an unknown type, a negative deadline or budget, a count below 1; a deadline that nothing meets, with
// the soonest that could be had.
ExperimentPlan make_plan(const InstanceCatalogue& catalogue, const PlanQuestion& question);

Value plan_value(const ExperimentPlan& plan);                // the --json object, without format
std::vector<std::string> plan_lines(const ExperimentPlan& plan);  // for people: sentence, table, choices, notes

std::string interval_text(const Interval& interval, int digits);  // "4", "4 (2-9)"

}  // namespace tomograd
