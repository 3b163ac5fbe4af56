// Whole runs with a loss scale: exact where it can be, the same when killed and resumed, and no failure where it only looks for
// its place.
#include <ATen/ATen.h>

#include <sstream>

#include "training/model_file.h"
#include "training/trainer_test_run.h"

namespace tomograd {
namespace {

struct KillAt : TrainObserver {                  // nothing is saved, as after a kill
  int64_t step;
  explicit KillAt(int64_t at) : step(at) {}
  void progress(const TrainProgress& now) override {
    if (now.step == step) fail_failure("killed");
  }
};

std::vector<Value> json_lines(const std::string& path) {
  std::vector<Value> lines;
  std::istringstream all(read_text(system_env(), path));
  for (std::string line; std::getline(all, line);) lines.push_back(parse_json(line, path));
  return lines;
}

// Losses so large that a first scale of 2^127 has to be halved often.
RunSpec with_large_losses(RunSpec spec) {
  spec.validation.every_steps = 0;
  spec.optimizer.accumulate = 1, spec.sampling.batch = 1;
  spec.loss.dice_weight = spec.loss.ce_weight = 0x1p40;
  spec.loss_scale.kind = "dynamic", spec.loss_scale.value = 0x1p127, spec.loss_scale.interval = 4, spec.loss_scale.report_every = 15;
  return spec;
}

}  // namespace

// A product with a power of two is exact, so nothing changes but gradients that were subnormal in float32, below 2^-126. Those are
// so far below the others of their sums that they are lost with and without.
TEST_F(TrainerTest, AConstantScaleOfAPowerOfTwoChangesNothing) {
  TrainObserver silent;
  RunSpec scaled = spec("scaled", 9);
  scaled.loss_scale.kind = "constant", scaled.loss_scale.value = 0x1p20;
  train(system_env(), system_clock(), spec("plain", 9), {}, silent);
  train(system_env(), system_clock(), scaled, {}, silent);
  LoadedModel a = load_model(system_env(), join_path(folder_, "plain")), b = load_model(system_env(), join_path(folder_, "scaled"));
  auto plain = a.network.state(), other = b.network.state();
  ASSERT_EQ(plain.size(), other.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(at::equal(plain[i].second, other[i].second)) << plain[i].first;
  auto logged = json_lines(join_path(folder_, "plain/metrics.jsonl")), with_scale = json_lines(join_path(folder_, "scaled/metrics.jsonl"));
  ASSERT_EQ(logged.size(), with_scale.size());
  for (size_t i = 0; i < logged.size(); ++i)
    for (const auto& [name, value] : logged[i].as_table()) EXPECT_EQ(with_scale[i].at(name), value) << name << " of line " << i;
  EXPECT_EQ(logged[0].find("loss_scale"), nullptr);
  EXPECT_EQ(with_scale[0].at("loss_scale").as_number(), 0x1p20);
}

TEST_F(TrainerTest, AScaleThatLooksForItsPlaceIsNoFailure) {
  TrainObserver silent;
  Warnings warnings;
  train(system_env(), system_clock(), with_large_losses(spec("run", 60)), {}, silent);
  int64_t in_a_row = 0, taken = 0;
  for (const Value& line : json_lines(join_path(folder_, "run/metrics.jsonl"))) {
    if (line.at("gradient_norm").is_nothing()) in_a_row += taken == 0;
    else ++taken;
  }
  EXPECT_GT(in_a_row, 20);                       // more than a run without a scale survives
  EXPECT_GT(taken, 8);
  EXPECT_EQ(warnings.told.find("skipped"), std::string::npos) << warnings.told;
  Value found = manifest("run").at("loss_scale");
  EXPECT_GE(found.at("skipped").as_integer(), in_a_row);
  EXPECT_LT(found.at("scale").as_number(), 0x1p107);
}

TEST_F(TrainerTest, KilledAndResumedWithADynamicScaleIsTheSameRun) {
  TrainObserver silent;
  train(system_env(), system_clock(), with_large_losses(spec("whole", 60)), {}, silent);
  for (int64_t kill : {20, 40}) {                // in the first burst, and later
    std::string out = text("parts", kill);
    KillAt killer(kill);
    EXPECT_THROW(train(system_env(), system_clock(), with_large_losses(spec(out, 60)), {}, killer), Error);
    TrainOptions resume;
    resume.resume = true;
    train(system_env(), system_clock(), with_large_losses(spec(out, 60)), resume, silent);
    for (const char* file : {"/model.safetensors", "/metrics.jsonl", "/precision.jsonl"}) EXPECT_EQ(bytes(out + file), bytes(std::string("whole") + file)) << file << " killed at " << kill;
    EXPECT_EQ(manifest(out).at("loss_scale"), manifest("whole").at("loss_scale"));
  }
}

TEST_F(TrainerTest, WritesWhereTheGradientsOfEachLayerLie) {
  TrainObserver silent;
  RunSpec reporting = spec("run", 5);
  reporting.loss_scale.report_every = 2;
  train(system_env(), system_clock(), reporting, {}, silent);
  std::vector<Value> reports = json_lines(join_path(folder_, "run/precision.jsonl"));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].at("step").as_integer(), 4);
  EXPECT_EQ(reports[1].at("loss_scale").as_number(), 1);
  int64_t all = 0;
  for (const Value& layer : reports[1].at("layers").as_list()) {
    int64_t counted = layer.at("zeros").as_integer() + layer.at("not_finite").as_integer();
    for (const Value& count : layer.at("histogram").as_list()) counted += count.as_integer();
    EXPECT_EQ(counted, layer.at("values").as_integer()) << layer.at("layer").as_text();
    EXPECT_EQ(layer.at("scaled"), layer.at("unscaled"));
    all += counted;
  }
  EXPECT_EQ(all, parameter_count(load_model(system_env(), join_path(folder_, "run")).network.graph()));
  // Of the activations, over both batches of the step: the head has two classes for every voxel of every patch.
  const Value& activations = reports[1].at("activations");
  ASSERT_GT(activations.as_list().size(), 4u);
  EXPECT_EQ(activations.as_list().back().at("values").as_integer(), reporting.optimizer.accumulate * reporting.sampling.batch * 2 * cube(16).voxels());
}

