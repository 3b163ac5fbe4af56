// Whole small runs on generated scans: the loss falls, and a run that was stopped and resumed, or killed and resumed, ends
// with the same bytes as the undisturbed one.
#include "training/trainer.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"
#include "spec/text_formats.h"
#include "support/fault_env.h"
#include "training/model_file.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

// Three patients of 20 x 22 x 24 voxels with one bright ball each, visible in channel A; channel B is noise.
void make_scans(const std::string& folder) {
  Env& env = system_env();
  Dataset dataset;
  dataset.modalities = {"A", "B"};
  dataset.labels = {{"ball", {1}}};
  for (int patient = 0; patient < 3; ++patient) {
    Random random(1, "scan", 0, uint64_t(patient));
    Geometry geometry;
    geometry.size = {20, 22, 24};
    Volume a{geometry, Buffer<float>(geometry.size.voxels())}, b{geometry, Buffer<float>(geometry.size.voxels())};
    LabelVolume label{geometry, Buffer<uint16_t>(geometry.size.voxels())};
    double cz = random.uniform(7, 13), cy = random.uniform(7, 14), cx = random.uniform(7, 16);
    for (int64_t z = 0; z < 20; ++z)
      for (int64_t y = 0; y < 22; ++y)
        for (int64_t x = 0; x < 24; ++x) {
          int64_t i = a.index(z, y, x);
          bool inside = (z - cz) * (z - cz) + (y - cy) * (y - cy) + (x - cx) * (x - cx) < 25;
          label.voxels[i] = inside;
          a.voxels[i] = float(random.normal() + (inside ? 4 : 0));
          b.voxels[i] = float(random.normal());
        }
    Case item;
    item.id = item.patient = text("P", patient);
    item.geometry = geometry;
    for (auto* volume : {&a, &b}) {
      std::string path = join_path(folder, text(item.id, volume == &a ? "_A" : "_B", ".nii"));
      write_nifti(env, path, *volume);
      item.images[volume == &a ? "A" : "B"] = path;
    }
    item.label = join_path(folder, item.id + "_seg.nii");
    write_nifti_labels(env, item.label, label);
    item.digest = "none";
    dataset.cases.push_back(item);
  }
  write_dataset(env, dataset, join_path(folder, "dataset.json"));
}

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/tomograd-train-XXXXXX";
    folder_ = mkdtemp(path);
    make_scans(folder_);
  }
  void TearDown() override { system_env().remove_tree(folder_); }

  RunSpec spec(const std::string& out, int64_t steps) {
    RunSpec spec = spec_from<RunSpec>(parse_toml(R"(
      threads = 1
      precision = "f32"
      [model]
      channels = [4, 8]
      residual_units = 1
      [sampling]
      patch = [16, 16, 16]
      epoch_patches = 8
      [optimizer]
      learning_rate = 1e-2
      average = 0.9
      accumulate = 2
      [predict]
      tile = [16, 16, 16]
      [checkpoint]
      every_steps = 4
      [validation]
      patients = ["P1"]
      test_patients = ["P2"]
      every_steps = 5
    )", "test"));
    spec.data = join_path(folder_, "dataset.json");
    spec.out = join_path(folder_, out);
    spec.max_steps = steps;
    return spec;
  }

  std::string bytes(const std::string& path) { return digest_of_file(system_env(), join_path(folder_, path)); }

  std::string folder_;
};

struct StopAt : TrainObserver {
  int64_t step;
  std::stop_source source;
  explicit StopAt(int64_t at) : step(at) {}
  void checkpoint(int64_t now) override {
    if (now == step) source.request_stop();
  }
};

}  // namespace

TEST_F(TrainerTest, LearnsTheBallAndScoresTheUnseenPatient) {
  TrainObserver silent;
  TrainResult result = train(system_env(), system_clock(), spec("run", 40), {}, silent);
  EXPECT_EQ(result.steps, 40);
  ASSERT_EQ(result.test.size(), 1u);
  EXPECT_EQ(result.test[0].patient, "P2");
  EXPECT_GT(result.test[0].dice[0], 0.7);
  EXPECT_GT(result.validation_dice, 0.7);
  LoadedModel model = load_model(system_env(), join_path(folder_, "run"));
  EXPECT_EQ(model.channels, (std::vector<std::string>{"A", "B"}));
  Value manifest = parse_json(read_text(system_env(), join_path(folder_, "run/manifest.json")), "manifest");
  for (const auto& read : manifest.at("reads").as_list()) EXPECT_EQ(read.at("case").as_text() == "P2", read.at("read_for").as_text() == "test");
}

