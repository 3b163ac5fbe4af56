#include "cli/experiment_terms.h"

#include <algorithm>

#include "base/error.h"
#include "cli/catalogue_file.h"
#include "experiments/run_terms.h"

namespace tomograd {

RunOptions with_price(RunOptions options) {
  if (!options.instance.empty()) {
    const InstanceCatalogue catalogue = read_catalogue();
    const InstanceSpec& instance = catalogue.find(options.instance);
    const int64_t devices = std::clamp<int64_t>(options.gpus, 1, instance.devices);  // that a worker takes of it, and keeps others from
    options.price = instance.on_demand_per_hour * double(devices) / double(instance.devices), options.currency = catalogue.currency;
  } else if (options.price) {
    try {
      options.currency = read_catalogue().currency;        // what `tomograd plan` names prices in
    } catch (const Error&) {
      // Then it is a number of something.
    }
  }
  if (options.budget.money >= 0 && !options.price) fail_usage("--budget needs --price or --instance: nobody here knows what an hour of a worker costs", "--price 0.9, as `tomograd plan` says, or a machine type of its table: --instance g4dn.xlarge");
  options.budget.price_per_hour = options.price.value_or(0);
  return options;
}

void keep_terms(const std::string& folder, const RunOptions& options, int64_t workers) {
  RunTerms terms;
  terms.on = options.on, terms.between = options.between, terms.workers = workers, terms.memory_bytes = options.compute.max_memory_bytes;
  if (options.price) terms.price_per_hour = *options.price, terms.instance = options.instance, terms.currency = options.currency;
  else if (auto before = read_run_terms(system_env(), folder)) terms.price_per_hour = before->price_per_hour, terms.instance = before->instance, terms.currency = before->currency;
  terms.budget = options.budget.money, terms.trial_hours = options.budget.hours;
  if (options.on == "slurm") terms.queue = options.queue, terms.listen = options.listen, terms.gpus = options.gpus, terms.cpus = options.cpus, terms.hours = options.hours;
  write_run_terms(system_env(), folder, terms);
}

}  // namespace tomograd
