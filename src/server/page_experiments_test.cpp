#include <atomic>
#include <thread>

#include "experiments/postgres_host.h"
#include "server/page_test_host.h"

namespace tomograd {
namespace {

Value only_experiment(PageHost& page) {
  Value list = page.get("/api/experiments").json().at("experiments");
  EXPECT_EQ(list.as_list().size(), 1u);
  return list.as_list().at(0);
}

std::string place_of(PageHost& page) { return "/api/experiments/" + only_experiment(page).at("id").as_text(); }

size_t column_of(const Value& table, const std::string& key) {
  const auto& columns = table.at("columns").as_list();
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].at("key") == Value(key)) return i;
  ADD_FAILURE() << "no column " << key;
  return 0;
}

TEST(PageExperiments, TheListSaysHowFarEachIs) {
  PageHost page;
  auto store = page.make_experiment("loo", 3);
  page.start();
  Value one = only_experiment(page);
  EXPECT_EQ(one.at("name"), Value("loo"));
  EXPECT_EQ(one.at("state"), Value("waiting"));
  EXPECT_EQ(one.at("strategy"), Value("leave-one-out"));
  EXPECT_EQ(one.at("trials").at("complete"), Value(3));
  EXPECT_EQ(one.at("trials").at("total"), Value(6));
  EXPECT_EQ(one.at("best").at("trial"), Value(3));
  EXPECT_DOUBLE_EQ(one.at("best").at("value").as_number(), 0.52);
  EXPECT_DOUBLE_EQ(one.at("mean").at("value").as_number(), 0.505);   // trials 1 and 2 have all channels
  auto claim = store->claim("w", "c-next");
  Value running = only_experiment(page);
  EXPECT_EQ(running.at("state"), Value("running"));
  EXPECT_EQ(running.at("workers"), Value(1));
  EXPECT_TRUE(running.at("eta_seconds").is_number());
  EXPECT_NE(running.at("version"), one.at("version"));
  store->request_stop();
  EXPECT_EQ(only_experiment(page).at("state"), Value("stopping"));
  store->preempt(*claim, "asked to stop", "p1");
  EXPECT_EQ(only_experiment(page).at("state"), Value("stopped"));
  store->resume();
  for (int i = 3; i < 6; ++i) PageHost::finish_one(*store, 0.6);
  EXPECT_EQ(only_experiment(page).at("state"), Value("done"));
}

TEST(PageExperiments, WorkersThatAreGoneAreLostThoughNobodyWritesIt) {
  ManualClock clock;
  PageHost page;
  auto store = page.make_experiment("loo", 1, 6, clock);
  page.start(clock);
  ASSERT_TRUE(store->claim("w", "c"));
  EXPECT_EQ(only_experiment(page).at("state"), Value("running"));
  clock.advance(50);
  EXPECT_EQ(only_experiment(page).at("state"), Value("running"));
  clock.advance(20);                             // the lease has 60 s
  EXPECT_EQ(only_experiment(page).at("state"), Value("lost"));
  EXPECT_EQ(only_experiment(page).at("workers"), Value(0));
}

