// Training from block stores: the same run as from the NIfTI files of the same voxels.
#include "dataset/scan_file.h"
#include "training/cases.h"
#include "training/trainer_test_run.h"
#include "volume/block_store.h"

namespace tomograd {
namespace {

class StoredTrainerTest : public TrainerTest {
 protected:
  void SetUp() override {
    TrainerTest::SetUp();
    stored_ = changed_dataset("stored.json", [&](Dataset& dataset) {
      for (Case& item : dataset.cases) {
        for (auto& [modality, path] : item.images) {
          ThreadPool pool(1);
          auto image = open_nifti_slabs(system_env(), path), label = open_nifti_slabs(system_env(), item.label);
          BlockStoreOptions options;
          options.block = {8, 12, 16};
          write_block_store(system_env(), *image, {{"label", label.get()}}, path + ".zarr", options, pool);
          path += ".zarr";
        }
        item.label = item.images.at("A") + "/labels/label";
        item.digest = case_digest(system_env(), item);
      }
    });
  }
  RunSpec stored_spec(const std::string& out, int64_t steps) {
    RunSpec result = spec(out, steps);
    result.data = stored_;
    return result;
  }
  std::string refused(const std::function<void(RunSpec&)>& change) {
    RunSpec given = stored_spec("refused", 2);
    change(given);
    TrainObserver silent;
    std::string error = error_of([&] { train(system_env(), system_clock(), given, {}, silent); });
    EXPECT_EQ(system_env().kind(given.out), FileKind::missing) << error;
    return error;
  }
  std::string stored_;
};

TEST_F(StoredTrainerTest, IsTheSameRun) {
  TrainObserver silent;
  Warnings warnings;
  TrainOptions options;
  options.write_predictions = join_path(folder_, "predictions");
  TrainResult nifti = train(system_env(), system_clock(), spec("nifti", 12), {}, silent), stored = train(system_env(), system_clock(), stored_spec("stored", 12), options, silent);
  EXPECT_EQ(warnings.told, "");
  EXPECT_EQ(bytes("stored/metrics.jsonl"), bytes("nifti/metrics.jsonl"));
  EXPECT_EQ(bytes("stored/sampling.json"), bytes("nifti/sampling.json"));
  EXPECT_EQ(stored.validation_dice, nifti.validation_dice);
  EXPECT_EQ(stored.test.at(0).dice, nifti.test.at(0).dice);
  EXPECT_EQ(read_nifti_labels(system_env(), join_path(folder_, "predictions/P2.nii.gz")).geometry.size, (Extent{20, 22, 24}));
  StopAt stopper(8);
  TrainOptions stop, resume;
  stop.stop = stopper.source.get_token(), resume.resume = true;
  EXPECT_THROW(train(system_env(), system_clock(), stored_spec("parts", 12), stop, stopper), Error);
  train(system_env(), system_clock(), stored_spec("parts", 12), resume, silent);
  EXPECT_EQ(bytes("parts/model.safetensors"), bytes("stored/model.safetensors"));
}

TEST_F(StoredTrainerTest, SaysWhatStoresCannotDo) {
  auto holds = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  std::string error = refused([](RunSpec& s) { s.preprocess.crop = "nonzero"; });
  EXPECT_TRUE(holds(error, "preprocess.crop is 'nonzero'")) << error;
  error = refused([](RunSpec& s) { s.preprocess.spacing = {2, 2, 2}; });
  EXPECT_TRUE(holds(error, "preprocess.spacing is 2, 2, 2")) << error;
  error = refused([](RunSpec& s) { s.sampling.patch = {0, 0, 0}; });
  EXPECT_TRUE(holds(error, "sampling.patch is 0,0,0")) << error;
}

TEST_F(StoredTrainerTest, AStoreThatChangedIsTold) {
  Dataset dataset = read_dataset(system_env(), stored_);
  const Case& item = dataset.cases[0];
  EXPECT_EQ(changed_since_import(system_env(), item), "");
  publish_text(system_env(), join_path(item.images.at("B"), "s0/c/0/0/0/0"), "other bytes");
  EXPECT_NE(changed_since_import(system_env(), item), "");
  EXPECT_EQ(channel_bytes_per_scan(system_env(), dataset, {"A"}), 20 * 22 * 24 * 4);
  system_env().remove_tree(item.images.at("B"));
  EXPECT_EQ(changed_since_import(system_env(), item), "the file of B is gone");
}

}  // namespace
}  // namespace tomograd
