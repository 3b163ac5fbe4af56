#include <signal.h>

#include <cmath>

#include "experiments/proposing.h"
#include "experiments/run_terms.h"
#include "search/expectation.h"
#include "search/trial_plan.h"
#include "server/page_test_host.h"

namespace tomograd {
namespace {

// 18:30 of the local day.
int64_t half_past_six() {
  std::tm day{};
  day.tm_year = 126, day.tm_mon = 10, day.tm_mday = 27, day.tm_hour = 18, day.tm_min = 30, day.tm_isdst = -1;
  return int64_t(std::mktime(&day)) * 1000;
}

void use_stand_ins(PageHost& page) {
  for (auto [tool, words] : {std::pair{"squeue", &page.options.slurm.squeue}, {"scontrol", &page.options.slurm.scontrol}, {"sinfo", &page.options.slurm.sinfo}})
    *words = {std::string(TOMOGRAD_SOURCE_DIR) + "/tests/support/fake_slurm.sh", page.path("fake"), tool};
  page.options.slurm_seconds = 30;
  page.write("fake/sinfo.out", "main*|up|1:00:00|1/0/1/2|1/0/1/2|1000|(null)\ngpu|up|infinite|1/1/0/2|32/32/0/64|515000|gpu:a100:4(S:0-1)\n");
  page.write("fake/squeue.out", "4711_[3-9%2]|gpu|PENDING|0:00|12:00:00|8|30G|1|2026-11-27T14:35:15|Priority|tomograd-trials\n4711_0|gpu|RUNNING|1:02:03|12:00:00|8|30G|1|2026-11-27T10:00:00|None|tomograd-trials\n");
  page.write("fake/nodes.out", "NodeName=n1 AllocMem=300 FreeMem=600 Partitions=main\nNodeName=g1 AllocMem=30720 FreeMem=400000 Partitions=gpu\n");
}

Value cluster_of(PageHost& page) {
  Value all;
  for (int i = 0; i < 1000 && (i == 0 || all.at("slurm").at("installed").is_nothing()); ++i) all = page.get("/api/cluster").json();
  return all;
}

TEST(PageCluster, PartitionsAndQueueAreThoseOfSlurm) {
  PageHost page;
  use_stand_ins(page);
  page.start();
  const Value all = cluster_of(page), &slurm = all.at("slurm");
  EXPECT_EQ(slurm.at("installed"), Value(true));
  EXPECT_EQ(slurm.at("troubles"), Value(Value::List{}));
  const Value &main = slurm.at("partitions").as_list().at(0), &gpu = slurm.at("partitions").as_list().at(1);
  EXPECT_EQ(main.at("name"), Value("main"));
  EXPECT_EQ(main.at("default"), Value(true));
  EXPECT_EQ(main.at("nodes").at("other"), Value(1));
  EXPECT_EQ(main.at("time_limit_seconds"), Value(3600));
  EXPECT_EQ(main.at("memory_promised_bytes"), Value(int64_t{300} << 20));
  EXPECT_EQ(gpu.at("gpus"), Value(8));
  EXPECT_EQ(gpu.at("time_limit_seconds"), Value());
  EXPECT_EQ(gpu.at("cpus").at("total"), Value(64));
  const Value &waits = slurm.at("queue").as_list().at(0), &runs = slurm.at("queue").as_list().at(1);
  EXPECT_EQ(waits.at("array"), Value("3-9%2"));
  EXPECT_EQ(waits.at("reason"), Value("Priority"));
  EXPECT_EQ(waits.at("memory_bytes"), Value(int64_t{30} << 30));
  EXPECT_EQ(runs.at("elapsed_seconds"), Value(3723));
  EXPECT_EQ(runs.at("time_limit_seconds"), Value(43200));
  EXPECT_EQ(waits.at("starts_unix_milliseconds").as_integer() - runs.at("starts_unix_milliseconds").as_integer(), 16515000);
}

TEST(PageCluster, WithoutSlurmItSaysSo) {
  PageHost page;
  page.options.slurm.sinfo = {page.path("no-such-program")};
  page.start();
  const Value slurm = cluster_of(page).at("slurm");
  EXPECT_EQ(slurm.at("installed"), Value(false));
  EXPECT_EQ(slurm.at("partitions"), Value(Value::List{}));
  EXPECT_NE(slurm.at("troubles").as_list().at(0).as_text().find("Slurm is not installed on this host"), std::string::npos);
}

TEST(PageCluster, OneThatHangsKeepsNobodyWaiting) {
  PageHost page;
  use_stand_ins(page);
  page.write("fake/hang", "sinfo");
  page.start();
  // With one thread per request and six of them, twelve requests would wait for the command if anybody did.
  for (int i = 0; i < 12; ++i) {
    const Value slurm = page.get("/api/cluster").json().at("slurm");
    EXPECT_EQ(slurm.at("installed"), Value());
    EXPECT_EQ(slurm.at("asking"), Value(true));
    EXPECT_EQ(slurm.at("troubles").as_list().at(0), Value("Slurm has not answered yet"));
  }
  EXPECT_EQ(page.get("/api/experiments").status, 200);
  std::ifstream file(page.path("fake/hanging"));
  pid_t hung = 0;
  for (int i = 0; i < 1000 && !(file >> hung); ++i) ::usleep(10'000), file.clear(), file.close(), file.open(page.path("fake/hanging"));
  ASSERT_GT(hung, 0);
  EXPECT_EQ(::kill(hung, 0), 0);
  page.stop();                                   // long before the thirty seconds of the command
  EXPECT_EQ(::kill(hung, 0), -1);
}

TEST(PageCluster, AnAnswerThatIsLateIsSaid) {
  PageHost page;
  use_stand_ins(page);
  page.write("fake/hang", "squeue");
  page.options.slurm_seconds = 0.3;
  page.start();
  const Value slurm = cluster_of(page).at("slurm");
  EXPECT_EQ(slurm.at("partitions").as_list().size(), 2u);
  EXPECT_EQ(slurm.at("queue_known"), Value(false));
  const std::string trouble = slurm.at("troubles").as_list().at(0).as_text();
  EXPECT_NE(trouble.find("gave no answer within 0.3 s"), std::string::npos) << trouble;
}

TEST(PageCluster, WhatWaitsHasAPlan) {
  ManualClock clock;
  clock.advance(double(half_past_six()) / 1000 - double(clock.unix_milliseconds()) / 1000 + 12);
  PageHost page;
  page.options.slurm.sinfo = {page.path("no-such-program")};
  auto store = page.make_experiment("loo", 0, 6, clock);
  for (double seconds : {3600.0, 7200.0}) {
    auto claim = store->claim("w", text("c", seconds));
    for (double done = 0; done < seconds; done += 30) clock.advance(30), store->heartbeat(*claim, done / seconds);
    TrialOutcome outcome;
    outcome.metrics["dice"] = 0.5;
    store->complete(*claim, outcome, text("e", seconds));
  }
  // It is 21:30:12 now.
  RunTerms terms;
  terms.workers = 3, terms.price_per_hour = 2, terms.currency = "$", terms.budget = 10, terms.between = "22:00-07:00";
  write_run_terms(system_env(), page.study("loo"), terms);
  page.make_experiment("over");
  page.start(clock);
  const Value waiting = page.get("/api/cluster").json().at("waiting");
  ASSERT_EQ(waiting.as_list().size(), 1u);
  const Value& one = waiting.as_list()[0];
  EXPECT_EQ(one.at("name"), Value("loo"));
  EXPECT_EQ(one.at("trials"), Value(4));
  EXPECT_DOUBLE_EQ(one.at("trial_seconds").as_number(), 5400);       // median of one hour and two
  EXPECT_DOUBLE_EQ(one.at("work_seconds").as_number(), 21600);
  EXPECT_DOUBLE_EQ(one.at("wall_seconds").as_number(), 10800);       // three at a time, so two waves
  EXPECT_DOUBLE_EQ(one.at("cost").as_number(), 12);
  EXPECT_EQ(one.at("affordable_trials"), Value(1));                  // 6 of 10 are spent, one more takes 3
  EXPECT_EQ(one.at("between"), Value("22:00-07:00"));
  EXPECT_EQ(one.at("open"), Value(false));
  EXPECT_DOUBLE_EQ(one.at("opens_in_seconds").as_number(), 30 * 60 - 12);
  terms.between = "20:00-07:00";
  write_run_terms(system_env(), page.study("loo"), terms);
  const Value now = page.get("/api/cluster").json().at("waiting").as_list().at(0);
  EXPECT_EQ(now.at("open"), Value(true));
  EXPECT_DOUBLE_EQ(now.at("opens_in_seconds").as_number(), 0);
}

TEST(PageMoney, TrialsAddUpToWhatIsSpent) {
  ManualClock clock;
  PageHost page;
  auto store = page.make_experiment("loo", 0, 6, clock);
  page.start(clock);
  auto claim = store->claim("w1", "c1");
  clock.advance(30);
  store->fail(*claim, "no luck", true, "f1");    // paid for too
  claim = store->claim("w1", "c2");
  auto other = store->claim("w2", "c3");
  clock.advance(40);
  TrialOutcome outcome;
  outcome.metrics["dice"] = 0.5;
  store->complete(*claim, outcome, "e2");
  clock.advance(10);
  const std::string place = "/api/experiments/" + page.items("/api/experiments", "experiments").at(0).at("id").as_text();
  Value before = page.get("/api/experiments").json().at("experiments").as_list().at(0);
  for (const char* key : {"spent", "cap", "currency", "terms", "affordable_trials"}) EXPECT_EQ(before.at(key), Value()) << key;
  const Value unpriced = page.get(place + "/trials").json();
  for (const Value& column : unpriced.at("columns").as_list()) EXPECT_NE(column.at("key"), Value("cost"));
  EXPECT_EQ(page.get(place + "/trials/1").json().at("cost"), Value());

  RunTerms terms;
  terms.price_per_hour = 36, terms.currency = "$", terms.budget = 5, terms.instance = "g5.xlarge";
  write_run_terms(system_env(), page.study("loo"), terms);
  const Value after = page.get("/api/experiments").json().at("experiments").as_list().at(0);
  EXPECT_NE(after.at("version"), before.at("version"));
  EXPECT_NEAR(after.at("spent").as_number(), 0.01 * (30 + 40 + 50), 1e-9);      // a cent a second; the other one still runs
  EXPECT_EQ(after.at("cap"), Value(5.0));
  EXPECT_EQ(after.at("currency"), Value("$"));
  EXPECT_EQ(after.at("terms").at("instance"), Value("g5.xlarge"));
  const Value table = page.get(place + "/trials").json();
  size_t cost = 0;
  for (size_t i = 0; i < table.at("columns").as_list().size(); ++i)
    if (table.at("columns").as_list()[i].at("key") == Value("cost")) cost = i;
  ASSERT_GT(cost, 0u);
  EXPECT_EQ(table.at("columns").as_list()[cost].at("unit"), Value("$"));
  double sum = 0;
  for (const Value& row : table.at("rows").as_list()) sum += row.as_list().at(cost).as_number();
  EXPECT_NEAR(sum, after.at("spent").as_number(), 1e-9);
  const Value first = page.get(place + "/trials/1").json();
  EXPECT_NEAR(first.at("cost").as_number(), 0.01 * 70, 1e-9);
  EXPECT_EQ(first.at("currency"), Value("$"));
}

TEST(PageMoney, WhatIsResumedKeepsItsCap) {
  PageHost page;
  page.write("program", "#!/bin/sh\nfor a in \"$@\"; do echo \"[$a]\"; done\n");
  std::filesystem::permissions(page.path("program"), std::filesystem::perms::owner_all);
  page.options.program = page.path("program");
  page.make_experiment("loo", 2);
  RunTerms terms;
  terms.price_per_hour = 0.75, terms.budget = 12, terms.between = "19:00-07:00";
  write_run_terms(system_env(), page.study("loo"), terms);
  page.start();
  const std::string place = "/api/experiments/" + page.items("/api/experiments", "experiments").at(0).at("id").as_text();
  ASSERT_EQ(page.post(place + "/resume", "{}").status, 202);
  Value job;
  for (int i = 0; i < 1000 && (job.is_nothing() || job.at("state") == Value("running")); ++i) ::usleep(10'000), job = page.get("/api/jobs").json().at("jobs").as_list().at(0);
  const std::string said = job.at("output").as_text();
  EXPECT_NE(said.find("[--price=0.75]\n[--budget=12.0]\n[--between=19:00-07:00]\n"), std::string::npos) << said;
}

// A search of one variable with trials that are complete but the last two.
std::unique_ptr<TrialStore> make_search(const PageHost& page, const std::string& name, const char* kind, int64_t complete) {
  std::filesystem::create_directories(page.study(name));
  StoreOptions create;
  create.create = true;
  auto store = open_trial_store(page.study(name + "/experiment.sqlite"), system_clock(), create);
  ExperimentSpec spec;
  spec.name = name, spec.workers = 2, spec.strategy.kind = kind, spec.strategy.trials = 20;
  VariableSpec rate;
  rate.key = "rate", rate.range = {1e-4, 1e-1}, rate.scale = "log";
  spec.variable = {rate};
  spec.trial.command = {"true"};
  ExperimentRecord record;
  record.name = name, record.spec = spec_to_value(spec), record.fingerprint = "f";
  DatasetFacts facts;
  facts.seed = 5;
  record_dataset_facts(facts, record.facts);
  store->create(record, plan_trials(spec, facts));
  const Proposing proposing(spec, facts);
  for (int64_t i = 0; i < complete; ++i) {
    proposing.propose_now(*store);
    auto claim = store->claim(text("w", i), text("c", i));
    EXPECT_TRUE(claim) << i;
    if (!claim) break;
    TrialOutcome outcome;
    outcome.metrics["dice"] = 0.8 - 0.1 * std::pow(std::log10(claim->settings.at("rate").as_number()) + 2.4, 2);
    store->complete(*claim, outcome, text("e", i));
  }
  proposing.propose_now(*store);
  return store;
}

TEST(PageNext, SaysWhatTheSearchExpects) {
  PageHost page;
  auto store = make_search(page, "rate", "bayesian", 9);
  ASSERT_TRUE(store->claim("w", "c-open"));
  page.start();
  const std::string place = "/api/experiments/" + page.items("/api/experiments", "experiments").at(0).at("id").as_text();
  Answered answer = page.get(place + "/next");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Value all = answer.json();
  EXPECT_EQ(all.at("parallel"), Value(2));
  EXPECT_EQ(all.at("results"), Value(9));
  const auto& proposals = all.at("proposals").as_list();
  ASSERT_EQ(proposals.size(), 2u);               // with two at a time a third one waits for a result
  EXPECT_EQ(proposals[0].at("trial"), Value(10));
  EXPECT_EQ(proposals[0].at("state"), Value("running"));
  EXPECT_EQ(proposals[1].at("state"), Value("waiting"));
  const ExperimentRecord record = *store->experiment();
  const ExperimentSpec spec = spec_from<ExperimentSpec>(record.spec);
  const auto told = observations_of(spec, store->trials(), 1);
  for (size_t i = 0; i < 2; ++i) {
    const auto expected = expectation(spec, 5, 10 + int64_t(i), told[9 + i].settings, told);
    ASSERT_TRUE(expected);
    const Value& one = proposals[i];
    EXPECT_EQ(one.at("basis"), Value("model"));
    EXPECT_EQ(one.at("settings"), told[9 + i].settings);
    EXPECT_EQ(one.at("mean").as_number(), expected->mean);
    EXPECT_EQ(one.at("standard_deviation").as_number(), expected->deviation);
    EXPECT_EQ(one.at("improvement").as_number(), expected->improvement);
    EXPECT_EQ(one.at("model").at("log_improvement").as_number(), expected->log_improvement);
    EXPECT_EQ(one.at("results"), Value(8 + int64_t(i)));             // up to two before it
    EXPECT_NEAR(expected->mean, 0.8, 0.4);       // the metric's own units
  }
  // Heartbeats change the store's file and nothing here; a result does.
  EXPECT_EQ(page.get(place + "/next", "If-None-Match: " + answer.headers["etag"] + "\r\n").status, 304);
  store->note(0, "an event");
  EXPECT_EQ(page.get(place + "/next", "If-None-Match: " + answer.headers["etag"] + "\r\n").status, 200);
}

TEST(PageNext, SaysWhatWouldComeAndWhatHasNoModel) {
  PageHost page;
  auto early = make_search(page, "early", "bayesian", 1);
  auto over = make_search(page, "over", "bayesian", 20);
  auto random = make_search(page, "random", "random", 3);
  page.start();
  for (const Value& one : page.items("/api/experiments", "experiments")) {
    Answered answer = page.get("/api/experiments/" + one.at("id").as_text() + "/next");
    if (one.at("name") == Value("random")) {
      EXPECT_EQ(answer.status, 422);
      continue;
    }
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto proposals = answer.json().at("proposals").as_list();
    if (one.at("name") == Value("early")) {
      ASSERT_FALSE(proposals.empty());
      EXPECT_EQ(proposals[0].at("basis"), Value("quasi-random"));
      EXPECT_EQ(proposals[0].find("mean"), nullptr);
    } else {
      ASSERT_EQ(proposals.size(), 1u);
      EXPECT_EQ(proposals[0].at("state"), Value("beyond"));
      EXPECT_EQ(proposals[0].at("trial"), Value());
      EXPECT_EQ(proposals[0].at("proposal"), Value(21));
      EXPECT_EQ(proposals[0].at("basis"), Value("model"));
    }
  }
}

}  // namespace
}  // namespace tomograd
