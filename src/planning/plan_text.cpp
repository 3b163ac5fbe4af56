// The plan for people: a sentence, a table, what to take, what it rests on.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/markup.h"
#include "base/memory.h"
#include "planning/experiment_plan.h"

namespace tomograd {
namespace {

constexpr size_t column_gap = 2;

std::string number(double value, int digits) { return plain_number(value, digits); }

// "4", "0.25", "0.0013": no zeros behind the point that say nothing, and no small number that becomes 0.
std::string trimmed(double value, int digits) {
  while (value > 0 && digits > 0 && digits < 9 && value * std::pow(10, digits) < 5) ++digits;
  std::string s = plain_number(value, digits);
  if (s.find('.') == std::string::npos) return s;
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s.pop_back();
  return s;
}

int money_digits(double amount) { return std::abs(amount) >= 99.995 ? 0 : 2; }

std::string money_interval(const Interval& money) {
  int digits = money_digits(money.high);
  std::string mid = number(money.mid, digits), low = number(money.low, digits), high = number(money.high, digits);
  return low == high ? mid : mid + " (" + low + "-" + high + ")";
}

// An interval whose ends are what counts: prices of spot.
std::string span_text(const Interval& money) {
  int digits = money_digits(money.high);
  std::string low = number(money.low, digits), high = number(money.high, digits);
  return low == high ? low : low + "-" + high;
}

// From hours; parts of a day in hundredths.
std::string days_text(const Interval& hours) {
  Interval days = hours * (1 / 24.0);
  return interval_text(days, days.high < 1 ? 2 : 1);
}

std::string duration(double seconds) {
  if (seconds < 90) return number(seconds, 0) + " s";
  return seconds < 5400 ? number(seconds / 60, 0) + " min" : number(seconds / 3600, 1) + " h";
}

using Row = std::vector<std::string>;

std::vector<std::string> aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], letter_count(row[i]));
    }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string space(widths[i] - letter_count(row[i]), ' ');
      bool left = i == 0 || i == 1 || i + 1 == row.size();  // names and remarks
      line += (i == 0 ? "" : std::string(column_gap, ' ')) + (left ? row[i] + space : space + row[i]);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

std::string remark(const InstancePlan& one) {
  std::string text_of;
  auto add = [&](const std::string& what) { text_of += (text_of.empty() ? "" : "; ") + what; };
  if (!one.memory.fits()) {
    add(one.memory.device_fits ? "host memory: " + bytes_text(one.memory.host_bytes) + " of usable " + bytes_text(one.memory.host_usable)
                               : "does not fit: " + bytes_text(one.memory.device_bytes) + " of usable " + bytes_text(one.memory.device_usable));
    add(one.memory.change.empty() ? "no smaller patch found that fits" : "would with " + one.memory.change);
  }
  if (one.meets_deadline && !*one.meets_deadline) add("too late");
  if (one.within_budget && !*one.within_budget) add(text("the budget pays for ", one.affordable_trials, " trials"));
  if (one.instance.example || one.instance.note.find("uncertain") != std::string::npos) add(one.instance.note);
  return text_of;
}

Row table_row(const InstancePlan& one) {
  return {one.instance.type, text(one.instance.devices, " x ", one.device.name), std::to_string(one.count), interval_text(one.trial_hours, 2),
          days_text(one.wall_hours), money_interval(one.cost), one.spot ? span_text(one.spot->cost) : "-", money_interval(one.total), remark(one)};
}

// "6 x g4dn.xlarge: 8.0 days, 606 $ on demand, 231-262 $ spot"
std::string offer_text(const ExperimentPlan& plan, const InstancePlan& one) {
  std::string line = text(one.count, " x ", one.instance.type, ": ", days_text(one.wall_hours), " days, ", money_interval(one.cost), " ", plan.currency, " on demand");
  if (one.spot) line += ", " + span_text(one.spot->cost) + " " + plan.currency + " spot";
  return line;
}

std::string choice_text(const ExperimentPlan& plan, const Choice& choice) {
  const InstancePlan& one = plan.instances[choice.index];
  return text(choice.spot ? one.spot->count : one.count, " x ", one.instance.type, choice.spot ? " spot" : "", ", ", days_text(choice.spot ? one.spot->wall_hours : one.wall_hours), " days, ",
              money_interval(choice.spot ? one.spot->total : one.total), " ", plan.currency, " in all");
}

