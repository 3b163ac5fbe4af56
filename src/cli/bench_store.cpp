// `bench store`: how fast trials are claimed, completed and listed, beside what the disk allows.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "cli/bench_rates.h"
#include "experiments/open_store.h"
#include "experiments/request_id.h"
#include "experiments/sqlite_syncs.h"

namespace tomograd {
namespace {

constexpr int64_t trials_in_all = 10'000, single_claims = 2000;

struct Scratch {
  Scratch() {
    char name[] = "tomograd-bench-XXXXXX";
    if (!::mkdtemp(name)) fail_input("no folder can be made here, where the store would be measured");
    path = name;
  }
  ~Scratch() {
    for (const auto& name : {"store.sqlite", "store.sqlite-journal", "sync"}) ::unlink((path + "/" + name).c_str());
    ::rmdir(path.c_str());
  }
  std::string path;
};

double seconds_since(double begun) { return system_clock().monotonic_seconds() - begun; }

// Of one sync of 4 KiB that are written over others, as SQLite does it.
double sync_seconds(const std::string& folder, int64_t times) {
  int file = ::open((folder + "/sync").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) fail_input("'" + folder + "/sync' cannot be written");
  std::string page(4096, 'x');
  for (int64_t i = 0; i < 16; ++i) (void)!::pwrite(file, page.data(), page.size(), i * 4096);
  ::fsync(file);
  double begun = system_clock().monotonic_seconds();
  for (int64_t i = 0; i < times; ++i) {
    page[0] = char(i);
    if (::pwrite(file, page.data(), page.size(), (i % 16) * 4096) != 4096 || ::fdatasync(file) != 0) fail_failure("the file beside the store cannot be written");
  }
  double seconds = seconds_since(begun) / double(times);
  ::close(file);
  return seconds;
}

// What a trial of a leave-one-out over three patients and two classes reports.
TrialOutcome outcome_of(int64_t trial) {
  TrialOutcome outcome;
  Value::List cases;
  for (const char* name : {"p1_scan1", "p2_scan1", "p3_scan1"}) {
    Value one = Value::table();
    one["case"] = name, one["patient"] = std::string(name, 2);
    one["classes"] = Value::list_of(std::vector<std::string>{"background", "GTV-T", "GTV-Ln"});
    for (const char* metric : {"dice", "hd95", "assd", "volume_error"}) one[metric] = Value::list_of(std::vector<double>{0.99, 0.7 + 1e-5 * double(trial), 1.0 / double(trial)});
    cases.push_back(one);
  }
  outcome.metrics["test"] = cases, outcome.metrics["dice"] = 1.0 / double(trial), outcome.metrics["steps"] = trial;
  outcome.timing["seconds"] = 61.25;
  return outcome;
}

std::vector<PlannedTrial> planned() {
  std::vector<PlannedTrial> trials(trials_in_all);
  for (int64_t i = 0; i < trials_in_all; ++i) {
    PlannedTrial& trial = trials[size_t(i)];
    trial.number = i + 1, trial.settings["optimizer.learning_rate"] = 1e-3 / double(i + 1), trial.settings["seed"] = i;
    trial.design["seed"] = i, trial.design["left_out"] = "", trial.design["test_name"] = "";
  }
  return trials;
}

}  // namespace

Value bench_store(const std::string& address, int64_t clients) {
  Scratch scratch;
  bool file = address.empty();
  StoreOptions options;
  options.create = true;
  CountedSyncs syncs;
  auto open = [&] { return open_trial_store(file ? scratch.path + "/store.sqlite" : address, system_clock(), options); };
  Value value = Value::table();
  value["clients"] = clients;
  value["sync_seconds"] = sync_seconds(scratch.path, 500);
  ExperimentRecord record;
  record.name = "bench", record.spec = Value::table(), record.fingerprint = new_request_id(), record.lease_seconds = 3600;
  double begun = system_clock().monotonic_seconds();
  open()->create(record, planned());
  value["create_seconds"] = seconds_since(begun);

  std::vector<std::vector<Claim>> claims(static_cast<size_t>(clients));
  auto together = [&](auto&& work) {             // every client by its own connection and thread; returns seconds
    std::vector<std::unique_ptr<TrialStore>> stores;
    for (int64_t i = 0; i < clients; ++i) stores.push_back(open());
    int64_t before = syncs.count();
    double start = system_clock().monotonic_seconds();
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < stores.size(); ++i) threads.emplace_back([&, i] { work(*stores[i], claims[i]); });
    threads.clear();
    double seconds = seconds_since(start);
    return std::pair(seconds, syncs.count() - before);
  };
  double synced = syncs.seconds();
  auto [single, single_syncs] = together([&](TrialStore& store, std::vector<Claim>& mine) {
    for (int64_t i = 0; i < single_claims / clients; ++i)
      if (auto claim = store.claim("bench", new_request_id())) mine.push_back(std::move(*claim));
  });
  synced = syncs.seconds() - synced;
  double singles = double(single_claims / clients * clients);
  value["single_claims_per_second"] = singles / single;
  if (file) {
    value["syncs_per_single_claim"] = double(single_syncs) / singles;
    value["share_of_sync_bound"] = double(single_syncs) * value.at("sync_seconds").as_number() / single;
    value["share_of_time_in_syncs"] = synced / single;  // a sync of the store's file writes several pages and its inode
  }
  auto [batch, batch_syncs] = together([&](TrialStore& store, std::vector<Claim>& mine) {
    for (std::vector<Claim> some; !(some = store.claim_some("bench", new_request_id(), most_claims)).empty();) mine.insert(mine.end(), some.begin(), some.end());
  });
  value["batch_claims_per_second"] = (double(trials_in_all) - singles) / batch;
  std::set<int64_t> all;
  for (const auto& mine : claims)
    for (const Claim& claim : mine) all.insert(claim.trial);
  if (int64_t(all.size()) != trials_in_all) fail_failure(text(all.size(), " of ", trials_in_all, " trials were claimed; no figure is given"));

  auto [ended, end_syncs] = together([&](TrialStore& store, std::vector<Claim>& mine) {
    for (const Claim& claim : mine) store.complete(claim, outcome_of(claim.trial), new_request_id());
  });
  value["completes_per_second"] = double(trials_in_all) / ended;
  begun = system_clock().monotonic_seconds();
  auto trials = open()->trials();
  value["open_and_list_seconds"] = seconds_since(begun);
  value["trials"] = int64_t(trials.size());
  for (const auto& trial : trials)
    if (trial.state != TrialState::complete || trial.metrics != outcome_of(trial.number).metrics) fail_failure(text("trial ", trial.number, " is not listed as it was completed; no figure is given"));
  return value;
}

}  // namespace tomograd
