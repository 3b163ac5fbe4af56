#include "training/metrics_log.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"

namespace tomograd {

class MetricsLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/tomograd-metrics-XXXXXX";
    folder_ = mkdtemp(path);
  }
  void TearDown() override { system_env().remove_tree(folder_); }
  std::string folder_;
};

TEST_F(MetricsLogTest, ReopenedLogIsCutToTheStepAndKeepsPositions) {
  Env& env = system_env();
  {
    MetricsLog log(env, folder_, 0);
    for (int64_t step = 1; step <= 5; ++step) {
      log.metrics(step, {{"loss", 1.0 / double(step)}});
      log.timing(step, 0.1 * double(step), double(step));
    }
  }
  std::string whole = read_text(env, join_path(folder_, "metrics.jsonl"));
  env.append_file(join_path(folder_, "metrics.jsonl"))->write("{\"step\": 6, \"lo", 15);  // torn by a kill
  MetricsLog log(env, folder_, 3);
  ASSERT_NE(log.recorded_position(4), nullptr);
  EXPECT_DOUBLE_EQ(*log.recorded_position(4), 0.4);
  EXPECT_EQ(log.recorded_position(3), nullptr);
  log.metrics(4, {{"loss", 0.25}});
  log.metrics(5, {{"loss", 0.2}});
  EXPECT_EQ(read_text(env, join_path(folder_, "metrics.jsonl")), whole);
}

TEST_F(MetricsLogTest, PrecisionIsWrittenWhereAskedForAndCutLikeTheOthers) {
  Env& env = system_env();
  std::string path = join_path(folder_, "precision.jsonl");
  Value report = Value::table();
  report["loss_scale"] = 8.0;
  {
    MetricsLog log(env, folder_, 0);
    EXPECT_EQ(env.kind(path), FileKind::missing);
    for (int64_t step : {2, 4, 6}) log.precision(step, report);
    log.sync();
  }
  std::string whole = read_text(env, path);
  EXPECT_EQ(whole.substr(0, whole.find('\n')), "{\"step\":2,\"loss_scale\":8.0}");
  MetricsLog log(env, folder_, 3);
  EXPECT_EQ(read_text(env, path), whole.substr(0, whole.find('\n') + 1));
  log.precision(4, report);
  log.precision(6, report);
  EXPECT_EQ(read_text(env, path), whole);
}

TEST_F(MetricsLogTest, ALineThatIsNoStepIsNamed) {
  publish_text(system_env(), join_path(folder_, "metrics.jsonl"), "{\"step\": 1}\n{\"step\": \"two\"}\n");
  try {
    MetricsLog log(system_env(), folder_, 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("metrics.jsonl line 2: is text 'two', expected an integer"), std::string::npos) << error.what();
  }
}

}  // namespace tomograd
