// Whole small runs on generated scans: the loss falls, and a run that was stopped and resumed, or killed and resumed, ends
// with the same bytes as the undisturbed one.
#include "training/trainer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "support/fault_env.h"
#include "training/model_file.h"
#include "training/trainer_test_run.h"

namespace tomograd {

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

TEST_F(TrainerTest, APausedRunGoesOnAsIfItHadNotPaused) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("whole", 14), {}, silent);
  TrainOptions resume;
  resume.resume = true;
  for (int64_t pause : {3, 3, 9, 0}) {           // between checkpoints; once more, as after a kill; to the end
    RunSpec part = spec("parts", 14);
    part.pause_steps = pause;
    TrainResult result = train(system_env(), system_clock(), part, resume, silent);
    EXPECT_EQ(result.steps, pause > 0 ? pause : 14);
    EXPECT_EQ(result.test.size(), 1u);           // its model is there and tested, whatever its age
    EXPECT_EQ(manifest("parts").at("state").as_text(), pause > 0 ? "paused" : "finished");
  }
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

TEST_F(TrainerTest, TheRunFolderSaysWhatWasSampledAndByWhatVersion) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("run", 2), {}, silent);
  Value sampling = parse_json(read_text(system_env(), join_path(folder_, "run/sampling.json")), "sampling");
  EXPECT_EQ(sampling.at("patches").as_integer(), 8);
  EXPECT_EQ(sampling.at("classes").as_list()[1].at("class").as_text(), "ball");
  EXPECT_EQ(sampling.at("classes").as_list()[1].at("realised_share").as_number(), 0.5);
  EXPECT_EQ(manifest("run").at("state").as_text(), "finished");
  EXPECT_FALSE(manifest("run").at("version").as_text().empty());
}

TEST_F(TrainerTest, PatienceEndsTheRun) {
  TrainObserver silent;
  RunSpec idle = spec("run", 40);
  idle.optimizer.learning_rate = 0;              // no validation can be better than the first, at step 2
  idle.validation.every_steps = 2, idle.validation.patience = 2;
  EXPECT_EQ(train(system_env(), system_clock(), idle, {}, silent).steps, 6);
  idle.out += "2", idle.validation.patience = 0, idle.max_steps = 8;
  EXPECT_EQ(train(system_env(), system_clock(), idle, {}, silent).steps, 8);
}

TEST_F(TrainerTest, CleaningIsChosenOnValidationCasesAndStaysWithTheModel) {
  TrainObserver silent;
  RunSpec automatic = spec("run", 8);
  automatic.postprocess.mode = "auto";
  TrainResult result = train(system_env(), system_clock(), automatic, {}, silent);
  RunSpec kept = load_model(system_env(), join_path(folder_, "run")).spec;
  double best = -1, chosen = -1, none = -1;
  Value written = manifest("run");
  for (const auto& entry : written.at("postprocess").as_list()) {
    double dice = entry.at("validation_dice").as_number();
    best = std::max(best, dice);
    if (entry.at("cleaning").as_text() == "none") none = dice;
    if (entry.at("chosen").as_bool()) chosen = dice;
  }
  EXPECT_GE(none, 0);
  EXPECT_NEAR(chosen, best, 1e-8);
  EXPECT_EQ(result.validation_dice, chosen);
  EXPECT_NE(kept.postprocess.mode, "auto");
  automatic.out += "2", automatic.validation.patients.clear();
  Warnings warnings;
  train(system_env(), system_clock(), automatic, {}, silent);
  EXPECT_NE(warnings.told.find("no validation case to choose by: none"), std::string::npos) << warnings.told;
  EXPECT_EQ(load_model(system_env(), join_path(folder_, "run2")).spec.postprocess.mode, "none");
}

TEST_F(TrainerTest, WritesThePredictionsItScored) {
  TrainObserver silent;
  TrainOptions options;
  options.write_predictions = join_path(folder_, "predicted");
  TrainResult result = train(system_env(), system_clock(), spec("run", 20), options, silent);
  EXPECT_EQ(system_env().list(options.write_predictions), std::vector<std::string>{"P2.nii.gz"});
  LabelVolume predicted = read_nifti_labels(system_env(), join_path(options.write_predictions, "P2.nii.gz")), truth = read_nifti_labels(system_env(), join_path(folder_, "P2_seg.nii"));
  ASSERT_EQ(predicted.voxels.size(), truth.voxels.size());
  double both = 0, all = 0;
  for (int64_t i = 0; i < truth.voxels.size(); ++i) both += predicted.voxels[i] == 1 && truth.voxels[i] == 1, all += (predicted.voxels[i] == 1) + (truth.voxels[i] == 1);
  EXPECT_NEAR(2 * both / all, result.test[0].dice[0], 1e-12);
}

TEST_F(TrainerTest, WritesPredictionsInTheValuesOfTheTruth) {
  for (const char* patient : {"P0", "P1", "P2", "P3"}) {
    std::string path = join_path(folder_, std::string(patient) + "_seg.nii");
    if (system_env().kind(path) != FileKind::file) continue;
    LabelVolume labels = read_nifti_labels(system_env(), path);
    for (uint16_t& voxel : labels.voxels) voxel *= 3;
    write_nifti_labels(system_env(), path, labels);
  }
  RunSpec threes = spec("run", 20);
  threes.classes.names = {"ball"}, threes.classes.values = {{3}};
  TrainOptions options;
  options.write_predictions = join_path(folder_, "predicted");
  TrainObserver silent;
  train(system_env(), system_clock(), threes, options, silent);
  std::set<uint16_t> values;
  for (uint16_t voxel : read_nifti_labels(system_env(), join_path(options.write_predictions, "P2.nii.gz")).voxels) values.insert(voxel);
  EXPECT_EQ(values, (std::set<uint16_t>{0, 3}));
}

}  // namespace tomograd