// Whatever a report looks at, it changes no bit of what is trained, and without one there is no file.
TEST_F(TrainerTest, AReportChangesNothing) {
  TrainObserver silent;
  for (const char* precision : {"f32", "bf16"}) {
    RunSpec plain = spec(std::string("plain-") + precision, 5), reporting = spec(std::string("reporting-") + precision, 5);
    plain.precision = reporting.precision = precision;
    reporting.loss_scale.report_every = 1;
    train(system_env(), system_clock(), plain, {}, silent);
    train(system_env(), system_clock(), reporting, {}, silent);
    LoadedModel a = load_model(system_env(), plain.out), b = load_model(system_env(), reporting.out);
    auto one = a.network.state(), other = b.network.state();
    ASSERT_EQ(one.size(), other.size());
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i].second, other[i].second)) << one[i].first;
    EXPECT_EQ(bytes(std::string("plain-") + precision + "/metrics.jsonl"), bytes(std::string("reporting-") + precision + "/metrics.jsonl"));
    EXPECT_EQ(json_lines(join_path(reporting.out, "precision.jsonl")).size(), 5u);
    EXPECT_EQ(system_env().kind(join_path(plain.out, "precision.jsonl")), FileKind::missing);
  }
}

// A run that was begun before there was a table loss_scale has none in its spec.
TEST_F(TrainerTest, ARunOfAnOlderVersionGoesOn) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("whole", 8), {}, silent);
  RunSpec half = spec("parts", 8);
  half.pause_steps = 4;
  train(system_env(), system_clock(), half, {}, silent);
  std::string path = join_path(folder_, "parts/spec.toml");
  Value recorded = parse_toml(read_text(system_env(), path), "spec"), older = Value::table();
  for (const auto& [key, value] : recorded.as_table())
    if (key != "loss_scale") older[key] = value;
  ASSERT_LT(older.as_table().size(), recorded.as_table().size());
  publish_text(system_env(), path, to_toml(older));
  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), spec("parts", 8), resume, silent);
  EXPECT_EQ(bytes("parts/model.safetensors"), bytes("whole/model.safetensors"));
}

}  // namespace tomograd
