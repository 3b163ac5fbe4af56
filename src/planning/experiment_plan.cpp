#include "planning/experiment_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "planning/cluster_configuration.h"

namespace tomograd {
namespace {

constexpr int64_t usual_count = 6;
constexpr double hours_per_month = 730;
constexpr double restart_hours = 0.15;           // a new node: start, set up, read the data, load the checkpoint
constexpr double lustre_from_gigabytes = 100;

void check(const PlanQuestion& question) {
  if (question.trials < 1) fail_usage(text("the experiment has ", question.trials, " trials"));
  if (question.count && *question.count < 1) fail_usage(text("the count of instances is ", *question.count, ", expected at least 1"));
  if (question.budget && !(*question.budget >= 0)) fail_usage(text("the budget is ", *question.budget, ", expected 0 or more"));
  if (question.deadline_hours && !(*question.deadline_hours > 0)) fail_usage(text("the deadline is ", *question.deadline_hours, " h, expected more than 0"));
  if (!(question.time.hours.low > 0)) fail_usage(text("a trial takes ", question.time.hours.low, " h, expected more than 0"));
}

// A rank takes a device of its own; on a processor ranks share the cores, which one process would have used as well.
int64_t devices_of_a_trial(const PlanQuestion& question, const InstanceSpec& instance, const DeviceSpec& device) { return device.cpu ? 1 : std::clamp<int64_t>(question.network.run.ranks, 1, instance.devices); }

// Measured was one process with the whole batch. Two ranks reach 0.95 of two processes that know nothing of each other (bench/results), more of them less.
Interval shared_among_ranks(const Interval& hours, int64_t ranks) {
  constexpr double usual = 0.9, least = 0.6;
  if (ranks == 1) return hours;
  return {hours.low / double(ranks), hours.mid / (usual * double(ranks)), hours.high / (least * double(ranks))};
}

int64_t most_useful(const PlanQuestion& question, const InstanceSpec& instance, int64_t at_once) {
  int64_t most = (question.trials + at_once - 1) / at_once;
  return instance.most > 0 ? std::min(most, instance.most) : most;
}

// hours: the most a trial takes.
int64_t count_of(const PlanQuestion& question, const InstanceSpec& instance, int64_t at_once, double hours) {
  int64_t most = most_useful(question, instance, at_once);
  if (question.count || !question.deadline_hours) return std::min(question.count.value_or(usual_count), most);
  auto needed = count_for_deadline(question.trials, at_once, hours, *question.deadline_hours);
  return std::min(needed.value_or(most), most);
}

struct Hours { Interval instances, wall; };     // of a schedule

Hours hours_of(const PlanQuestion& question, int64_t at_once, int64_t count, const Interval& trial_hours) {
  auto schedule = [&](double hours) { return schedule_of(question.trials, count, at_once, hours); };
  Schedule low = schedule(trial_hours.low), mid = schedule(trial_hours.mid), high = schedule(trial_hours.high);
  return {{low.instance_hours, mid.instance_hours, high.instance_hours}, {low.wall_hours, mid.wall_hours, high.wall_hours}};
}

Interval times(const Interval& a, const Interval& b) { return {a.low * b.low, a.mid * b.mid, a.high * b.high}; }

// Paid by the hour while the experiment lasts, beside the instances.
struct Services { double head_node = 0, storage = 0; };

Services services_of(const InstanceCatalogue& catalogue, const StorageNeed& need, const InstanceSpec& instance) {
  if (instance.provider == "own") return {};
  const ServiceSpec& prices = catalogue.services;
  double per_month = (need.dataset_bytes + need.results_bytes) * 1e-9 * prices.object_storage_per_gigabyte_month + double(need.shared_gigabytes) * prices.block_storage_per_gigabyte_month +
                     double(need.lustre_gigabytes) * prices.lustre_per_gigabyte_month;
  return {prices.head_node_per_hour, per_month / hours_per_month};
}

void add_transfer(const ServiceSpec& prices, const StorageNeed& need, InstancePlan& plan) {
  if (plan.instance.provider == "own") return;
  plan.transfer_cost = need.dataset_bytes * 1e-9 * prices.transfer_in_per_gigabyte + need.download_bytes * 1e-9 * prices.transfer_out_per_gigabyte;
  plan.upload_seconds = need.dataset_bytes * 8 / (prices.uplink_megabits_per_second * 1e6);
  plan.node_read_seconds = need.dataset_bytes * 8 / (plan.instance.network_gigabits_per_second * 1e9);
}

// One word for a shell.
std::string word(const std::string& from) {
  if (!from.empty() && from.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == std::string::npos) return from;
  std::string quoted = "'";
  for (char c : from) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<std::string> commands_for(const PlanQuestion& question, const InstancePlan& plan, bool spot, int64_t count) {
  std::string file = word(question.experiment);
  for (const auto& setting : question.settings) file += " --set " + word(setting);
  int64_t workers = count * plan.at_once();
  if (plan.instance.provider == "own") return {text("tomograd experiment run ", file, " --workers ", workers)};
  return {text("tomograd plan ", file, " --hours-per-trial ", plan.trial_hours.mid, " --type ", plan.instance.type, " --market ", spot ? "spot" : "on-demand", " --count ", count,
               " --emit parallelcluster --out cluster.yaml"),
          "pcluster create-cluster --cluster-name " + cluster_name(question.name) + " --cluster-configuration cluster.yaml",
          text("tomograd experiment run ", file, " --on slurm --workers ", workers, plan.device.cpu ? "" : text(" --gpus ", plan.devices_of_a_trial), "   (on the head node)")};
}

Spot spot_of(const InstanceCatalogue& catalogue, const ExperimentPlan& whole, const InstancePlan& plan) {
  const PlanQuestion& question = whole.question;
  const std::vector<double>& rates = interruption_rates(catalogue, plan.instance);
  double low = plan.instance.spot_per_hour[0], high = plan.instance.spot_per_hour[1];
  double checkpoint = std::min(question.checkpoint_hours, plan.trial_hours.high);
  Interval trial_hours = times(plan.trial_hours, interruption_factor(rates, checkpoint, restart_hours));
  Spot spot;
  spot.count = count_of(question, plan.instance, plan.at_once(), trial_hours.high);
  Hours hours = hours_of(question, plan.at_once(), spot.count, trial_hours);
  spot.instance_hours = hours.instances, spot.wall_hours = hours.wall;
  spot.interruptions = times(hours.instances, {rates[0], std::sqrt(rates[0] * rates[1]), rates[1]});
  spot.cost = times(hours.instances, {low, (low + high) / 2, high});
  Services services = services_of(catalogue, whole.storage, plan.instance);
  spot.total = spot.cost + hours.wall * (services.head_node + services.storage) + exactly(plan.transfer_cost);
  spot.commands = commands_for(question, plan, true, spot.count);
  return spot;
}

void judge(const PlanQuestion& question, InstancePlan& plan) {
  if (question.deadline_hours) plan.meets_deadline = plan.wall_hours.high <= *question.deadline_hours * (1 + 1e-12);
  if (!question.budget) return;
  double least = question.market == Market::spot ? INFINITY : plan.total.high;
  if (plan.spot && question.market != Market::on_demand) least = std::min(least, plan.spot->total.high);
  plan.within_budget = least <= *question.budget * (1 + 1e-12);
  plan.affordable_trials = !std::isfinite(least) ? 0 : least <= 0 ? question.trials : std::min(question.trials, int64_t(std::floor(*question.budget / least * double(question.trials) + 1e-9)));
}

InstancePlan plan_on(const InstanceCatalogue& catalogue, const ExperimentPlan& whole, const InstanceSpec& instance) {
  const PlanQuestion& question = whole.question;
  InstancePlan plan;
  plan.instance = instance, plan.device = catalogue.device_of(instance);
  plan.devices_of_a_trial = devices_of_a_trial(question, instance, plan.device);
  plan.trial_hours = hours_on(question.time, instance, plan.device, question.network.run.precision);
  if (question.time.basis == TimeBasis::measured) plan.trial_hours = shared_among_ranks(plan.trial_hours, plan.devices_of_a_trial);
  plan.count = count_of(question, instance, plan.at_once(), plan.trial_hours.high);
  plan.waves = schedule_of(question.trials, plan.count, plan.at_once(), plan.trial_hours.mid).waves;
  Hours hours = hours_of(question, plan.at_once(), plan.count, plan.trial_hours);
  plan.instance_hours = hours.instances, plan.wall_hours = hours.wall;
  plan.cost = plan.instance_hours * instance.on_demand_per_hour;
  Services services = services_of(catalogue, whole.storage, instance);
  plan.head_node_cost = plan.wall_hours * services.head_node, plan.storage_cost = plan.wall_hours * services.storage;
  add_transfer(catalogue.services, whole.storage, plan);
  plan.total = plan.cost + plan.head_node_cost + plan.storage_cost + exactly(plan.transfer_cost);
  if (!instance.spot_per_hour.empty()) plan.spot = spot_of(catalogue, whole, plan);
  if (question.training) plan.memory = memory_fit(question.network, whole.memory, instance, plan.device);
  judge(question, plan);
  plan.commands = commands_for(question, plan, false, plan.count);
  return plan;
}

// On demand and spot are two offers of one type.
struct Offer {
  Choice choice;
  double money = 0, hours = 0, upper_money = 0, upper_hours = 0;
};

std::vector<Offer> offers_of(const ExperimentPlan& plan) {
  std::vector<Offer> offers;
  for (size_t i = 0; i < plan.instances.size(); ++i) {
    const InstancePlan& one = plan.instances[i];
    if (!one.memory.fits() || (one.instance.example && plan.question.types.empty())) continue;
    if (plan.question.market != Market::spot) offers.push_back({{i, false}, one.total.mid, one.wall_hours.mid, one.total.high, one.wall_hours.high});
    if (one.spot && plan.question.market != Market::on_demand) offers.push_back({{i, true}, one.spot->total.mid, one.spot->wall_hours.mid, one.spot->total.high, one.spot->wall_hours.high});
  }
  return offers;
}

void choose(ExperimentPlan& plan) {
  std::vector<Offer> offers = offers_of(plan);
  const PlanQuestion& question = plan.question;
  if (question.deadline_hours) {
    double soonest = INFINITY;
    for (const auto& offer : offers) soonest = std::min(soonest, offer.upper_hours);
    std::erase_if(offers, [&](const Offer& offer) { return offer.upper_hours > *question.deadline_hours * (1 + 1e-12); });
    if (offers.empty() && std::isfinite(soonest))
      fail_usage(text("no type meets the deadline of ", plain_number(*question.deadline_hours, 1), " h: the soonest that any is sure to end is after ", plain_number(soonest, 1), " h"),
                 question.count ? "a higher --count may" : "fewer trials, shorter trials, or a later deadline");
  }
  auto best = [&](auto before) {
    auto found = std::min_element(offers.begin(), offers.end(), before);
    return found == offers.end() ? std::optional<Choice>() : found->choice;
  };
  plan.cheapest = best([](const Offer& a, const Offer& b) { return std::pair(a.money, a.hours) < std::pair(b.money, b.hours); });
  if (!question.budget) return;
  std::erase_if(offers, [&](const Offer& offer) { return offer.upper_money > *question.budget * (1 + 1e-12); });
  plan.fastest = best([](const Offer& a, const Offer& b) { return std::pair(a.hours, a.money) < std::pair(b.hours, b.money); });
}

}  // namespace

StorageNeed storage_need(const PlanQuestion& question, int64_t parameters) {
  StorageNeed need;
  need.dataset_bytes = question.dataset_bytes;
  double model = 4.0 * double(parameters);
  // A checkpoint holds weights and two moments.
  if (question.training) need.results_bytes = double(question.trials) * model * (1 + 3 * double(question.network.run.checkpoint.keep));
  need.download_bytes = question.training ? double(question.trials) * model : 0;
  double gigabytes = need.dataset_bytes * 1e-9;
  if (gigabytes >= lustre_from_gigabytes) need.lustre_gigabytes = gigabytes <= 1200 ? 1200 : 2400 * int64_t(std::ceil(gigabytes / 2400));  // FSx has these sizes
  double held = need.results_bytes * 1e-9 + (need.lustre_gigabytes > 0 ? 0 : gigabytes);
  need.shared_gigabytes = std::max<int64_t>(50, 10 * int64_t(std::ceil(1.2 * held / 10)) + 20);
  return need;
}

ExperimentPlan make_plan(const InstanceCatalogue& catalogue, const PlanQuestion& question) {
  check(question);
  ExperimentPlan plan;
  plan.question = question;
  plan.currency = catalogue.currency, plan.prices_date = catalogue.date;
  if (question.training) plan.memory = trial_memory(question.network);
  plan.storage = storage_need(question, plan.memory.parameters);
  if (question.types.empty())
    for (const auto& instance : catalogue.instance) plan.instances.push_back(plan_on(catalogue, plan, instance));
  else
    for (const auto& type : question.types) plan.instances.push_back(plan_on(catalogue, plan, catalogue.find(type)));
  auto rank = [](const InstancePlan& one) { return std::pair(!one.memory.fits(), one.total.mid); };
  std::stable_sort(plan.instances.begin(), plan.instances.end(), [&](const InstancePlan& a, const InstancePlan& b) { return rank(a) < rank(b); });
  choose(plan);
  return plan;
}

}  // namespace tomograd