#ifdef TOMOGRAD_LIBPQ
TEST(PageExperiments, TrialsMayBeInADatabase) {
  if (PrivatePostgres::programs().empty()) {
    if (std::getenv("TOMOGRAD_NO_SKIP")) FAIL() << "PostgreSQL's server is not installed here";
    GTEST_SKIP() << "PostgreSQL's server is not installed here (scripts/setup.sh all unpacks it)";
  }
  static int schemas = 0;                        // another one when the test is repeated
  PageHost page;
  auto store = page.make_experiment("far", 2, 6, system_clock(), PrivatePostgres::instance().address(text("page_", ++schemas)));
  page.write("study/strange/store.address", "http://127.0.0.1:9/\n");
  page.start();
  Value all = page.get("/api/experiments").json().at("experiments");
  ASSERT_EQ(all.as_list().size(), 2u);
  const Value &far = all.as_list()[0], &strange = all.as_list()[1];
  EXPECT_EQ(far.at("where"), Value("database"));
  EXPECT_EQ(far.at("trials").at("complete"), Value(2));
  EXPECT_EQ(strange.at("state"), Value("unreadable"));   // no server is asked for what a file names
  PageHost::finish_one(*store, 0.9);
  Value now = far;
  for (int i = 0; i < 1000 && now.at("trials").at("complete") == Value(2); ++i) ::usleep(10'000), now = page.items("/api/experiments", "experiments")[0];
  EXPECT_EQ(now.at("trials").at("complete"), Value(3));
  EXPECT_NE(now.at("version"), far.at("version"));
  EXPECT_EQ(page.get("/api/experiments/" + far.at("id").as_text() + "/trials").json().at("rows").as_list().size(), 6u);
}
#endif

TEST(PageExperiments, AStoreThatCannotBeReadIsOneLineAndNoEnd) {
  PageHost page;
  page.make_experiment("good");
  page.write("study/bad/experiment.sqlite", std::string(5000, 'x'));
  page.write("study/empty/experiment.sqlite", "");
  page.start();
  int unreadable = 0;
  for (const Value& one : page.items("/api/experiments", "experiments")) {
    if (one.at("state") != Value("unreadable")) continue;
    ++unreadable;
    EXPECT_EQ(one.at("error").as_text().find("/shm/"), std::string::npos) << one.at("error").as_text();
    EXPECT_EQ(page.get("/api/experiments/" + one.at("id").as_text() + "/trials").status, 422);
  }
  EXPECT_EQ(unreadable, 2);
}

TEST(PageExperiments, TrialsAreOneListEach) {
  PageHost page;
  auto store = page.make_experiment("loo", 4);
  page.start();
  const std::string place = place_of(page);
  Value table = page.get(place + "/trials").json();
  ASSERT_EQ(table.at("rows").as_list().size(), 6u);
  for (const Value& row : table.at("rows").as_list()) EXPECT_EQ(row.as_list().size(), table.at("columns").as_list().size());
  const auto& third = table.at("rows").as_list()[2].as_list();
  EXPECT_EQ(third[column_of(table, "trial")], Value(3));
  EXPECT_EQ(third[column_of(table, "left_out")], Value("A"));
  EXPECT_DOUBLE_EQ(third[column_of(table, "dice")].as_number(), 0.52);
  EXPECT_DOUBLE_EQ(third[column_of(table, "seconds")].as_number(), 2.5);
  EXPECT_EQ(table.at("columns").as_list()[column_of(table, "dice")].at("main"), Value(true));
  EXPECT_EQ(table.at("rows").as_list()[5].as_list()[column_of(table, "dice")], Value());
  Value part = page.get(place + "/trials?offset=4&limit=1").json();
  ASSERT_EQ(part.at("rows").as_list().size(), 1u);
  EXPECT_EQ(part.at("rows").as_list()[0].as_list()[0], Value(5));
  EXPECT_EQ(part.at("total"), Value(6));
  EXPECT_EQ(page.get(place + "/trials?offset=-1").status, 400);
  EXPECT_EQ(page.get(place + "/trials?sort=x").status, 400);
  Value one = page.get(place + "/trials/3").json();
  EXPECT_EQ(one.at("history").as_list().size(), 1u);
  EXPECT_EQ(one.at("history").as_list()[0].at("outcome"), Value("complete"));
  EXPECT_EQ(page.get(place + "/trials/7").status, 404);
  EXPECT_EQ(page.get(place + "/trials/x").status, 400);
  EXPECT_EQ(page.get("/api/experiments/0123456789abcdef").status, 404);
}

TEST(PageExperiments, WhatHasNotChangedIsNotSentAgain) {
  PageHost page;
  auto store = page.make_experiment("loo", 2);
  page.start();
  const std::string place = place_of(page);
  for (const char* view : {"/trials", "/leave-one-out", "/timeline", "/log", "/spec", "/report"}) {
    Answered first = page.get(place + view);
    ASSERT_EQ(first.status, 200) << view;
    ASSERT_TRUE(first.headers.contains("etag")) << view;
    Answered again = page.get(place + view, "If-None-Match: " + first.headers["etag"] + "\r\n");
    EXPECT_EQ(again.status, 304) << view;
    EXPECT_TRUE(again.body.empty());
  }
  Answered before = page.get(place + "/trials");
  PageHost::finish_one(*store, 0.9);
  Answered after = page.get(place + "/trials", "If-None-Match: " + before.headers["etag"] + "\r\n");
  EXPECT_EQ(after.status, 200);
  EXPECT_NE(after.headers["etag"], before.headers["etag"]);
}

TEST(PageExperiments, TenThousandTrialsComeAsOneTable) {
  PageHost page;
  { auto store = page.make_experiment("large", 0, 10'000); }
  page.start();
  EXPECT_EQ(only_experiment(page).at("trials").at("waiting"), Value(10'000));
  Answered packed = page.get(place_of(page) + "/trials", "Accept-Encoding: gzip\r\n"), plain = page.get(place_of(page) + "/trials");
  EXPECT_EQ(packed.headers["content-encoding"], "gzip");
  EXPECT_LT(packed.body.size(), plain.body.size() / 4);
  EXPECT_LT(plain.body.size(), 10'000u * 150);   // no key is said twice
  EXPECT_EQ(plain.json().at("rows").as_list().size(), 10'000u);
}

TEST(PageExperiments, LeaveOneOutHasItsMatrix) {
  PageHost page;
  page.make_experiment("loo");
  page.start();
  Value view = page.get(place_of(page) + "/leave-one-out").json();
  const Value& matrix = view.at("matrix");
  EXPECT_EQ(matrix.at("channels"), Value(Value::List{"A", "B"}));
  EXPECT_EQ(matrix.at("patients"), Value(Value::List{"P1", "P2"}));
  EXPECT_NEAR(matrix.at("change").as_list()[1].as_list()[0].as_number(), 0.04, 1e-12);   // trial 5 less trial 1
  EXPECT_EQ(matrix.at("trials").as_list()[1].as_list()[0], Value(Value::List{5}));
  EXPECT_EQ(matrix.at("baseline_trials").as_list()[0], Value(Value::List{1}));
  EXPECT_EQ(view.at("channels").as_list().size(), 3u);
  Value report = page.get(place_of(page) + "/report").json();
  EXPECT_EQ(report.at("channels"), view.at("channels"));
  EXPECT_EQ(report.at("timeline").at("attempts").at("complete"), Value(6));
}

TEST(PageExperiments, CurvesComeFromTheFoldersOfTrials) {
  PageHost page;
  page.make_experiment("loo", 2);
  std::string metrics, timing;
  for (int step = 1; step <= 50; ++step) {
    metrics += text("{\"step\": ", step, ", \"loss\": ", 1.0 / step, "}\n");
    timing += text("{\"step\": ", step, ", \"position\": 0, \"seconds\": ", (step <= 30 ? step : step - 30) * 0.5, "}\n");
  }
  page.write("study/loo/trials/0001/metrics.jsonl", metrics + "{\"step\": 51, \"lo");
  page.write("study/loo/trials/0001/timing.jsonl", timing);
  page.start();
  const std::string place = place_of(page);
  Value curves = page.get(place + "/curves?trials=1,2").json().at("curves");
  ASSERT_EQ(curves.as_list().size(), 1u);
  const Value& loss = curves.as_list()[0];
  EXPECT_EQ(loss.at("steps").as_list().size(), 50u);
  EXPECT_EQ(loss.at("resumed_at"), Value(Value::List{31.0}));
  EXPECT_DOUBLE_EQ(loss.at("seconds").as_list()[9].as_number(), 5.0);
  EXPECT_EQ(page.get(place + "/curves?trials=1&points=10").json().at("curves").as_list()[0].at("steps").as_list().size(), 10u);
  EXPECT_EQ(page.get(place + "/curves?trials=9").status, 404);
  EXPECT_EQ(page.get(place + "/curves?trials=1,,2").status, 400);
  EXPECT_EQ(page.get(place).json().at("curve_names"), Value(Value::List{"loss"}));
}

TEST(PageExperiments, NotesAndStopsReachTheStore) {
  PageHost page;
  auto store = page.make_experiment("loo", 2);
  page.start();
  const std::string place = place_of(page);
  Value notes = page.post(place + "/note", R"({"trial": 2, "text": "scanner <b>was</b> serviced"})").json().at("notes");
  ASSERT_EQ(notes.as_list().size(), 1u);
  EXPECT_EQ(notes.as_list()[0].at("text"), Value("scanner <b>was</b> serviced"));
  EXPECT_EQ(notes_of(*store).size(), 1u);
  EXPECT_EQ(page.post(place + "/note", R"({"trial": 99, "text": "x"})").status, 400);
  EXPECT_EQ(page.post(place + "/note", R"({"text": ""})").status, 422);
  EXPECT_EQ(page.post(place + "/note", R"({"txt": "x"})").status, 400);
  EXPECT_EQ(page.post(place + "/note", "nonsense").status, 422);
  EXPECT_EQ(page.post(place + "/stop", "{}").json().at("state"), Value("stopped"));
  EXPECT_TRUE(store->stop_requested());
  Value log = page.get(place + "/log?limit=2").json();
  EXPECT_EQ(log.at("events").as_list()[0].at("kind"), Value("stop"));
  EXPECT_EQ(log.at("events").as_list().size(), 2u);
  EXPECT_EQ(page.get(place + "/log?after=" + std::to_string(log.at("last").as_integer())).json().at("events").as_list().size(), 0u);
}

TEST(PageExperiments, ListenersHearWhatChanges) {
  PageHost page;
  auto store = page.make_experiment("loo", 1);
  page.start();
  int socket = connected(page.server().port());
  send_bytes(socket, "GET /api/events HTTP/1.1\r\n" + page.host() + page.cookie() + "\r\n");
  timeval patience{20, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string heard = received(socket, [](const std::string& all) { return all.find("event: experiment\n") != std::string::npos && all.ends_with("\n\n"); });
  EXPECT_NE(heard.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(heard.find("event: hello\ndata: {\"version\":\"test\""), std::string::npos) << heard;
  PageHost::finish_one(*store, 0.9);
  heard = received(socket, [](const std::string& all) { return all.find("\"complete\":2") != std::string::npos && all.ends_with("\n\n"); });
  EXPECT_NE(heard.find("event: experiment\ndata: {\"id\":"), std::string::npos) << heard;
  store.reset();
  std::filesystem::remove_all(page.study("loo"));
  heard = received(socket, [](const std::string& all) { return all.find("experiment_gone") != std::string::npos; });
  EXPECT_NE(heard.find("event: experiment_gone"), std::string::npos);
  ::close(socket);
  std::vector<int> many;
  for (int i = 0; i < 40; ++i) {
    many.push_back(connected(page.server().port()));
    send_bytes(many.back(), "GET /api/events HTTP/1.1\r\n" + page.host() + page.cookie() + "\r\n");
  }
  int refused = 0;
  for (int one : many) refused += received(one, [](const std::string& all) { return all.size() > 12; }).substr(9, 3) == "503";
  for (int one : many) ::close(one);
  EXPECT_GE(refused, 8);
  EXPECT_LE(refused, 9);                         // the first listener may not be missed yet
}

TEST(PageExperiments, ManyAskAtOnceWhileTrialsEnd) {
  PageHost page;
  auto store = page.make_experiment("loo", 1, 60);
  page.make_volume("v.nii.gz", {9, 40, 50});
  page.start();
  const std::string place = place_of(page), volume = "/api/volumes/" + page.items("/api/volumes", "volumes")[0].at("id").as_text();
  const std::vector<std::string> views{"/api/experiments", place, place + "/trials", place + "/leave-one-out", place + "/report", place + "/timeline", place + "/log", place + "/bayes", volume + "/plane?index=3", volume + "/nifti", "/api/datasets", "/"};
  std::atomic<int> good{0};
  std::vector<std::thread> readers;
  for (size_t r = 0; r < 6; ++r)
    readers.emplace_back([&, r] {
      for (size_t i = 0; i < 36; ++i) good += page.get(views[(i + 2 * r) % views.size()]).status == 200;
    });
  for (int i = 1; i < 60; ++i) PageHost::finish_one(*store, 0.5 + 0.001 * i);
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(good, 6 * 36);
  EXPECT_EQ(only_experiment(page).at("state"), Value("done"));
  Value table = page.get(place + "/trials").json();
  for (const Value& row : table.at("rows").as_list()) EXPECT_EQ(row.as_list()[1], Value("complete"));
}

TEST(PageExperiments, WhatIsStartedIsThisProgramWithPlainArguments) {
  PageHost page;
  page.write("program", "#!/bin/sh\nfor a in \"$@\"; do echo \"[$a]\"; done\nls /proc/self/fd | tr '\\n' ' '\n");
  std::filesystem::permissions(page.path("program"), std::filesystem::perms::owner_all);
  page.options.program = page.path("program");
  page.start();
  const std::string toml = "out = \"x\"\n[trial]\ncommand = [\"true\"]\n[strategy]\nkind = \"sweep\"\n";
  Value body = Value::table();
  body["toml"] = toml, body["name"] = "fresh", body["workers"] = 2;
  Answered made = page.post("/api/experiments", to_json(body, false));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(read_text(system_env(), page.study("fresh.toml")), toml);
  page.make_experiment("x");                     // where the spec says that it will be
  Value there = page.items("/api/experiments", "experiments").at(0);
  EXPECT_EQ(made.json().at("experiment"), there.at("id"));
  Value job;
  for (int i = 0; i < 1000 && (job.is_nothing() || job.at("state") == Value("running")); ++i) ::usleep(10'000), job = page.get("/api/jobs").json().at("jobs").as_list().at(0);
  EXPECT_EQ(job.at("state"), Value("done"));
  const std::string said = job.at("output").as_text();
  EXPECT_NE(said.find("[experiment]\n[run]\n[study/fresh.toml]\n[--workers]\n[2]\n"), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with("0 1 2 3 ")) << said;   // 3: the folder that ls reads; not our sockets
  EXPECT_EQ(page.post("/api/experiments", to_json(body, false)).status, 409);
  for (const char* name : {"../x", "a/b", "", ".x", "-x", "a b", "a;b", "$(x)"}) {
    body["name"] = name;
    EXPECT_EQ(page.post("/api/experiments", to_json(body, false)).status, 422) << name;
  }
  body["name"] = "other";
  for (const char* out : {"/tmp/x", "../x", "a/../../x"}) {
    body["toml"] = std::string("out = \"") + out + "\"\n[trial]\ncommand = [\"true\"]\n";
    EXPECT_EQ(page.post("/api/experiments", to_json(body, false)).status, 422) << out;
  }
  body["toml"] = toml;
  for (const char* terms : {R"({"on": "moon"})", R"({"price_per_hour": "much"})", R"({"gpu": 1})", R"({"gpus": 65})", R"("slurm")"}) {
    body["terms"] = parse_json(terms, "terms");
    EXPECT_EQ(page.post("/api/experiments", to_json(body, false)).status, 422) << terms;
  }
  EXPECT_FALSE(std::filesystem::exists(page.study("other.toml")));
  body["terms"] = parse_json(R"({"on": "slurm", "queue": "--wrap=x", "gpus": 1, "hours": 12, "instance": "g5.xlarge", "budget": 900})", "terms");
  ASSERT_EQ(page.post("/api/experiments", to_json(body, false)).status, 201);
  auto newest = [&] { return page.get("/api/jobs").json().at("jobs").as_list().at(0); };
  for (int i = 0; i < 1000 && newest().at("state") == Value("running"); ++i) ::usleep(10'000);
  const std::string on_slurm = newest().at("output").as_text();
  EXPECT_NE(on_slurm.find("[study/other.toml]\n[--workers]\n[2]\n[--on=slurm]\n[--instance=g5.xlarge]\n[--budget=900.0]\n[--queue=--wrap=x]\n[--gpus=1]\n[--hours=12.0]\n"), std::string::npos) << on_slurm;
  body["toml"] = "nonsense = ";
  Answered wrong = page.post("/api/experiments", to_json(body, false));
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.json().at("error").at("kind"), Value("input"));
}

}  // namespace
}  // namespace tomograd
