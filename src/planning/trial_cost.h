// From the hours of one trial to hours, days and money of all of them. Pure functions over numbers.
//
// Devices are compared by the roofline (Williams, Waterman, Patterson, CACM 52:65, 2009): a step cannot be faster than its
// arithmetic at the peak rate nor than its memory traffic at the full bandwidth. Programs reach a share of that bound. The share
// that was measured here is assumed elsewhere too, within a factor (share_factor) either way, and nowhere more than 1; on the
// same kind of device within same_device_factor. So what is scaled is an estimate with an interval, and it says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/graph.h"
#include "planning/instance_catalogue.h"

namespace tomograd {

struct Interval {                                // low <= mid <= high; mid is what is believed
  double low = 0, mid = 0, high = 0;
  bool exact() const { return low == high; }
  bool operator==(const Interval&) const = default;
};
inline Interval exactly(double value) { return {value, value, value}; }
inline Interval operator*(const Interval& a, double factor) { return {a.low * factor, a.mid * factor, a.high * factor}; }
inline Interval operator+(const Interval& a, const Interval& b) { return {a.low + b.low, a.mid + b.mid, a.high + b.high}; }

constexpr double share_factor = 2.5, same_device_factor = 1.25;

struct Rates { double flop_per_second = 1, bytes_per_second = 1; };
struct StepWork { double flop = 0, bytes = 0; };  // of one training step

// Peak rates in "f32", "bf16", "f16", or "auto" = the faster of bf16 and f32. What a device lacks it computes in f32.
Rates rates_of(const DeviceSpec& device, const std::string& precision);

// Forward and backward (twice the forward) of a batch; memory traffic: what autograd keeps is written once and read once.
StepWork step_work(const Graph& graph, Extent patch, int64_t batch, int bytes_per_value);
double bound_seconds(const StepWork& work, const Rates& rates);

enum class TimeBasis {
  stated,    // --hours-per-trial
  limited,   // max_seconds of the run: the same everywhere, the machine decides how many steps that makes
  measured,  // some steps of this spec on this machine
};
const char* basis_name(TimeBasis basis);

struct TrialTime {
  TimeBasis basis = TimeBasis::stated;
  Interval hours;                                // here, or as stated
  StepWork step;                                 // measured: what was done,
  double step_seconds = 0;                       // in which time,
  Rates here;                                    // with what peak rates,
  std::string here_device;                       // of which device ("" = none of the catalogue)
};

// Whole-volume predictions of test cases at the end of trials: of each case one, or with validation.each_channel also one without each channel.
struct TestPredictions {
  int64_t total = 0;                             // over all trials and cases; 0 = not known
  double per_case = 1;                           // mean over the trials
  double measured_per_case = 1;                  // of the trial of which some steps were measured
};

// Of a run with max_seconds. Reading, preparing and testing take a tenth more, at most half of it; half of the tenth and all of the half are the
// first prediction of each test case, and every further one takes as long.
Interval limited_hours(double max_seconds, const TestPredictions& predictions);

// steps_seconds: of all steps; fixed_seconds: what happens once, predictions included; looks: at the validation cases in between. One prediction of
// all cases takes between nothing and fixed_seconds / measured_per_case.
Interval measured_hours(double steps_seconds, double fixed_seconds, double looks, const TestPredictions& predictions);

// Hours of a trial on one such device.
Interval hours_on(const TrialTime& time, const InstanceSpec& instance, const DeviceSpec& device, const std::string& precision);

// Trials are whole: `count` instances with `devices` each, or as many groups of devices as trials with ranks take, work in waves. An instance without a trial is not paid for.
struct Schedule {
  int64_t waves = 0;
  double wall_hours = 0, instance_hours = 0;     // until the last trial ends; paid
};
Schedule schedule_of(int64_t trials, int64_t count, int64_t devices, double hours_per_trial);

// Least number of instances that end all trials within so many hours; nothing when one trial alone takes longer.
std::optional<int64_t> count_for_deadline(int64_t trials, int64_t devices, double hours_per_trial, double deadline_hours);

// Factor by which interruptions lengthen the work: 1 + rate x (work lost and time to come back). An interruption loses at most
// what was done since the last checkpoint, on average half of it. rates: {low, high} per hour.
Interval interruption_factor(const std::vector<double>& rates, double checkpoint_hours, double restart_hours);
const std::vector<double>& interruption_rates(const InstanceCatalogue& catalogue, const InstanceSpec& instance);

}  // namespace tomograd
