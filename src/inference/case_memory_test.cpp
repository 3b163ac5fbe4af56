// The plan against what the steps really take, by the budget of counted memory: a stage passes with exactly what was planned for
// it, and does not with much less (a plan that is far too high would refuse what fits).
#include "inference/case_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/memory.h"
#include "dataset/prepared_case.h"
#include "inference/test_networks.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

constexpr Extent size{40, 130, 170};

class CaseMemory : public ::testing::Test {
 protected:
  CaseMemory() : folder_((std::filesystem::temp_directory_path() / ("tomograd-case-memory-" + std::to_string(::getpid()))).string()) {
    std::filesystem::create_directories(folder_);
    for (const char* channel : {"A", "B", "C"}) dataset_.modalities.push_back(channel);
    dataset_.labels = {{"one", {1}}};
    item_.id = item_.patient = "K1";
  }
  ~CaseMemory() override {
    set_memory_budget(0);
    std::filesystem::remove_all(folder_);
  }

  // Voxels of value(i), an x axis that runs backwards when `flipped`.
  std::string image(const std::string& name, bool flipped, const std::function<float(int64_t)>& value) {
    Volume volume{Geometry{size, {}}, Buffer<float>(size.voxels())};
    volume.geometry = Geometry{};
    volume.geometry.size = size;
    if (flipped) volume.geometry.affine[0][0] = -1;
    for (int64_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = value(i);
    std::string path = join_path(folder_, name);
    write_nifti(system_env(), path, volume);
    return path;
  }
  void images(const std::string& end, bool flipped) {
    for (const auto& channel : dataset_.modalities) item_.images[channel] = image(channel + end, flipped, [](int64_t i) { return float((i * 2654435761u) % 4093); });
  }

  bool passes(int64_t bytes, const std::function<void()>& stage) {
    set_memory_budget(counted_bytes() + bytes);
    bool passed = true;
    try {
      stage();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::budget) throw;
      passed = false;
    }
    set_memory_budget(0);
    return passed;
  }

  void expect_stages(const PreprocessSpec& spec) {
    constexpr double least = 0.35;               // of such small volumes: blocks that the heap may keep are added up
    CaseSizes sizes = case_sizes(system_env(), dataset_, item_, spec);
    ClassMap classes = make_class_map(dataset_, {});
    PreparedCase prepared;
    auto prepare = [&] { prepared = prepare_case(system_env(), dataset_, item_, spec, classes, false); };
    prepare();
    CasePlan plan = plan_case(padded_graph(3, 2), sizes, prepared.geometry.size, PredictSpec(), PostprocessSpec(), 4, 0);
    EXPECT_EQ(sizes.cropped ? prepared.resampled.size : prepared.geometry.size, sizes.prepared);
    prepared = {};
    EXPECT_TRUE(passes(plan.preparing_bytes, prepare)) << bytes_text(plan.preparing_bytes);
    prepared = {};
    EXPECT_FALSE(passes(int64_t(least * double(plan.preparing_bytes)), prepare)) << bytes_text(plan.preparing_bytes);
    prepare();
    Buffer<uint8_t> labels(prepared.geometry.size.voxels(), 1);
    auto write = [&] {
      LabelVolume volume = to_original(prepared, labels);
      labels = {};
      write_nifti_labels(system_env(), join_path(folder_, "labels.nii.gz"), volume, &prepared.header);
    };
    labels = Buffer<uint8_t>(prepared.geometry.size.voxels(), 1);
    EXPECT_TRUE(passes(plan.writing_bytes - labels.size(), write)) << bytes_text(plan.writing_bytes);
  }

  std::string folder_;
  Dataset dataset_;
  Case item_;
};

TEST_F(CaseMemory, StagesTakeWhatIsPlanned) {
  for (bool flipped : {false, true})
    for (std::string end : {".nii", ".nii.gz"}) {
      SCOPED_TRACE(end + (flipped ? " flipped" : ""));
      images(end, flipped);
      PreprocessSpec spec;
      spec.normalize = "zscore";
      expect_stages(spec);
      spec.spacing = {0.9, 0.8, 1.1};
      expect_stages(spec);
    }
}

TEST_F(CaseMemory, CropsAndRegions) {
  images(".nii.gz", true);
  item_.roi = image("roi.nii.gz", true, [](int64_t i) { return float(i % size.x < 40); });
  PreprocessSpec spec;
  spec.crop = "roi";
  spec.normalize = "zscore_roi";
  expect_stages(spec);
  spec.spacing = {1, 1.3, 1.3};
  expect_stages(spec);
  item_.images.erase("B");                       // a channel of zeros
  expect_stages(spec);
}

TEST_F(CaseMemory, EveryStageIsHeldAgainstTheLimit) {
  images(".nii.gz", false);
  PreprocessSpec spec;
  CaseSizes sizes = case_sizes(system_env(), dataset_, item_, spec);
  PostprocessSpec post;
  post.fill_holes = true;
  CasePlan plan = plan_case(padded_graph(3, 2), sizes, size, PredictSpec(), post, 4, 0);
  EXPECT_EQ(plan.peak_bytes(), std::max({plan.preparing_bytes, plan.predicting_bytes, plan.cleaning_bytes, plan.writing_bytes}));
  for (int64_t limit = plan.peak_bytes(); limit > plan.peak_bytes() / 3; limit -= plan.peak_bytes() / 40) {
    try {
      EXPECT_LE(plan_case(padded_graph(3, 2), sizes, size, PredictSpec(), post, 4, limit).peak_bytes(), limit);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::budget);
      EXPECT_NE(error.message().find(bytes_text(limit)), std::string::npos) << error.message();
    }
  }
  EXPECT_THROW(plan_case(padded_graph(3, 2), sizes, size, PredictSpec(), post, 4, 1000), Error);
}

TEST_F(CaseMemory, OnlyHeadersAreRead) {
  item_.images["A"] = image("A.nii.gz", false, [](int64_t i) { return float((i * 2654435761u) % 4093); });
  std::filesystem::resize_file(item_.images["A"], 100'000);  // voxels cut short
  PreprocessSpec spec;
  EXPECT_EQ(case_sizes(system_env(), dataset_, item_, spec).prepared, size);
  EXPECT_TRUE(passes(int64_t{1} << 20, [&] { case_sizes(system_env(), dataset_, item_, spec); }));
  item_.images["A"] = join_path(folder_, "nowhere.nii");
  EXPECT_THROW(case_sizes(system_env(), dataset_, item_, spec), Error);
}

}  // namespace
}  // namespace tomograd
