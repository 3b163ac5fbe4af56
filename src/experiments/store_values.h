// The records of a store as JSON values and back, for stores that are reached over a network. Private to this room.
#pragma once

#include "experiments/trial_store.h"

namespace tomograd {

Value to_value(const ExperimentRecord& record);
Value to_value(const PlannedTrial& trial);
Value to_value(const TrialRecord& trial);
Value to_value(const Claim& claim);
Value to_value(const TrialOutcome& outcome);
Value to_value(const Adopted& result);
Value to_value(const TrialCounts& counts);
Value to_value(const StoreEvent& event);

// Error(input) where a key is missing or of the wrong type.
ExperimentRecord experiment_from(const Value& v);
PlannedTrial planned_from(const Value& v);
TrialRecord trial_from(const Value& v);
Claim claim_from(const Value& v);
TrialOutcome outcome_from(const Value& v);
Adopted adopted_from(const Value& v);
TrialCounts counts_from(const Value& v);
StoreEvent event_from(const Value& v);

template <class Item>
Value list_value(const std::vector<Item>& items) {
  Value::List list;
  for (const auto& item : items) list.push_back(to_value(item));
  return list;
}

template <class Item>
std::vector<Item> list_from(const Value& v, Item (*from)(const Value&)) {
  std::vector<Item> items;
  for (const auto& item : v.as_list()) items.push_back(from(item));
  return items;
}

inline std::vector<int64_t> integers_from(const Value& v) {
  return list_from<int64_t>(v, [](const Value& item) { return item.as_integer(); });
}

}  // namespace tomograd
