// Whole small runs on generated scans: the loss falls, and a run that was stopped and resumed, or killed and resumed, ends
// with the same bytes as the undisturbed one.
#include "training/trainer.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "dataset/import.h"
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
    item.digest = case_digest(env, item);
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

  Value manifest(const std::string& out) { return parse_json(read_text(system_env(), join_path(folder_, out + "/manifest.json")), "manifest"); }

  // The dataset with a change, under another name.
  std::string changed_dataset(const std::string& name, const std::function<void(Dataset&)>& change) {
    Dataset dataset = read_dataset(system_env(), join_path(folder_, "dataset.json"));
    change(dataset);
    write_dataset(system_env(), dataset, join_path(folder_, name));
    return join_path(folder_, name);
  }

  std::string bytes(const std::string& path) { return digest_of_file(system_env(), join_path(folder_, path)); }

  std::string folder_;
};

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct Warnings {                                // what is told while it lives
  std::string told;
  LogSink before;
  Warnings() : before(set_log_sink([this](LogLevel level, const std::string& line) { if (level == LogLevel::warning) told += line + "\n"; })) {}
  ~Warnings() { set_log_sink(before); }
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

// What only reading the cases can show: nothing is left behind, and the corrected line starts as if nothing had been.
TEST_F(TrainerTest, ARefusedRunLeavesNothingBehind) {
  TrainObserver silent;
  RunSpec wrong = spec("run", 2);
  wrong.sampling.class_weights = {1, 2};          // there is one foreground class
  EXPECT_THROW(train(system_env(), system_clock(), wrong, {}, silent), Error);
  EXPECT_EQ(system_env().kind(wrong.out), FileKind::missing);
  std::string label = join_path(folder_, "P0_seg.nii");
  system_env().rename(label, label + ".away");
  EXPECT_THROW(train(system_env(), system_clock(), spec("run", 2), {}, silent), Error);
  EXPECT_EQ(system_env().kind(wrong.out), FileKind::missing);
  system_env().rename(label + ".away", label);
  train(system_env(), system_clock(), spec("run", 2), {}, silent);
  publish_text(system_env(), join_path(folder_, "file"), "");
  EXPECT_THROW(train(system_env(), system_clock(), spec("file/run", 2), {}, silent), Error);
}

TEST_F(TrainerTest, SkipLeavesCasesOut) {
  TrainObserver silent;
  RunSpec skipping = spec("run", 2);
  skipping.validation.patients.clear();
  skipping.preprocess.missing = "skip";
  skipping.data = changed_dataset("gaps.json", [](Dataset& dataset) { dataset.cases[1].images.erase("B"), dataset.cases[2].images.erase("A"); });
  Warnings warnings;
  TrainResult result = train(system_env(), system_clock(), skipping, {}, silent);
  EXPECT_TRUE(result.test.empty());
  Value written = manifest("run");
  for (const auto& read : written.at("reads").as_list()) EXPECT_EQ(read.at("case").as_text(), "P0");
  EXPECT_NE(warnings.told.find("case 'P1' lacks a channel and is left out of training"), std::string::npos) << warnings.told;
  EXPECT_NE(warnings.told.find("case 'P2' lacks a channel and is left out of testing"), std::string::npos) << warnings.told;
  skipping.out += "2";
  skipping.preprocess.missing = "error";
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), skipping, {}, silent); }).find("is missing"), std::string::npos);
  skipping.preprocess.missing = "skip";
  skipping.data = changed_dataset("none.json", [](Dataset& dataset) { for (auto& item : dataset.cases) item.images.erase("B"); });
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), skipping, {}, silent); }).find("none of the 2 training cases"), std::string::npos);
  EXPECT_EQ(system_env().kind(skipping.out), FileKind::missing);
}

TEST_F(TrainerTest, StartsFromAModelByName) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("model", 20), {}, silent);
  train(system_env(), system_clock(), spec("other", 2), {}, silent);
  auto first_loss = [&](const std::string& out) {
    std::string line = read_text(system_env(), join_path(folder_, out + "/metrics.jsonl"));
    return parse_json(line.substr(0, line.find('\n')), "metrics").at("loss").as_number();
  };
  RunSpec turned = spec("turned", 1);
  turned.preprocess.channels = {"B", "A"};
  TrainOptions from;
  from.init_from = join_path(folder_, "model");
  train(system_env(), system_clock(), turned, from, silent);
  EXPECT_LT(first_loss("turned"), 0.7 * first_loss("other"));  // by position A's weights would read B
  Value origin = manifest("turned").at("init_from");
  EXPECT_EQ(origin.at("digest").as_text(), digest_of_file(system_env(), join_path(folder_, "model/model.safetensors")));
  EXPECT_EQ(origin.at("channels_taken"), Value(Value::List{"B", "A"}));
  EXPECT_EQ(origin.at("weights_taken"), origin.at("weights"));

  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), turned, resume, silent);  // the model needs not be named again
  EXPECT_EQ(manifest("turned").at("init_from"), origin);
  resume.init_from = join_path(folder_, "other");
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), turned, resume, silent); }).find("began from other weights"), std::string::npos);
  resume.init_from = join_path(folder_, "model");
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), spec("other", 2), resume, silent); }).find("weights of its own"), std::string::npos);

  RunSpec deepmedic = spec("deep", 1);
  deepmedic.model = ModelSpec{};
  deepmedic.model.kind = "deepmedic";
  deepmedic.sampling.patch = cube(25);
  deepmedic.predict.tile = cube(25);
  std::string refused = error_of([&] { train(system_env(), system_clock(), deepmedic, from, silent); });
  EXPECT_NE(refused.find("nothing of the model"), std::string::npos) << refused;
  EXPECT_EQ(system_env().kind(deepmedic.out), FileKind::missing);
}

