// An experiment of 288 trials whose workers are killed with SIGKILL inside their trials, again and again, on every back end:
// nothing is lost, done twice or left running, and the table is that of a quiet run. `make test-faults` sets TOMOGRAD_KILLS.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/env.h"
#include "base/error.h"
#include "base/random.h"
#include "experiments/lifecycle.h"
#include "experiments/open_store.h"
#include "experiments/postgres_host.h"
#include "experiments/test_child.h"
#include "server/store_server.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int trials_in_all = 288, workers = 4;
const std::string token = "a token for tests only";

// What a worker is inside of, it says by a file of its process, so that kills hit what they are meant to hit.
std::string sign_of(const std::string& folder, pid_t pid) { return text(folder, "/inside-", pid); }

class Toy : public TrialRunner {
 public:
  explicit Toy(std::string folder) : folder_(std::move(folder)) {}
  TrialOutcome run(const Claim& claim, TrialReporter&) override {
    const int64_t seed = claim.settings.at("seed").as_integer();
    std::string sign = sign_of(folder_, ::getpid());
    std::ofstream(sign) << claim.trial;
    system_clock().sleep_seconds(0.005);
    std::filesystem::remove(sign);
    TrialOutcome outcome;
    outcome.metrics["dice"] = double(seed * 7919 % 1000) / 1000;
    return outcome;
  }

 private:
  std::string folder_;
};

void work(TrialStore& store, const std::string& folder) {
  Toy toy(folder);
  WorkerOptions options;
  options.owner = text("w-", ::getpid(), "-", system_clock().unix_milliseconds());
  options.heartbeat_seconds = 0.1, options.idle_seconds = 0.01;
  run_worker(store, toy, system_clock(), options);
}

// Not a test: what the children run.
TEST(FaultChild, DISABLED_Work) {
  const char *address = std::getenv("TOMOGRAD_FAULT_STORE"), *folder = std::getenv("TOMOGRAD_FAULT_FOLDER");
  if (!address || !folder) return;
  auto store = open_trial_store(address, system_clock(), {false, token, 60});
  work(*store, folder);
}

struct Backend {
  const char* name;
  const char* missing = "";
};
void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

class StoreFaults : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (std::string_view missing = GetParam().missing; !missing.empty()) {
      if (std::getenv("TOMOGRAD_NO_SKIP")) FAIL() << missing;
      GTEST_SKIP() << missing;
    }
    char name[] = "/tmp/tomograd_faults_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override {
    server_.stop();
    store_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  // A fresh store with all trials, and the address at which workers find it.
  std::string make(double lease) {
    server_.stop();
    std::string name = GetParam().name, path = text(folder_, "/", ++made_, ".sqlite"), address = path;
#ifdef TOMOGRAD_LIBPQ
    if (name == "PostgreSQL") address = PrivatePostgres::instance().address(text("faults_", made_));
#endif
    store_ = open_trial_store(address, system_clock(), {true, "", 60});
    ExperimentRecord record;
    record.name = "toy", record.fingerprint = "f", record.attempts = 100, record.lease_seconds = lease;
    std::vector<PlannedTrial> trials;
    for (int i = 1; i <= trials_in_all; ++i) {
      PlannedTrial trial;
      trial.number = i, trial.settings["seed"] = i;
      trials.push_back(trial);
    }
    store_->create(record, trials);
    return name == "http" ? text("http://127.0.0.1:", server_.start(0, token, *store_)) : address;
  }

  std::string table() {
    std::string all;
    for (const auto& trial : store_->trials()) all += text(trial.number, " ", trial_state_name(trial.state), " ", to_json(trial.settings, false), " ", to_json(trial.metrics, false), " ", trial.fingerprint, "\n");
    return all;
  }

  std::string folder_;
  std::unique_ptr<TrialStore> store_;
  StoreServer server_;
  int made_ = 0;
};

TEST_P(StoreFaults, KillsInsideTrialsLeaveTheSameTable) {
  const char* asked = std::getenv("TOMOGRAD_KILLS");
  const int most_kills = asked ? std::atoi(asked) : 100;
  make(60);
  work(*store_, folder_);
  const std::string expected = table();
  const uint64_t seed = uint64_t(::getpid());
  Random random(seed, "store_faults_test");
  int kills = 0, inside = 0, lost = 0, twice = 0, zombies = 0, experiments = 0;
  bool equal = true;
  for (; kills < most_kills; ++experiments) {
    const std::string address = make(1);
    std::map<pid_t, int> children;
    std::vector<pid_t> killed;
    const double began = system_clock().monotonic_seconds();
    while (store_->counts().open() > 0) {
      ASSERT_LT(system_clock().monotonic_seconds() - began, 300) << "the experiment does not come to its end, seed " << seed;
      std::erase_if(children, [](const auto& child) { return ::waitpid(child.first, nullptr, WNOHANG) == child.first; });
      while (children.size() < workers) children[start_test_child("FaultChild.DISABLED_Work", {"TOMOGRAD_FAULT_STORE=" + address, "TOMOGRAD_FAULT_FOLDER=" + folder_})];
      system_clock().sleep_seconds(random.uniform(0.001, 0.03));
      for (int look = 0; look < 200 && kills < most_kills; ++look) {
        auto victim = std::next(children.begin(), random.below(int64_t(children.size())));
        if (!std::filesystem::exists(sign_of(folder_, victim->first))) {
          system_clock().sleep_seconds(0.0002);
          continue;
        }
        ::kill(victim->first, SIGKILL);
        ::waitpid(victim->first, nullptr, 0);
        ++kills, killed.push_back(victim->first);
        std::filesystem::remove(sign_of(folder_, victim->first));
        children.erase(victim);
        break;
      }
    }
    for (const auto& [child, unused] : children) ::waitpid(child, nullptr, 0);
    std::map<int64_t, int> completed;
    std::map<std::pair<int64_t, int64_t>, std::string> owners;       // of attempts
    for (const auto& event : store_->events()) {
      if (event.kind == "claimed") owners[{event.trial, event.attempt}] = event.text;
      completed[event.trial] += event.kind == "complete";
      // A lease may also run out while a loaded machine lets a worker wait.
      inside += event.kind == "lost" && std::any_of(killed.begin(), killed.end(), [&](pid_t pid) { return owners[{event.trial, event.attempt}].starts_with(text("w-", pid, "-")); });
    }
    TrialCounts counts = store_->counts();
    lost += int(counts.total() - counts.complete - counts.running), zombies += int(counts.running);
    for (const auto& [trial, times] : completed) twice += times > 1;
    equal &= table() == expected;
  }
  std::printf("%s: %d kills, %d inside, %d lost, %d double, %d zombie, digest %s (%d experiments of %d trials, seed %llu)\n", GetParam().name, kills, inside, lost, twice, zombies, equal ? "equal" : "different",
              experiments, trials_in_all, static_cast<unsigned long long>(seed));
  EXPECT_GE(inside, kills * 95 / 100) << "kills that hit no claimed trial prove nothing";
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(zombies, 0);
  EXPECT_TRUE(equal);
}

Backend postgres() {
#ifdef TOMOGRAD_LIBPQ
  return {"PostgreSQL", PrivatePostgres::programs().empty() ? "PostgreSQL's server is not installed here (scripts/setup.sh all unpacks it)" : ""};
#else
  return {"PostgreSQL", "this build has no libpq"};
#endif
}

INSTANTIATE_TEST_SUITE_P(All, StoreFaults, ::testing::Values(Backend{"SQLite"}, Backend{"http"}, postgres()), [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tomograd
