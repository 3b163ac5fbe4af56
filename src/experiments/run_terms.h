// On what terms an experiment was last run: where, at what price, under which cap, in which hours. Trials do not depend on them, so they are no part of
// the spec and of no fingerprint; they are kept in the experiment's folder so that what it costs and when it goes on can be told while nobody runs it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "spec/field.h"

namespace tomograd {

struct RunTerms {
  std::string format = "tomograd.run_terms/1", on = "local", between, instance, currency, queue, listen;
  int64_t workers = 1, gpus = 0, cpus = 0, memory_bytes = 0;
  double price_per_hour = -1, budget = -1, trial_hours = -1, hours = 0;
  template <class V> void visit(V&& v) {
    v(format, "format", "kind and version of this file", one_of({"tomograd.run_terms/1"}));
    v(on, "on", "where its workers run", one_of({"local", "slurm"}));
    v(workers, "workers", "trials at a time", tomograd::between(1, 1e6));
    v(price_per_hour, "price_per_hour", "of an hour of one worker; below 0 = not known", tomograd::between(-1, 1e6));
    v(currency, "currency", "of price and budget");
    v(instance, "instance", "machine type whose price it is; empty = the price was given");
    v(budget, "budget", "that all trials together may take; below 0 = no cap", tomograd::between(-1, 1e12));
    v(trial_hours, "trial_hours", "of work, that all trials together may take; below 0 = no cap", tomograd::between(-1, 1e9));
    v(between, "between", "hours of the day in which trials run; empty = all");
    v(memory_bytes, "memory_bytes", "most memory of each worker; 0 = no limit", at_least(0, "bytes"));
    v(queue, "queue", "of Slurm: partition; empty = the default one");
    v(gpus, "gpus", "of Slurm: of each worker", tomograd::between(0, 64));
    v(cpus, "cpus", "of Slurm: of each worker; 0 = the run's threads", tomograd::between(0, 1024));
    v(hours, "hours", "of Slurm: time limit of a worker; 0 = the queue's", at_least(0, "h"));
    v(listen, "listen", "of Slurm: address at which workers reach the store");
  }
  bool priced() const { return price_per_hour >= 0; }
  bool capped() const { return budget >= 0; }
  bool operator==(const RunTerms&) const = default;
};

constexpr const char* run_terms_name = "terms.json";                 // in the experiment's folder

void write_run_terms(Env& env, const std::string& folder, const RunTerms& terms);
// None where it was last run by a version that kept none, or where the file cannot be read: then nothing is known of them.
std::optional<RunTerms> read_run_terms(Env& env, const std::string& folder);

// The options of `experiment run` and `resume` that run it on these terms.
std::vector<std::string> options_of(const RunTerms& terms);

}  // namespace tomograd
