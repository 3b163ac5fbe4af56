#include "planning/trial_cost.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {

const char* basis_name(TimeBasis basis) {
  switch (basis) {
    case TimeBasis::stated: return "stated";
    case TimeBasis::limited: return "max_seconds";
    case TimeBasis::measured: return "measured";
  }
  return "";
}

Rates rates_of(const DeviceSpec& device, const std::string& precision) {
  double teraflops = device.f32_teraflops;
  if (precision == "bf16" && device.bf16_teraflops > 0) teraflops = device.bf16_teraflops;
  if (precision == "f16" && device.f16_teraflops > 0) teraflops = device.f16_teraflops;
  if (precision == "auto") teraflops = std::max(teraflops, device.bf16_teraflops);
  return {teraflops * 1e12, device.memory_gigabytes_per_second * 1e9};
}

StepWork step_work(const Graph& graph, Extent patch, int64_t batch, int bytes_per_value) {
  return {3 * forward_flop(graph, patch) * double(batch), 2 * double(activation_bytes(graph, patch, batch, bytes_per_value, true))};
}

double bound_seconds(const StepWork& work, const Rates& rates) { return std::max(work.flop / rates.flop_per_second, work.bytes / rates.bytes_per_second); }

Interval limited_hours(double max_seconds, const TestPredictions& predictions) {
  const double further = predictions.per_case - 1;
  return Interval{1, 1.1 + 0.05 * further, 1.5 + 0.5 * further} * (max_seconds / 3600);
}

Interval measured_hours(double steps_seconds, double fixed_seconds, double looks, const TestPredictions& predictions) {
  constexpr double noise = 0.1;                  // between two runs on one machine
  const double once = steps_seconds + fixed_seconds;
  const double more = (looks + std::max(0.0, predictions.per_case - predictions.measured_per_case)) * fixed_seconds / predictions.measured_per_case;
  return Interval{once * (1 - noise), once + more / 2, (once + more) * (1 + noise)} * (1 / 3600.0);
}

Interval hours_on(const TrialTime& time, const InstanceSpec& instance, const DeviceSpec& device, const std::string& precision) {
  if (time.basis == TimeBasis::limited) return time.hours;
  if (time.basis == TimeBasis::stated) return time.hours * (instance.hours_factor > 0 ? instance.hours_factor : 1);
  double bound_here = bound_seconds(time.step, time.here), bound_there = bound_seconds(time.step, rates_of(device, precision));
  double share = std::min(1.0, bound_here / time.step_seconds);
  double factor = device.name == time.here_device ? same_device_factor : share_factor;
  Interval scaled = time.hours * (bound_there / bound_here);
  double fastest = scaled.low * share;           // as if the whole bound were reached
  return {std::min(scaled.mid, std::max(scaled.low / factor, fastest)), scaled.mid, scaled.high * factor};
}

Schedule schedule_of(int64_t trials, int64_t count, int64_t devices, double hours_per_trial) {
  if (trials < 1 || count < 1 || devices < 1) fail_usage(text("a schedule of ", trials, " trials on ", count, " x ", devices, " devices: each must be at least 1"));
  int64_t slots = count * devices, full = trials / slots, rest = trials % slots;
  Schedule schedule;
  schedule.waves = full + (rest > 0 ? 1 : 0);
  schedule.wall_hours = double(schedule.waves) * hours_per_trial;
  schedule.instance_hours = double(full * count + (rest + devices - 1) / devices) * hours_per_trial;
  return schedule;
}

std::optional<int64_t> count_for_deadline(int64_t trials, int64_t devices, double hours_per_trial, double deadline_hours) {
  // A deadline of exactly so many trials is met, whatever their product rounds to.
  double waves = std::floor(deadline_hours / hours_per_trial * (1 + 1e-12));
  if (waves < 1) return std::nullopt;
  if (waves >= double(trials)) return 1;
  int64_t slots = (trials + int64_t(waves) - 1) / int64_t(waves);
  return (slots + devices - 1) / devices;
}

Interval interruption_factor(const std::vector<double>& rates, double checkpoint_hours, double restart_hours) {
  double low = rates.at(0), high = rates.at(1), usual = std::sqrt(low * high);
  double lost = checkpoint_hours / 2 + restart_hours, worst = checkpoint_hours + restart_hours;
  return {1 + low * lost, 1 + usual * lost, 1 + high * worst};
}

const std::vector<double>& interruption_rates(const InstanceCatalogue& catalogue, const InstanceSpec& instance) {
  const InterruptionSpec& rates = catalogue.interruptions_per_hour;
  if (instance.interruption == "low") return rates.low;
  if (instance.interruption == "medium") return rates.medium;
  return instance.interruption == "high" ? rates.high : rates.unknown;
}

}  // namespace tomograd
