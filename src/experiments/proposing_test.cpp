#include "experiments/proposing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "experiments/lifecycle.h"
#include "experiments/sqlite_store.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t proposals = 13;

ExperimentSpec spec_of(int64_t parallel, int64_t seeds = 1) {
  ExperimentSpec spec;
  spec.strategy.kind = "bayesian", spec.strategy.trials = proposals, spec.strategy.parallel = parallel, spec.strategy.seeds = seeds;
  VariableSpec rate, depth;
  rate.key = "rate", rate.range = {1e-4, 1}, rate.scale = "log";
  depth.key = "depth", depth.range = {1, 6}, depth.scale = "integer";
  spec.variable = {rate, depth};
  return spec;
}

// The best is rate 0.01, depth 4; depth 1 fails, and the time it takes depends on the trial.
class Toy : public TrialRunner {
 public:
  TrialOutcome run(const Claim& claim, TrialReporter&) override {
    const double rate = claim.settings.at("rate").as_number();
    const int64_t depth = claim.settings.at("depth").as_integer();
    std::this_thread::sleep_for(std::chrono::milliseconds(claim.trial * 7 % 5));
    if (depth == 1) fail_input("depth is 1");
    TrialOutcome outcome;
    outcome.metrics["dice"] = 1 - 0.1 * std::pow(std::log10(rate) + 2, 2) - 0.02 * std::pow(double(depth) - 4, 2) + 0.001 * double(claim.settings.at("seed").as_integer());
    return outcome;
  }
};

class ProposingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_proposing_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<TrialStore> made(const ExperimentSpec& spec) {
    SqliteOptions options;
    options.create = true;
    auto store = open_sqlite_store(text(folder_, "/", ++stores_, ".sqlite"), system_clock(), options);
    store->create(ExperimentRecord{}, plan_trials(spec, facts_));
    return store;
  }

  std::string table_with(const ExperimentSpec& spec, int workers) {
    auto store = made(spec);
    const Proposing proposing(spec, facts_);
    auto work = [&](int worker) {
      Toy toy;
      WorkerOptions options;
      options.owner = text("w", worker), options.heartbeat_seconds = 5, options.idle_seconds = 0.002;
      options.proposing = &proposing;
      run_worker(*store, toy, system_clock(), options);
    };
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < workers; ++worker) threads.emplace_back(work, worker);
    threads.clear();
    std::string table;
    for (const auto& trial : store->trials()) table += text(trial.number, trial_state_name(trial.state), to_json(trial.settings, false), to_json(trial.metrics, false), "\n");
    return table;
  }

  std::string folder_;
  int stores_ = 0;
  DatasetFacts facts_;
};

TEST_F(ProposingTest, PlansOnlyWhatWaitsForNoResult) {
  EXPECT_EQ(plan_trials(spec_of(3), facts_).size(), 3u);
  EXPECT_EQ(plan_trials(spec_of(3, 2), facts_).size(), 6u);
  EXPECT_EQ(trial_count(spec_of(3, 2), facts_), 2 * proposals);
  ExperimentSpec random = spec_of(3);
  random.strategy.kind = "random";
  EXPECT_EQ(int64_t(plan_trials(random, facts_).size()), proposals);
}

TEST_F(ProposingTest, TableIsTheSameForAnyNumberOfWorkers) {
  const std::string one = table_with(spec_of(3), 1);
  EXPECT_EQ(table_with(spec_of(3), 3), one);
  EXPECT_EQ(table_with(spec_of(3), 7), one);
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), proposals);
  EXPECT_NE(table_with(spec_of(1), 1), one) << "another number at a time proposes from other results";
}

TEST_F(ProposingTest, SeedsAreTrialsOfOneProposal) {
  ExperimentSpec spec = spec_of(2, 3);
  auto store = made(spec);
  auto trials = store->trials();
  ASSERT_EQ(trials.size(), 6u);
  EXPECT_EQ(trials[0].settings.at("rate"), trials[2].settings.at("rate"));
  EXPECT_NE(trials[0].settings.at("rate"), trials[3].settings.at("rate"));
  for (size_t i = 0; i < 6; ++i) trials[i].state = TrialState::complete, trials[i].metrics["dice"] = 0.1 * double(i);
  auto observed = observations_of(spec, trials, 3);
  ASSERT_EQ(observed.size(), 2u);
  EXPECT_NEAR(observed[0].value, 0.1, 1e-15);
  EXPECT_NEAR(observed[1].value, 0.4, 1e-15);
  trials[5].state = TrialState::failed;
  EXPECT_EQ(observations_of(spec, trials, 3)[1].outcome, ObservationState::failed);
  trials[4].state = TrialState::preempted;
  EXPECT_EQ(observations_of(spec, trials, 3)[1].outcome, ObservationState::pending);
}

TEST_F(ProposingTest, ProposingTwiceAddsNothing) {
  ExperimentSpec spec = spec_of(4);
  auto store = made(spec);
  const Proposing proposing(spec, facts_);
  EXPECT_EQ(proposing.propose_now(*store), 0);
  for (int i = 1; i <= 2; ++i) {
    auto claim = store->claim("w", text("c", i));
    ASSERT_TRUE(claim);
    TrialOutcome outcome;
    outcome.metrics["dice"] = 0.5;
    store->complete(*claim, outcome, text("e", i));
  }
  EXPECT_EQ(proposing.propose_now(*store), 2);
  EXPECT_EQ(proposing.propose_now(*store), 0);
  EXPECT_EQ(store->counts().total(), 6);
}

TEST_F(ProposingTest, GreedyNeverWaitsAndNeverProposesOneNumberTwice) {
  ExperimentSpec spec = spec_of(3);
  spec.strategy.greedy = true;
  const std::string table = table_with(spec, 3);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), proposals);
}

TEST(Proposing, TheFactsOfADatasetAreRecordedWhole) {
  DatasetFacts facts;
  facts.channels = {"A", "B"}, facts.patients = {"P"}, facts.left_out = {"B"}, facts.seed = 7, facts.channel_dropout = 0.4;
  ExperimentRecord record;
  record_dataset_facts(facts, record.facts);
  const DatasetFacts read = dataset_facts_of(record);
  EXPECT_EQ(read.channels, facts.channels);
  EXPECT_EQ(read.patients, facts.patients);
  EXPECT_EQ(read.left_out, facts.left_out);
  EXPECT_EQ(read.seed, facts.seed);
  EXPECT_EQ(read.channel_dropout, facts.channel_dropout);
}

}  // namespace
}  // namespace tomograd
