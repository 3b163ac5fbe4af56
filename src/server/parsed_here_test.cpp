// What the server parses in its own process, and not in the one that decodes: datasets, specs, bodies. Sizes and depths are bounded before that.
#include "server/page_test_host.h"
#include "server/served_data.h"

namespace tomograd {
namespace {

std::string repeated(const std::string& piece, int64_t times) {
  std::string all;
  for (int64_t i = 0; i < times; ++i) all += piece;
  return all;
}

std::string dataset_of(int64_t bytes) {
  const std::string start = R"({"format": "tomograd.dataset/1", "modalities": [)", end = R"("T1"], "labels": {}, "cases": []})";
  return start + std::string(size_t(bytes) - start.size() - end.size(), ' ') + end;
}

TEST(ParsedHere, ADatasetThatIsTooLargeIsALineWithItsReason) {
  PageHost page;
  page.write("study/large.json", dataset_of(ServedData::most_dataset_bytes + 1)), page.write("study/small.json", dataset_of(ServedData::most_dataset_bytes));
  page.start();
  const auto list = page.items("/api/datasets", "datasets");
  ASSERT_EQ(list.size(), 2u);
  for (const Value& one : list) {
    const Answered whole = page.get("/api/datasets/" + one.at("id").as_text());
    if (one.at("name") == Value("small")) {
      EXPECT_TRUE(one.at("error").is_nothing()) << to_json(one);
      EXPECT_EQ(whole.status, 200);
    } else {
      EXPECT_NE(one.at("error").as_text().find("16777217 bytes"), std::string::npos) << to_json(one);
      EXPECT_EQ(whole.status, 422);
    }
  }
}

TEST(ParsedHere, DepthHasAnEnd) {
  PageHost page;
  page.write("study/deep.json", R"({"format": "tomograd.dataset/1", "cases": )" + repeated("[", 100'000));
  page.start();
  const auto list = page.items("/api/datasets", "datasets");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_NE(list[0].at("error").as_text().find("levels deep"), std::string::npos) << to_json(list[0]);
  const Answered body = page.post("/api/models/describe", "{\"spec\": " + repeated("[", 1'000'000));
  EXPECT_EQ(body.status, 422);
  EXPECT_NE(body.body.find("levels deep"), std::string::npos) << body.body;
  for (const std::string& toml : {"x = " + repeated("[", 100'000), "x" + repeated(".x", 100'000) + " = 1", repeated("[[a]]\n", 1) + "x = " + repeated("{a = ", 10'000)}) {
    Value asked = Value::table();
    asked["toml"] = toml;
    const Answered spec = page.post("/api/models/describe", to_json(asked, false));
    EXPECT_EQ(spec.status, 422);
    EXPECT_NE(spec.body.find("levels deep"), std::string::npos) << spec.body;
  }
}

TEST(ParsedHere, ASpecHasAtMostAMebibyte) {
  PageHost page;
  page.start();
  for (const char* route : {"/api/models/describe", "/api/experiments"}) {
    Value asked = Value::table();
    asked["toml"] = repeated("# a line of a comment\n", 50'000);
    const Answered answer = page.post(route, to_json(asked, false));
    EXPECT_EQ(answer.status, 422) << route;
    EXPECT_NE(answer.body.find("at most 1 MiB"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace tomograd
