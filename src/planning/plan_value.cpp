// The plan as one object: SI units in key names, money in the catalogue's currency.
#include <cmath>

#include "base/error.h"
#include "planning/experiment_plan.h"

namespace tomograd {
namespace {

Value interval_value(const Interval& interval) {
  Value value = Value::table();
  value["low"] = interval.low, value["mid"] = interval.mid, value["high"] = interval.high;
  return value;
}

Value memory_value(const MemoryFit& memory) {
  Value value = Value::table();
  value["fits"] = memory.fits();
  value["device_bytes"] = memory.device_bytes, value["device_has_bytes"] = memory.device_has, value["device_usable_bytes"] = memory.device_usable;
  value["host_bytes"] = memory.host_bytes, value["host_has_bytes"] = memory.host_has, value["host_usable_bytes"] = memory.host_usable;
  if (!memory.change.empty()) value["change"] = memory.change;
  return value;
}

Value spot_value(const Spot& spot) {
  Value value = Value::table();
  value["count"] = spot.count;
  value["cost"] = spot.cost.mid, value["cost_interval"] = interval_value(spot.cost);
  value["total"] = spot.total.mid, value["total_interval"] = interval_value(spot.total);
  value["hours"] = spot.instance_hours.mid, value["days"] = spot.wall_hours.mid / 24, value["days_interval"] = interval_value(spot.wall_hours * (1 / 24.0));
  value["interruptions"] = interval_value(spot.interruptions);
  value["commands"] = Value::list_of(spot.commands);
  return value;
}

Value instance_value(const ExperimentPlan& plan, const InstancePlan& one) {
  Value value = Value::table();
  value["type"] = one.instance.type;
  value["region"] = one.instance.region;
  value["device"] = one.device.name, value["devices"] = one.instance.devices;
  value["count"] = one.count, value["waves"] = one.waves;
  value["trial_hours"] = interval_value(one.trial_hours);
  value["hours"] = one.instance_hours.mid, value["hours_interval"] = interval_value(one.instance_hours);
  value["days"] = one.wall_hours.mid / 24, value["days_interval"] = interval_value(one.wall_hours * (1 / 24.0));
  value["price_per_hour"] = one.instance.on_demand_per_hour;
  value["cost"] = one.cost.mid, value["cost_interval"] = interval_value(one.cost);
  value["spot"] = one.spot ? spot_value(*one.spot) : Value();
  value["interruption"] = one.instance.interruption;
  value["head_node_cost"] = one.head_node_cost.mid, value["storage_cost"] = one.storage_cost.mid, value["transfer_cost"] = one.transfer_cost;
  value["upload_seconds"] = one.upload_seconds, value["node_read_seconds"] = one.node_read_seconds;
  value["total"] = one.total.mid, value["total_interval"] = interval_value(one.total);
  value["memory"] = plan.question.training ? memory_value(one.memory) : Value();
  if (one.meets_deadline) value["meets_deadline"] = *one.meets_deadline;
  if (one.within_budget) value["within_budget"] = *one.within_budget, value["affordable_trials"] = one.affordable_trials;
  value["commands"] = Value::list_of(one.commands);
  if (!one.instance.note.empty()) value["note"] = one.instance.note;
  return value;
}

Value choice_value(const ExperimentPlan& plan, const std::optional<Choice>& choice) {
  if (!choice) return {};
  const InstancePlan& one = plan.instances[choice->index];
  Value value = Value::table();
  value["type"] = one.instance.type, value["market"] = choice->spot ? "spot" : "on-demand", value["count"] = choice->spot ? one.spot->count : one.count;
  value["days"] = (choice->spot ? one.spot->wall_hours.mid : one.wall_hours.mid) / 24;
  value["total"] = choice->spot ? one.spot->total.mid : one.total.mid;
  return value;
}

}  // namespace

Value plan_value(const ExperimentPlan& plan) {
  const PlanQuestion& question = plan.question;
  Value value = Value::table();
  value["experiment"] = question.experiment, value["name"] = question.name;
  value["trials"] = question.trials;
  value["hours"] = question.time.hours.mid * double(question.trials);
  value["hours_per_trial"] = interval_value(question.time.hours);
  value["basis"] = basis_name(question.time.basis);
  value["estimate"] = !question.time.hours.exact() || question.time.basis == TimeBasis::measured;
  if (question.time.basis == TimeBasis::measured) value["step_seconds"] = question.time.step_seconds;
  if (question.predictions.total > 0) value["predictions"] = question.predictions.total;
  value["currency"] = plan.currency, value["prices_date"] = plan.prices_date;
  if (question.training) {
    Value memory = Value::table();
    memory["parameters"] = plan.memory.parameters, memory["weight_bytes"] = plan.memory.weight_bytes, memory["activation_bytes"] = plan.memory.activation_bytes;
    memory["gpu_bytes"] = plan.memory.gpu_bytes, memory["cpu_bytes"] = plan.memory.cpu_bytes, memory["host_bytes"] = plan.memory.host_bytes;
    value["memory"] = memory;
  }
  Value storage = Value::table();
  auto whole = [](double bytes) { return int64_t(std::llround(bytes)); };
  storage["dataset_bytes"] = whole(plan.storage.dataset_bytes), storage["results_bytes"] = whole(plan.storage.results_bytes), storage["download_bytes"] = whole(plan.storage.download_bytes);
  storage["shared_bytes"] = plan.storage.shared_gigabytes * 1'000'000'000, storage["lustre_bytes"] = plan.storage.lustre_gigabytes * 1'000'000'000;
  value["storage"] = storage;
  if (question.deadline_hours) value["deadline_seconds"] = *question.deadline_hours * 3600;
  if (question.budget) value["budget"] = *question.budget;
  Value::List instances;
  for (const auto& one : plan.instances) instances.push_back(instance_value(plan, one));
  value["instances"] = std::move(instances);
  value["cheapest"] = choice_value(plan, plan.cheapest);
  if (question.budget) value["fastest"] = choice_value(plan, plan.fastest);
  value["notes"] = Value::list_of(plan.notes);
  return value;
}

}  // namespace tomograd
