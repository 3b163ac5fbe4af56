// Real scans and their traps: a mask stored as int32 with slope 2^-32, labels stored as float32, a background that is a
// negative constant. They are no part of the project; without them these tests are skipped.
#include <cstdlib>
#include <filesystem>

#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

class RealScans : public ::testing::Test {
 protected:
  std::string data;
  void SetUp() override {
    const char* set = std::getenv("TOMOGRAD_REAL_DATA");
    data = set ? set : TOMOGRAD_SOURCE_DIR "/../shared/data";
    if (!std::filesystem::exists(data + "/brats-example")) GTEST_SKIP() << "no real scans at " << data;
  }
};

TEST_F(RealScans, BrainMaskAndLabels) {
  std::string folder = data + "/brats-example/brats_2013_pat0003_1/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the patient this test was written for is not there: " << folder;
  NiftiHeader header;
  LabelVolume mask = read_nifti_labels(system_env(), folder + "brainmask.nii.gz", &header);
  EXPECT_EQ(header.type, VoxelType::i32);
  EXPECT_EQ(mask.geometry.size, (Extent{155, 240, 240}));
  EXPECT_EQ(mask.geometry.orientation(), "LPS");
  int64_t inside = 0;
  for (uint16_t v : mask.voxels) {
    ASSERT_LE(v, 1);
    inside += v;
  }
  EXPECT_GT(inside, 1000000);
  EXPECT_LT(inside, 2000000);
  Volume as_image = read_nifti(system_env(), folder + "brainmask.nii.gz");
  float largest = 0;
  for (float v : as_image.voxels) largest = std::max(largest, v);
  EXPECT_NE(largest, 0.0f);

  LabelVolume labels = read_nifti_labels(system_env(), folder + "OTMultiClass.nii.gz", &header);
  EXPECT_EQ(header.type, VoxelType::f32);
  std::array<int64_t, 5> counts{};
  for (uint16_t v : labels.voxels) {
    ASSERT_LE(v, 4);
    counts[v]++;
  }
  for (int64_t c : counts) EXPECT_GT(c, 0);

  Volume image = read_nifti(system_env(), folder + "T1c_subtrMeanDivStd.nii.gz");
  std::string reason;
  EXPECT_TRUE(same_grid(image.geometry, labels.geometry, 1e-3, &reason)) << reason;
  EXPECT_TRUE(same_grid(image.geometry, mask.geometry, 1e-3, &reason)) << reason;
  double sum = 0;
  for (int64_t i = 0; i < image.voxels.size(); ++i) sum += mask.voxels[i] ? double(image.voxels[i]) : 0;
  EXPECT_NEAR(sum / double(inside), 0, 0.5);   // z-scored inside another mask of the brain
  EXPECT_LT(image.voxels[0], 0);               // its background is not 0
}

TEST_F(RealScans, EveryScanOpensAndRoundTrips) {
  TemporaryFolder out;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    std::string path = entry.path().string();
    if (path.size() < 7 || path.substr(path.size() - 7) != ".nii.gz") continue;
    ++files;
    EXPECT_NO_THROW(read_nifti_header(system_env(), path)) << path;
  }
  int patients = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data + "/brats-example")) patients += entry.is_directory();
  ASSERT_GT(patients, 0);
  EXPECT_GE(files, 4 * patients + 1);            // two images, label and mask of each, and the head
  NiftiHeader header, again;
  Volume head = read_nifti(system_env(), data + "/head-t1/chris_t1.nii.gz", 0, &header);
  EXPECT_EQ(head.geometry.size.voxels(), int64_t{188} * 256 * 190);
  write_nifti(system_env(), out / "head.nii.gz", head, &header);
  Volume back = read_nifti(system_env(), out / "head.nii.gz", 0, &again);
  EXPECT_EQ(std::memcmp(head.voxels.data(), back.voxels.data(), size_t(head.voxels.size()) * 4), 0);
  EXPECT_EQ(head.geometry.affine, back.geometry.affine);
}

}  // namespace
}  // namespace tomograd
