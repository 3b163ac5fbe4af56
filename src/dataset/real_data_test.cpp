// On four real glioma patients, whose files hold the traps that tests made by hand forget; skipped where they are not there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "dataset/dataset_test_files.h"
#include "dataset/import.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"

namespace tomograd {
namespace {

std::string real_data() {
  const char* given = std::getenv("TOMOGRAD_REAL_DATA");
  std::string path = join_path(given ? given : TOMOGRAD_SOURCE_DIR "/../shared/data", "brats-example");
  return system_env().kind(path) == FileKind::directory ? path : "";
}

// Voxels of labels 1 to 4 and of the brain mask, counted from the files by another program.
const std::map<std::string, std::vector<int64_t>> known_voxels = {
    {"brats_2013_pat0003_1", {1252, 148264, 3162, 21250, 1690470}},
    {"brats_2013_pat0004_1", {12956, 45203, 44699, 17816, 1245191}},
    {"brats_2013_pat0005_1", {23030, 35416, 3882, 18354, 1523743}},
    {"brats_2013_pat0006_1", {41838, 109935, 22228, 43379, 1084095}},
};

TEST(RealData, GliomaPatientsAreReadAsTheyAre) {
  std::string path = real_data();
  if (path.empty()) GTEST_SKIP() << "no real scans at ../shared/data nor at TOMOGRAD_REAL_DATA";
  ThreadPool pool(2);
  Imported imported = import_dataset(system_env(), path, {}, pool);
  Dataset& dataset = imported.dataset;
  EXPECT_EQ(dataset.modalities, (std::vector<std::string>{"Flair", "T1c"}));
  // The importer must find every folder that is there, however many of the four patients that are.
  std::vector<std::string> folders;
  for (const auto& name : system_env().list(path))
    if (system_env().kind(join_path(path, name)) == FileKind::directory) folders.push_back(name);
  if (folders.empty()) GTEST_SKIP() << "no patient in " << path;
  EXPECT_EQ(dataset.patients(), folders);
  ASSERT_EQ(dataset.labels.size(), 4u);

  const Case& item = dataset.cases.at(0);
  ASSERT_TRUE(known_voxels.contains(item.id)) << item.id;
  const std::vector<int64_t>& expected = known_voxels.at(item.id);
  PreprocessSpec spec;
  spec.crop = "nonzero";  // the background is a constant that is not zero
  PreparedCase prepared = prepare_case(system_env(), dataset, item, spec, make_class_map(dataset, {}), true);
  EXPECT_EQ(prepared.geometry.orientation(), "RAS");  // stored as LPS
  EXPECT_TRUE(fits_inside(prepared.geometry.size, {155, 200, 200}));
  int64_t inside = 0;
  for (uint8_t v : prepared.roi) inside += v;
  EXPECT_EQ(inside, expected[4]);  // a mask of 0.99999997, int32 with slope 2^-32
  LabelIndex index = make_label_index(prepared.geometry.size, prepared.labels, prepared.roi, 5);
  std::vector<int64_t> counts(5, 0);
  for (uint8_t v : prepared.labels) ++counts[v];
  EXPECT_EQ(std::vector<int64_t>(counts.begin() + 1, counts.end()), std::vector<int64_t>(expected.begin(), expected.begin() + 4));
  for (int64_t cls = 1; cls < 5; ++cls) EXPECT_LE(index.voxels_of(cls), counts[size_t(cls)]);
  for (size_t c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < prepared.roi.size(); ++i)
      if (prepared.roi[i]) sum += prepared.images[c][i], squares += double(prepared.images[c][i]) * prepared.images[c][i];
    EXPECT_NEAR(sum / double(inside), 0, 1e-6);  // float rounding (6e-8) of values up to 10, averaged
    EXPECT_NEAR(std::sqrt(squares / double(inside)), 1, 1e-6);
    EXPECT_LT(prepared.outside[c], -0.5);
    EXPECT_EQ(prepared.images[c][0], prepared.outside[c]);
  }
  LabelVolume back = to_original(prepared, prepared.labels), truth = read_nifti_labels(system_env(), item.label);
  EXPECT_EQ(back.geometry.affine, prepared.header.geometry.affine);
  EXPECT_TRUE(std::equal(back.voxels.begin(), back.voxels.end(), truth.voxels.begin(), truth.voxels.end()));
}

}  // namespace
}  // namespace tomograd