// Killed before its first checkpoint, the run has nothing but its manifest to know what it began from.
TEST_F(TrainerTest, AResumedRunWithoutACheckpointBeginsFromTheSameModel) {
  TrainObserver silent;
  train(system_env(), system_clock(), spec("model", 8), {}, silent);
  TrainOptions from, resume;
  from.init_from = join_path(folder_, "model");
  resume.resume = true;
  train(system_env(), system_clock(), spec("whole", 3), from, silent);
  train(system_env(), system_clock(), spec("parts", 3), from, silent);
  for (const char* left : {"checkpoints", "model.safetensors", "metrics.jsonl", "timing.jsonl"}) system_env().remove_tree(join_path(folder_, text("parts/", left)));
  train(system_env(), system_clock(), spec("parts", 3), resume, silent);
  EXPECT_EQ(bytes("parts/model.safetensors"), bytes("whole/model.safetensors"));
}

TEST_F(TrainerTest, AResumedRunKeepsWhatWasResolved) {
  TrainObserver silent;
  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), spec("run", 4), {}, silent);  // one thread, f32
  std::string before = bytes("run/model.safetensors");
  RunSpec open = spec("run", 4);
  open.threads = 0, open.precision = "auto", open.device = "auto";
  train(system_env(), system_clock(), open, resume, silent);
  EXPECT_EQ(bytes("run/model.safetensors"), before);
  open.threads = 3;
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), open, resume, silent); }).find("threads was 1, now 3"), std::string::npos);
}

TEST_F(TrainerTest, WhatIsLeftOpenFollowsFromTheTrainingCasesAlone) {
  Dataset dataset = read_dataset(system_env(), join_path(folder_, "dataset.json"));
  dataset.cases[2].geometry.affine[2][2] = 7;    // the test patient's slices, in mm
  dataset.cases[0].roi = dataset.cases[0].label;
  RunSpec open = spec("run", 1);
  Split split = make_split(dataset, {"P1"}, {"P2"}, 0, 1);
  RunSpec resolved = resolve(system_env(), open, dataset, split);
  EXPECT_EQ(resolved.model.spacing, (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(resolved.preprocess.normalize, "zscore_roi");
  dataset.cases[0].geometry.affine[2][2] = 5;
  dataset.cases[0].roi.clear(), dataset.cases[2].roi = dataset.cases[2].label;
  resolved = resolve(system_env(), open, dataset, split);
  EXPECT_EQ(resolved.model.spacing, (std::vector<double>{5, 1, 1}));
  EXPECT_EQ(resolved.preprocess.normalize, "zscore");
  open.sampling.case_weights["P7"] = 2;
  EXPECT_NE(error_of([&] { (void)resolve(system_env(), open, dataset, split); }).find("P7"), std::string::npos);
}

TEST_F(TrainerTest, AHeldBackCaseWithoutAnRoiIsStillPredicted) {
  TrainObserver silent;
  RunSpec with_roi = spec("run", 2);
  with_roi.data = changed_dataset("roi.json", [](Dataset& dataset) { dataset.cases[0].roi = dataset.cases[0].label; });
  with_roi.sampling.foreground = 1;              // the label as ROI leaves no background
  Warnings warnings;
  EXPECT_EQ(train(system_env(), system_clock(), with_roi, {}, silent).test.size(), 1u);
  EXPECT_NE(warnings.told.find("case 'P2' has no ROI"), std::string::npos) << warnings.told;
}

TEST_F(TrainerTest, ChangedFilesAreToldAtTheStartAndRefusedOnResume) {
  TrainObserver silent;
  TrainOptions resume;
  resume.resume = true;
  train(system_env(), system_clock(), spec("run", 2), {}, silent);
  EXPECT_EQ(manifest("run").at("inputs").as_list().size(), 3u);
  std::string scan = join_path(folder_, "P2_A.nii");
  Volume volume = read_nifti(system_env(), scan);
  volume.voxels[0] += 1;
  write_nifti(system_env(), scan, volume);
  std::string refused = error_of([&] { train(system_env(), system_clock(), spec("run", 2), resume, silent); });
  EXPECT_NE(refused.find("files of case 'P2' have changed since this run began"), std::string::npos) << refused;
  Warnings warnings;
  train(system_env(), system_clock(), spec("again", 2), {}, silent);
  EXPECT_NE(warnings.told.find("case 'P2': its files are not those that were imported"), std::string::npos) << warnings.told;
  EXPECT_EQ(warnings.told.find("'P1'"), std::string::npos);
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

}  // namespace tomograd
