// Where things lie is not told, and a server that only reads changes nothing.
#include "server/page_test_host.h"

namespace tomograd {
namespace {

TEST(PagePaths, OfDataOnlyWhatLiesBelowTheFoldersIsNamed) {
  PageHost page;
  const std::string outside = "/secret-place/of-anna/dataset.json", inside = page.study("cohort/dataset.json");
  for (const std::string& data : {outside, inside}) {
    const std::string name = data == outside ? "far" : "near";
    std::filesystem::create_directories(page.study(name));
    StoreOptions create;
    create.create = true;
    auto store = open_trial_store(page.study(name + "/experiment.sqlite"), system_clock(), create);
    ExperimentSpec spec;
    spec.name = name, spec.run = Value::table();
    spec.run["data"] = data, spec.run["max_steps"] = 100;
    spec.trial.command = {"/secret-place/python3", "--data=" + data, data, page.study("code/train.py"), "plain"};
    ExperimentRecord record;
    record.name = name, record.spec = spec_to_value(spec), record.fingerprint = "f", record.facts["data"] = data;
    PlannedTrial trial;
    trial.number = 1, trial.settings["seed"] = 1, trial.settings["data"] = data;
    store->create(record, {trial});
  }
  page.start();
  for (const Value& experiment : page.items("/api/experiments", "experiments")) {
    const std::string one = "/api/experiments/" + experiment.at("id").as_text();
    for (const char* route : {"", "/spec", "/trials", "/trials/1", "/log", "/timeline", "/report"}) {
      Answered answer = page.get(one + route);
      EXPECT_EQ(answer.status, 200) << route << answer.body;
      EXPECT_EQ(answer.body.find("secret-place"), std::string::npos) << route << answer.body;
      EXPECT_EQ(answer.body.find(page.path("")), std::string::npos) << route << answer.body;
    }
    const Value spec = parse_toml(page.get(one + "/spec").json().at("toml").as_text(), "spec");
    const bool near = experiment.at("name") == Value("near");
    EXPECT_EQ(spec.at("run").at("data"), Value(near ? "cohort/dataset.json" : "dataset.json"));
    const std::string data = near ? "cohort/dataset.json" : "dataset.json";
    EXPECT_EQ(spec.at("trial").at("command"), Value(Value::List{"python3", "--data=" + data, data, "code/train.py", "plain"}));
    EXPECT_EQ(page.get(one).json().at("facts").at("data"), Value(data));
    EXPECT_EQ(page.get(one + "/trials/1").json().at("settings").at("data"), Value(data));
  }
}

TEST(PagePaths, AnOlderStoreIsNotTouchedByAServerThatOnlyReads) {
  PageHost page;
  page.make_experiment("old", 1).reset();
  const std::string file = page.study("old/experiment.sqlite");
  {
    std::fstream store(file, std::ios::in | std::ios::out | std::ios::binary);
    store.seekp(60), store.write("\0\0\0\2", 4);  // PRAGMA user_version (sqlite.org/fileformat, 1.3)
  }
  const std::string before = read_text(system_env(), file);
  page.options.read_only = true;
  page.start();
  Value list = page.get("/api/experiments").json().at("experiments");
  ASSERT_EQ(list.as_list().size(), 1u);
  EXPECT_EQ(list.as_list()[0].at("state"), Value("unreadable"));
  EXPECT_NE(list.as_list()[0].at("error").as_text().find("was written by an older version of tomograd (store version 2"), std::string::npos) << list.as_list()[0].at("error").as_text();
  Answered answer = page.get("/api/experiments/" + list.as_list()[0].at("id").as_text());
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(answer.json().at("error").at("hint").as_text().find("tomograd experiment status"), std::string::npos) << answer.body;
  EXPECT_EQ(read_text(system_env(), file), before);
}

TEST(PagePaths, PlansAreMadeAlsoWhereNothingMayChange) {
  PageHost page;
  page.write("says-a-plan", "#!/bin/sh\necho '{\"format\": \"tomograd.plan/1\", \"trials\": 3}'\n");
  std::filesystem::permissions(page.path("says-a-plan"), std::filesystem::perms::owner_all);
  page.options.read_only = true, page.options.program = page.path("says-a-plan"), page.check_answers = false;
  page.start();
  Answered answer = page.post("/api/experiments/plan", R"({"toml": "out = 'x'\n[trial]\ncommand = ['true']\n[strategy]\nkind = 'sweep'\n", "hours_per_trial": 2})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json().at("trials"), Value(3));
  EXPECT_TRUE(std::filesystem::is_empty(page.study("")));
}

}  // namespace
}  // namespace tomograd
