// What is said about the experiment and its trials from outside: made, extended, reopened, cancelled, stopped, noted: tests of store_suite.h.
#pragma once

#include "experiments/store_suite.h"

namespace tomograd {

TEST_P(StoreSuite, AllTrialsAreThereBeforeTheFirstStarts) {
  auto store = open();
  EXPECT_FALSE(store->experiment());
  EXPECT_FALSE(store->claim("w", "r0"));
  store->create(record(), planned(288));
  EXPECT_EQ(store->counts().waiting, 288);
  EXPECT_EQ(store->trials().back().settings.at("seed").as_integer(), 288);
  EXPECT_EQ(store->experiment()->name, "toy");
  EXPECT_EQ(kind_of([&] { store->create(record(), planned(3)); }), ErrorKind::input);
  EXPECT_EQ(store->counts().total(), 288);
}

TEST_P(StoreSuite, CreateWritesAllOrNothing) {
  auto store = open();
  auto trials = planned(5);
  trials[4].number = 1;                          // the last one is there already
  EXPECT_THROW(store->create(record(), trials), Error);
  EXPECT_FALSE(store->experiment());
  EXPECT_EQ(store->counts().total(), 0);
}

TEST_P(StoreSuite, FailedTrialsAreReopenedWithAllTheirAttempts) {
  auto store = made(4, 2);
  auto fail_twice = [&](const std::string& name) {
    for (int i = 0; i < 2; ++i) {
      auto claim = store->claim("a", text(name, i));
      store->fail(*claim, "the disk is full", true, text(name, i, "/end"));
    }
  };
  fail_twice("one"), fail_twice("two");
  EXPECT_EQ(store->counts().failed, 2);
  std::string message;
  EXPECT_EQ(kind_of([&] { store->reopen({1, 3}); }, &message), ErrorKind::usage);
  EXPECT_NE(message.find("trial 3 is waiting"), std::string::npos) << message;
  EXPECT_EQ(kind_of([&] { store->reopen({9}); }), ErrorKind::usage);
  EXPECT_EQ(store->counts().failed, 2);
  EXPECT_EQ(store->reopen({2}), (std::vector<int64_t>{2}));
  EXPECT_EQ(store->reopen(), (std::vector<int64_t>{1}));
  EXPECT_EQ(store->reopen(), (std::vector<int64_t>{}));
  fail_twice("again");
  EXPECT_EQ(store->counts().failed, 1);
  EXPECT_EQ(store->trials()[0].attempts, 4);
  store->reopen();
  auto claim = store->claim("b", "last");
  EXPECT_EQ(claim->trial, 1);
  EXPECT_EQ(claim->attempt, 5);
  store->complete(*claim, outcome(0.5), "last/end");
  EXPECT_EQ(store->trials()[0].state, TrialState::complete);
}

TEST_P(StoreSuite, LostAttemptsAreCountedAnewAfterATrialWasReopened) {
  auto store = made(1, 1);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(store->claim("a", text(round, "/", i))) << round << " " << i;
      advance(61);
    }
    EXPECT_FALSE(store->claim("a", text(round, "/last")));
    EXPECT_EQ(store->reopen(), (std::vector<int64_t>{1}));
  }
}

TEST_P(StoreSuite, StopEndsClaimsAndIsHeardAtTheHeartbeat) {
  auto store = made(2);
  auto claim = store->claim("a", "1");
  open()->request_stop();
  EXPECT_TRUE(store->stop_requested());
  EXPECT_FALSE(store->claim("b", "2"));
  EXPECT_FALSE(store->heartbeat(*claim, 0.1));
  store->resume();
  EXPECT_TRUE(store->heartbeat(*claim, 0.1));
  EXPECT_EQ(store->claim("b", "3")->trial, 2);
  EXPECT_EQ(kinds_of(store->events()), (std::vector<std::string>{"created", "claimed", "stop", "resume", "claimed"}));
  EXPECT_EQ(store->events(store->events()[3].id).size(), 1u);
}

