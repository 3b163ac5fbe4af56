// What a run begins from: refusals that leave nothing, cases left out, weights of another model, what was resolved, changed files.
#include "training/trainer.h"

#include "support/fault_env.h"
#include "training/model_file.h"
#include "training/trainer_test_run.h"

namespace tomograd {

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

}  // namespace tomograd