TEST_F(TrainerTest, StoppedAndResumedIsTheSameRun) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("whole", 14), {}, silent);
  StopAt stopper(8);
  TrainOptions options;
  options.stop = stopper.source.get_token();
  EXPECT_THROW(train(system_env(), system_clock(), spec("parts", 14), options, stopper), Error);
  EXPECT_THROW(train(system_env(), system_clock(), spec("parts", 14), {}, silent), Error);  // a run is there; resume was not said
  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), spec("parts", 14), resume, silent);
  EXPECT_EQ(bytes("parts/model.safetensors"), bytes("whole/model.safetensors"));
  EXPECT_EQ(bytes("parts/metrics.jsonl"), bytes("whole/metrics.jsonl"));
}

TEST_F(TrainerTest, ResumedAfterEachStepIsTheSameRun) {
  TrainObserver silent;
  auto at_each_step = [&](const std::string& out) {
    RunSpec every = spec(out, 9);
    every.checkpoint.every_steps = 1;
    return every;
  };
  train(system_env(), system_clock(), at_each_step("whole"), {}, silent);
  for (int64_t step = 1; step < 9; ++step) {
    std::string out = text("parts", step);
    StopAt stopper(step);
    TrainOptions options;
    options.stop = stopper.source.get_token();
    EXPECT_THROW(train(system_env(), system_clock(), at_each_step(out), options, stopper), Error);
    TrainOptions resume;
    resume.resume = true;
    train(system_env(), system_clock(), at_each_step(out), resume, silent);
    EXPECT_EQ(bytes(out + "/model.safetensors"), bytes("whole/model.safetensors")) << "stopped after step " << step;
    EXPECT_EQ(bytes(out + "/metrics.jsonl"), bytes("whole/metrics.jsonl")) << "stopped after step " << step;
  }
}

// The disk fills up at the n-th write: the run ends with a sentence, and with space again it ends as if nothing had been.
TEST_F(TrainerTest, AFullDiskCostsNothingThatWasDone) {
  TrainObserver silent;
  FaultEnv counted(system_env());
  train(counted, system_clock(), spec("whole", 9), {}, silent);
  int64_t all = counted.operations();
  ASSERT_GT(all, 100);
  for (int64_t number = 3; number < all; number += all / 12) {
    std::string out = text("parts", number);
    FaultEnv full(system_env());
    full.fail_at(number, true);
    try {
      train(full, system_clock(), spec(out, 9), {}, silent);
      ADD_FAILURE() << "operation " << number << " failed unsaid";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failure);
      EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
    }
    TrainOptions resume;
    resume.resume = true;
    train(system_env(), system_clock(), spec(out, 9), resume, silent);
    EXPECT_EQ(bytes(out + "/model.safetensors"), bytes("whole/model.safetensors")) << "full at operation " << number << " of " << all;
    EXPECT_EQ(bytes(out + "/metrics.jsonl"), bytes("whole/metrics.jsonl")) << "full at operation " << number << " of " << all;
  }
}

TEST_F(TrainerTest, ADamagedCheckpointFallsBackToTheOneBefore) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("whole", 12), {}, silent);
  StopAt stopper(8);
  TrainOptions options;
  options.stop = stopper.source.get_token();
  EXPECT_THROW(train(system_env(), system_clock(), spec("parts", 12), options, stopper), Error);
  std::string newest = join_path(folder_, "parts/checkpoints/step-8.safetensors");
  system_env().truncate(newest, system_env().file_size(newest) - 7);
  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), spec("parts", 12), resume, silent);
  EXPECT_EQ(bytes("parts/model.safetensors"), bytes("whole/model.safetensors"));
}

TEST_F(TrainerTest, AnotherSpecIsRefusedOnResume) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("run", 4), {}, silent);
  RunSpec other = spec("run", 4);
  other.optimizer.learning_rate = 5e-3;
  TrainOptions resume;
  resume.resume = true;
  try {
    train(system_env(), system_clock(), other, resume, silent);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("optimizer.learning_rate was 0.01, now 0.005"), std::string::npos) << error.what();
  }
}

}  // namespace tomograd