TEST_P(StoreSuite, ATrialThatSeveralProposeIsThereOnce) {
  made(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      auto store = open();
      for (int64_t round = 0; round < 5; ++round) store->extend(planned(2, 4 + 2 * round));
    });
  for (auto& thread : threads) thread.join();
  auto store = open();
  auto trials = store->trials();
  ASSERT_EQ(trials.size(), 13u);
  for (size_t i = 0; i < trials.size(); ++i) EXPECT_EQ(trials[i].settings.at("seed").as_integer(), int64_t(i) + 1);
  EXPECT_EQ(trials[12].fingerprint, trial_fingerprint("f", trials[12].settings));
  auto kinds = kinds_of(store->events());
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "extended"), 5);
}

TEST_P(StoreSuite, AnotherTrialOfTheSameNumberIsAConflictAndNothingIsAdded) {
  EXPECT_EQ(kind_of([&] { open()->extend(planned(1)); }), ErrorKind::input);
  auto store = made(3);
  auto more = planned(2, 4);
  more.push_back(planned_trial(2, 77));
  std::string message;
  EXPECT_EQ(kind_of([&] { store->extend(more); }, &message), ErrorKind::conflict);
  EXPECT_NE(message.find("trial 2 is there with other settings"), std::string::npos) << message;
  EXPECT_EQ(store->counts().total(), 3);
  EXPECT_EQ(kind_of([&] { store->extend({planned_trial(0, 1)}); }), ErrorKind::input);
  store->extend({});
  while (auto claim = store->claim("a", text("c", store->counts().complete))) store->complete(*claim, outcome(1), text("e", claim->trial));
  store->extend(planned(1, 4));
  EXPECT_EQ(store->claim("a", "last")->trial, 4);  // an experiment that was over goes on
}

TEST_P(StoreSuite, AnExtensionMayReplaceTheSpec) {
  auto store = made(2);
  store->extend(planned(1, 3), parse_json(R"({"name":"toy","more":1})", "t"));
  EXPECT_EQ(to_json(open()->experiment()->spec, false), R"({"name":"toy","more":1})");
  EXPECT_EQ(open()->experiment()->fingerprint, "f");
  store->extend({}, parse_json(R"({"name":"toy","more":2})", "t"));
  EXPECT_EQ(open()->experiment()->spec.at("more").as_integer(), 2);
  EXPECT_EQ(store->counts().total(), 3);
  auto more = planned(1, 4);
  more.push_back(planned_trial(2, 77));
  EXPECT_EQ(kind_of([&] { store->extend(more, parse_json(R"({"name":"other"})", "t")); }), ErrorKind::conflict);
  EXPECT_EQ(open()->experiment()->spec.at("name").as_text(), "toy");
}

TEST_P(StoreSuite, ResultsFromElsewhereAreAdoptedOnlyByUntouchedTrials) {
  auto store = made(4);
  auto claimed = store->claim("a", "1");
  EXPECT_EQ(kind_of([&] { store->adopt({{2, outcome(0.5), "x, trial 7"}, {1, outcome(0.5), "x, trial 8"}}); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { store->adopt({{9, outcome(0.5), "x"}}); }), ErrorKind::usage);
  EXPECT_EQ(store->counts().complete, 0);
  store->adopt({{2, outcome(0.25), "x, trial 7"}, {4, outcome(0.5), "x, trial 8"}});
  EXPECT_EQ(kind_of([&] { store->adopt({{2, outcome(0.5), "x"}}); }), ErrorKind::usage);
  auto trials = open()->trials();
  EXPECT_EQ(trials[1].state, TrialState::complete);
  EXPECT_EQ(trials[1].metrics.at("dice").as_number(), 0.25);
  EXPECT_EQ(trials[3].state, TrialState::complete);
  EXPECT_EQ(store->claim("a", "2")->trial, 3);
  EXPECT_FALSE(store->claim("a", "3"));
  for (const auto& event : open()->events(0)) {
    if (event.kind == "adopted") { EXPECT_EQ(event.text, event.trial == 2 ? "x, trial 7" : "x, trial 8"); }
  }
  EXPECT_EQ(kinds_of(open()->events(0)), (std::vector<std::string>{"created", "claimed", "adopted", "complete", "adopted", "complete", "claimed"}));
}

TEST_P(StoreSuite, NotesAreKeptInOrder) {
  auto store = made(2);
  store->note(0, "the scanner was replaced in May", "n1");
  store->note(0, "the scanner was replaced in May", "n1");
  store->note(2, "looks odd: \"left\" is right, \xc3\xa4");
  EXPECT_EQ(kind_of([&] { store->note(3, "x"); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { store->note(1, ""); }), ErrorKind::usage);
  auto notes = notes_of(*open());
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].trial, 0);
  EXPECT_EQ(notes[1].trial, 2);
  EXPECT_EQ(notes[1].text, "looks odd: \"left\" is right, \xc3\xa4");
}

