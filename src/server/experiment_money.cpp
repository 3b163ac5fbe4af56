// What an experiment costs. The same sums as those that keep its cap (planning/budget.h): every attempt was paid for, however it ended.
#include <algorithm>

#include "planning/budget.h"
#include "server/experiment_values.h"

namespace tomograd {

std::optional<double> cost_of(const ExperimentView& view, double seconds) {
  if (!view.terms || !view.terms->priced()) return std::nullopt;
  return view.terms->price_per_hour / 3600 * seconds;
}

void add_money(Value& v, const ExperimentView& view) {
  for (const char* key : {"spent", "cap", "currency", "affordable_trials", "terms"}) v[key] = Value();
  if (!view.terms) return;
  const RunTerms& terms = *view.terms;
  Value& told = v["terms"];
  told["on"] = terms.on, told["workers"] = terms.workers, told["between"] = terms.between, told["memory_bytes"] = terms.memory_bytes, told["queue"] = terms.queue;
  told["price_per_hour"] = terms.priced() ? Value(terms.price_per_hour) : Value(), told["instance"] = terms.instance;
  told["trial_hours"] = terms.trial_hours >= 0 ? Value(terms.trial_hours) : Value();
  if (!terms.priced()) return;
  Spending spending;
  spending.price_per_hour = terms.price_per_hour;
  for (const auto& worker : view.timeline.workers)
    for (const auto& attempt : worker.attempts) (attempt.outcome == "running" ? spending.running_seconds : spending.finished_seconds).push_back(attempt.end - attempt.begin);
  const BudgetLeft left = budget_left(spending, std::max(0.0, terms.budget));
  v["spent"] = left.spent, v["currency"] = terms.currency;
  if (!terms.capped()) return;
  v["cap"] = terms.budget;
  // More than are left to do is no limit at all.
  v["affordable_trials"] = std::clamp<int64_t>(view.planned - view.counts.over() - view.counts.running, 0, left.trials_left);
}

}  // namespace tomograd