std::string basis_sentence(const PlanQuestion& question) {
  switch (question.time.basis) {
    case TimeBasis::stated: return "Hours per trial are as stated and taken as they are for every type (unless the catalogue gives a factor).";
    case TimeBasis::limited: return "A trial ends after the run's max_seconds, on every type alike: a faster machine makes more steps of them.";
    case TimeBasis::measured:
      return text("Estimate: ", number(question.time.step_seconds, 3), " s per step measured here, scaled by arithmetic or memory bandwidth, whichever bounds; ",
                  "the share of that bound reached elsewhere may differ by a factor of ", share_factor, " either way.");
  }
  return "";
}

void add_choices(std::vector<std::string>& lines, const ExperimentPlan& plan) {
  const PlanQuestion& question = plan.question;
  std::string cheapest = question.deadline_hours ? "cheapest within " + trimmed(*question.deadline_hours, 1) + " h   " : "cheapest         ";
  if (plan.cheapest) lines.push_back(cheapest + choice_text(plan, *plan.cheapest));
  if (question.budget) {
    std::string within = trimmed(*question.budget, 2) + " " + plan.currency;
    if (plan.fastest) lines.push_back("fastest within " + within + "   " + choice_text(plan, *plan.fastest));
    else {
      const InstancePlan* most = nullptr;
      for (const auto& one : plan.instances)
        if (one.memory.fits() && (!one.instance.example || plan.instances.size() == 1) && (!most || one.affordable_trials > most->affordable_trials)) most = &one;
      lines.push_back("No type is sure to run all trials for " + within + (most ? text("; it pays for ", most->affordable_trials, " of ", question.trials, " on ", most->instance.type) : "") + ".");
    }
  }
  if (!plan.cheapest && !plan.instances.empty()) lines.push_back("A trial fits into none of these.");
  auto chosen = question.budget && plan.fastest ? plan.fastest : plan.cheapest;
  if (!chosen) return;
  lines.push_back("start it there:");
  const InstancePlan& one = plan.instances[chosen->index];
  for (const auto& command : chosen->spot ? one.spot->commands : one.commands) lines.push_back("  " + command);
}

}  // namespace

std::string interval_text(const Interval& interval, int digits) {
  std::string mid = digits == 1 && interval.mid >= 0.5 ? number(interval.mid, 1) : trimmed(interval.mid, digits);
  std::string low = trimmed(interval.low, digits), high = trimmed(interval.high, digits);
  return low == high ? mid : mid + " (" + low + "-" + high + ")";
}

std::vector<std::string> plan_lines(const ExperimentPlan& plan) {
  const PlanQuestion& question = plan.question;
  std::string hours = interval_text(question.time.hours, 2);
  Interval all = question.time.hours * double(question.trials);
  std::string first = text(question.trials, question.trials == 1 ? " trial x " : " trials x ", hours, " h = ", interval_text(all, all.high >= 100 ? 0 : 2), " h");
  auto chosen = question.budget && plan.fastest ? plan.fastest : plan.cheapest;
  if (chosen) first += "; " + offer_text(plan, plan.instances[chosen->index]);
  std::vector<std::string> lines = {first, basis_sentence(question)};
  if (question.training)
    lines.push_back(text("a trial needs    ", bytes_text(plan.memory.gpu_bytes), " of a GPU (", bytes_text(plan.memory.activation_bytes), " activations, ", bytes_text(plan.memory.weight_bytes),
                         " weights and moments), ", bytes_text(plan.memory.host_bytes), " of its host"));
  auto in_cloud = std::find_if(plan.instances.begin(), plan.instances.end(), [](const InstancePlan& one) { return one.instance.provider != "own"; });
  std::string data = "data             " + bytes_text(int64_t(plan.storage.dataset_bytes)) + ", results up to " + bytes_text(int64_t(plan.storage.results_bytes));
  if (in_cloud != plan.instances.end()) {
    data += text("; upload ", duration(in_cloud->upload_seconds), ", shared volume ", plan.storage.shared_gigabytes, " GB");
    if (plan.storage.lustre_gigabytes > 0) data += text(", Lustre ", plan.storage.lustre_gigabytes, " GB");
    data += "; transfer " + number(in_cloud->transfer_cost, 2) + " " + plan.currency;
  }
  lines.push_back(data);
  lines.push_back("");
  std::vector<Row> rows = {{"type", "device", "count", "h/trial", "days", plan.currency + " on demand", plan.currency + " spot", plan.currency + " in all", ""}};
  for (const auto& one : plan.instances) rows.push_back(table_row(one));
  for (auto& line : aligned(rows)) lines.push_back(std::move(line));
  lines.push_back("");
  add_choices(lines, plan);
  lines.push_back("prices           of " + plan.prices_date + "; they age: edit the catalogue. In all: with head node, storage, transfer. Spot: with lost work done again.");
  for (const auto& note : plan.notes) lines.push_back("note             " + note);
  return lines;
}

}  // namespace tomograd
