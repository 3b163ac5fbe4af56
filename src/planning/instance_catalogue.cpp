#include "planning/instance_catalogue.h"

#include <cmath>
#include <cstdio>
#include <set>

#include "base/error.h"

namespace tomograd {
namespace {

void check_pair(const std::vector<double>& pair, const std::string& what, bool may_be_empty) {
  if (may_be_empty && pair.empty()) return;
  if (pair.size() != 2) fail_input(text(what, " has ", pair.size(), " numbers, expected 2: the smallest and the largest"));
  if (pair[0] > pair[1]) fail_input(text(what, " is [", pair[0], ", ", pair[1], "], expected the smaller one first"));
}

bool is_date(const std::string& date) {
  if (date.size() != 10) return false;
  for (size_t i = 0; i < date.size(); ++i)
    if ((i == 4 || i == 7) ? date[i] != '-' : date[i] < '0' || date[i] > '9') return false;
  return true;
}

}  // namespace

const DeviceSpec& InstanceCatalogue::device_of(const InstanceSpec& of) const {
  for (const auto& one : device)
    if (one.name == of.device) return one;
  fail_input("instance '" + of.type + "' has the device '" + of.device + "', which no [[device]] describes");
}

const InstanceSpec& InstanceCatalogue::find(const std::string& type) const {
  std::vector<std::string> known;
  std::string list;
  for (const auto& one : instance) {
    if (one.type == type) return one;
    known.push_back(one.type), list += (list.empty() ? "" : ", ") + one.type;
  }
  std::string near = nearest_name(type, known);
  fail_usage("the catalogue has no instance type '" + type + "'", near.empty() ? "it has: " + list : "did you mean '" + near + "'? It has: " + list);
}

InstanceCatalogue catalogue_from(const Value& parsed) {
  InstanceCatalogue catalogue = spec_from<InstanceCatalogue>(parsed);
  if (!is_date(catalogue.date)) fail_input("date is '" + catalogue.date + "', expected the day the prices were collected, such as 2026-11-22", "prices age, so the plan says how old they are");
  if (catalogue.instance.empty()) fail_input("has no [[instance]]");
  const InterruptionSpec& rates = catalogue.interruptions_per_hour;
  check_pair(rates.low, "interruptions_per_hour.low", false), check_pair(rates.medium, "interruptions_per_hour.medium", false);
  check_pair(rates.high, "interruptions_per_hour.high", false), check_pair(rates.unknown, "interruptions_per_hour.unknown", false);
  std::set<std::string> devices, types;
  for (const auto& one : catalogue.device)
    if (one.name.empty() || !devices.insert(one.name).second) fail_input(one.name.empty() ? "a [[device]] has no name" : "device '" + one.name + "' is there twice");
  for (auto& one : catalogue.instance) {
    if (one.type.empty() || !types.insert(one.type).second) fail_input(one.type.empty() ? "an [[instance]] has no type" : "instance '" + one.type + "' is there twice");
    with_context(one.type, [&] {
      catalogue.device_of(one);
      check_pair(one.spot_per_hour, "spot_per_hour", true);
    });
    if (one.region.empty()) one.region = catalogue.region;
  }
  return catalogue;
}

std::string plain_number(double number, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, number);
  return buffer;
}

std::string money_text(const InstanceCatalogue& catalogue, double amount) {
  return plain_number(amount, std::abs(amount) >= 99.995 ? 0 : 2) + " " + catalogue.currency;
}

}  // namespace tomograd