TEST_P(StoreSuite, CancelEndsWhatIsNotOver) {
  auto store = made(4);
  auto running = store->claim("a", "1"), done = store->claim("a", "2");
  store->complete(*done, outcome(1), "3");
  EXPECT_EQ(kind_of([&] { store->cancel({3, 2}); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { store->cancel({3, 9}); }), ErrorKind::usage);
  EXPECT_EQ(store->counts().cancelled, 0);
  store->cancel({3, 1});
  store->cancel({1, 3});
  EXPECT_EQ(store->counts().cancelled, 2);
  std::string message;
  EXPECT_EQ(kind_of([&] { store->heartbeat(*running, 0.5); }, &message), ErrorKind::conflict);
  EXPECT_NE(message.find("it ended as cancelled"), std::string::npos) << message;
  EXPECT_EQ(kind_of([&] { store->complete(*running, outcome(1), "4"); }), ErrorKind::conflict);
  EXPECT_EQ(store->claim("a", "5")->trial, 4);
  advance(1000);
  EXPECT_EQ(store->sweep(), 1);                  // the fourth; those that were cancelled stay so
  EXPECT_EQ(store->counts().cancelled, 2);
}

TEST_P(StoreSuite, AReopenSentTwiceHappensOnce) {
  auto store = made(2, 1);
  for (int i = 1; i <= 2; ++i) store->fail(*store->claim("a", text("c", i)), "broke", true, text("e", i));
  EXPECT_EQ(store->reopen({}, "r"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(store->reopen({}, "r"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(store->counts().waiting, 2);
}

// Whoever follows the events by the last id he saw misses none of those that several write at once.
TEST_P(StoreSuite, EventsAreFollowedWithoutGaps) {
  made(1);
  std::atomic<int> writers = 4;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      auto store = open();
      for (int n = 0; n < 25; ++n) store->note(0, text(i, "/", n));
      --writers;
    });
  auto store = open();
  std::multiset<std::string> seen;
  int64_t last = 0;
  for (bool more = true; more; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
    more = writers > 0;
    for (const auto& event : store->events(last)) {
      EXPECT_GT(event.id, last);
      last = event.id;
      if (event.kind == "note") seen.insert(event.text);
    }
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 100u);
}

TEST_P(StoreSuite, TextsComeBackAsTheyWere) {
  auto store = open();
  ExperimentRecord experiment = record();
  experiment.name = "quote ' and \" and \\ and %s";
  experiment.facts = parse_json(R"({"channels":["T1w","\u00e4"],"small":1e-300,"third":0.1,"none":null})", "t");
  store->create(experiment, planned(1));
  auto read = open()->experiment();
  EXPECT_EQ(read->name, experiment.name);
  EXPECT_EQ(read->facts, experiment.facts);
  EXPECT_EQ(read->lease_seconds, 60);
  TrialOutcome result;
  result.metrics = parse_json(R"({"dice":0.30000000000000004,"test":[{"case":"a","dice":[null,0.1]}]})", "t"), result.timing = parse_json(R"({"seconds":1e9})", "t");
  store->complete(*store->claim("a", "1"), result, "2");
  EXPECT_EQ(to_json(open()->trials()[0].metrics), to_json(result.metrics));
  EXPECT_EQ(to_json(open()->trials()[0].timing), to_json(result.timing));
  store->extend(planned(1, 2));
  EXPECT_EQ(store->claim("a", "3")->settings, planned(1, 2)[0].settings);
}

}  // namespace tomograd
