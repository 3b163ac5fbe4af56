#include "dataset/phantom.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "dataset/phantom_anatomy.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

constexpr Extent small{18, 72, 72};

const HeadNeckScan& default_scan() {
  static const HeadNeckScan scan = make_head_neck_scan({.patients = 3, .size = small, .seed = 5}, 1, 0);
  return scan;
}

double mean_over(const Volume& volume, const std::vector<int64_t>& voxels) {
  double sum = 0;
  for (int64_t i : voxels) sum += volume.voxels[i];
  return sum / double(voxels.size());
}

// All voxels of one kind of blob in one modality.
std::vector<int64_t> voxels_of(const HeadNeckScan& scan, int modality, bool lesion, bool in_modality) {
  std::vector<int64_t> voxels;
  for (const auto& blob : scan.blobs)
    if ((blob.target > 0) == lesion && (blob.modality == modality) == in_modality) voxels.insert(voxels.end(), blob.voxels.begin(), blob.voxels.end());
  return voxels;
}

std::string temporary_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "tomograd-phantom-XXXXXX").string();
  if (!mkdtemp(path.data())) throw std::runtime_error("mkdtemp failed");
  return path;
}

TEST(Apportion, GivesEveryVoxelAndStaysWithinOne) {
  std::vector<double> weights = {0.31, 0, 2.5, 1.0 / 3, 7};
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (int64_t total : {0, 1, 2, 7, 100, 12345}) {
    auto parts = apportion(total, weights);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), total);
    EXPECT_EQ(parts[1], 0);
    for (size_t i = 0; i < parts.size(); ++i) EXPECT_LT(std::abs(double(parts[i]) - double(total) * weights[i] / sum), 1.0) << total << " " << i;
  }
}

TEST(Apportion, FindsTotalsThatDivideEvenly) {
  EXPECT_EQ(exact_total(1000, {64, 32, 16, 8, 4, 2, 1}), 889);   // 7 x 127
  EXPECT_EQ(exact_total(100, {64, 32, 16, 8, 4, 2, 1}), 100);    // none below 127
  EXPECT_EQ(exact_total(1000, {0.5, 0.25, 0.25}), 1000);
  EXPECT_EQ(exact_total(1001, {1, 1, 1, 1, 1, 1, 1}), 1001);
  EXPECT_EQ(exact_total(50, {1, std::sqrt(2.0)}), 50);
}

TEST(Phantom, CarrierSharesAreExactPerTarget) {
  const auto& scan = default_scan();
  for (int target = 1; target <= 2; ++target) {
    auto counts = carrier_voxels(scan.blobs, target);
    auto weights = geometric_importance();
    int64_t unit = counts[4];                                    // ADC has weight 1
    ASSERT_GT(unit, 0);
    for (size_t m = 0; m < counts.size(); ++m) EXPECT_EQ(counts[m], int64_t(weights[m]) * unit) << head_neck_modalities[m];
  }
  // The label volume holds exactly those voxels.
  int64_t labelled[3] = {0, 0, 0};
  for (uint16_t v : scan.labels.voxels) ++labelled[v];
  for (int target = 1; target <= 2; ++target) {
    auto counts = carrier_voxels(scan.blobs, target);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), int64_t{0}), labelled[target]);
  }
  int64_t body = 0;
  for (uint16_t v : scan.mask.voxels) body += v;
  double share = double(labelled[1] + labelled[2]) / double(body);
  EXPECT_GT(share, 0.02);
  EXPECT_LT(share, 0.08);
}

TEST(Phantom, OddWeightsAreMetToTheVoxel) {
  HeadNeckOptions options{.patients = 1, .size = small, .seed = 8, .importance = {0.7, 0, std::sqrt(2.0), 0.13, 0, 1, 0}};
  auto scan = make_head_neck_scan(options, 0, 0);
  double sum = std::accumulate(options.importance.begin(), options.importance.end(), 0.0);
  for (int target = 1; target <= 2; ++target) {
    auto counts = carrier_voxels(scan.blobs, target);
    double total = double(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
    for (size_t m = 0; m < counts.size(); ++m) EXPECT_LT(std::abs(double(counts[m]) - total * options.importance[m] / sum), 1.0);
    EXPECT_EQ(counts[1], 0);
  }
}

TEST(Phantom, NullSharesAreEqual) {
  auto scan = make_head_neck_scan({.patients = 1, .size = small, .seed = 2, .importance = equal_importance()}, 0, 0);
  for (int target = 1; target <= 2; ++target) {
    auto counts = carrier_voxels(scan.blobs, target);
    for (int64_t count : counts) EXPECT_EQ(count, counts[0]);
    EXPECT_GT(counts[0], 0);
  }
}

// Contrast = (mean of the lesion - mean of what lies 2 voxels beside it and in no blob) / noise. The noise is read off the image:
// neighbours in z mostly share their tissue, and the median of |difference| of two Gaussians is 0.6745 sqrt(2) sigma.
TEST(Phantom, LesionsStandOutInTheirCarrierOnly) {
  const auto& scan = default_scan();
  Extent size = scan.labels.geometry.size;
  int64_t plane = size.y * size.x;
  std::vector<bool> any(size_t(size.voxels()), false);
  for (const auto& blob : scan.blobs)
    for (int64_t i : blob.voxels) any[size_t(i)] = true;
  int seen = 0;
  for (int m = 0; m < 7; ++m) {
    const Volume& image = scan.normalised[size_t(m)];
    std::vector<double> differences;
    for (int64_t i = 0; i + plane < size.voxels(); ++i)
      if (scan.mask.voxels[i] && scan.mask.voxels[i + plane] && !any[size_t(i)] && !any[size_t(i + plane)])
        differences.push_back(std::abs(image.voxels[i + plane] - image.voxels[i]));
    auto middle = differences.begin() + int64_t(differences.size() / 2);
    std::nth_element(differences.begin(), middle, differences.end());
    double noise = *middle / (0.6745 * std::sqrt(2.0));
    for (const auto& blob : scan.blobs) {
      if (blob.target == 0 || blob.voxels.size() < 40) continue;
      std::set<int64_t> around;
      for (int64_t i : blob.voxels)
        for (int64_t step : {int64_t{2}, int64_t{-2}, 2 * size.x, -2 * size.x}) {
          int64_t j = i + step;
          if (!any[size_t(j)] && !any[size_t(j + 1)] && !any[size_t(j - 1)] && scan.mask.voxels[j]) around.insert(j);
        }
      if (around.size() < 30) continue;
      double contrast = (mean_over(image, blob.voxels) - mean_over(image, {around.begin(), around.end()})) / noise;
      std::string what = text(head_neck_modalities[size_t(m)], ", lesion of ", blob.voxels.size(), " voxels");
      if (blob.modality == m) {
        EXPECT_GT(contrast, 3) << what;
      } else {
        EXPECT_LT(std::abs(contrast), 1.7) << what;
      }
      seen += blob.modality == m;
    }
  }
  EXPECT_GT(seen, 5);
}

TEST(Phantom, DistractorsHaveALesionsMeanAnEmptyMiddleAndNoLabel) {
  HeadNeckOptions options{.patients = 1, .size = {24, 96, 96}, .seed = 3, .importance = equal_importance()};
  auto scan = make_head_neck_scan(options, 0, 0);
  for (int m = 0; m < 7; ++m) {
    const Volume& image = scan.normalised[size_t(m)];
    auto lesions = voxels_of(scan, m, true, true), distractors = voxels_of(scan, m, false, true), unseen = voxels_of(scan, m, true, false);
    ASSERT_GE(distractors.size(), 100u) << m;
    double base = mean_over(image, unseen);
    double lesion = mean_over(image, lesions) - base, distractor = mean_over(image, distractors) - base;
    EXPECT_GT(lesion, 1.0);
    EXPECT_NEAR(distractor / lesion, 1.0, 0.15) << head_neck_modalities[size_t(m)];
    std::vector<int64_t> middle, shell;
    for (const auto& blob : scan.blobs)
      if (blob.target == 0 && blob.modality == m)
        for (size_t k = 0; k < blob.voxels.size(); ++k) (int64_t(k) < blob.hole ? middle : shell).push_back(blob.voxels[k]);
    EXPECT_LT(mean_over(image, middle) - base, 0.75 * lesion);
    EXPECT_GT(mean_over(image, shell) - base, 1.05 * lesion);
    for (int64_t i : distractors) ASSERT_EQ(scan.labels.voxels[i], 0);
  }
}

TEST(Phantom, AChannelOfImportanceZeroStillHasDistractors) {
  auto scan = make_head_neck_scan({.patients = 1, .size = small, .seed = 4, .importance = parse_importance("T2star=2,T1ce=1")}, 0, 0);
  for (int m = 0; m < 7; ++m) EXPECT_FALSE(voxels_of(scan, m, false, true).empty());
  EXPECT_TRUE(voxels_of(scan, 4, true, true).empty());
}

TEST(Phantom, BlobsNeitherOverlapNorTouch) {
  const auto& scan = default_scan();
  Extent size = scan.labels.geometry.size;
  std::vector<int> owner(size_t(size.voxels()), -1);
  for (size_t b = 0; b < scan.blobs.size(); ++b)
    for (int64_t i : scan.blobs[b].voxels) {
      ASSERT_EQ(owner[size_t(i)], -1);
      owner[size_t(i)] = int(b);
      EXPECT_EQ(scan.mask.voxels[i], 1);
    }
  for (int64_t i = 0; i + 1 < size.voxels(); ++i)
    if ((i + 1) % size.x != 0 && owner[size_t(i)] >= 0 && owner[size_t(i + 1)] >= 0) { ASSERT_EQ(owner[size_t(i)], owner[size_t(i + 1)]); }
}

TEST(Phantom, LaterScansShrinkAndKeepTheirShares) {
  HeadNeckOptions options{.patients = 1, .scans = 3, .size = {24, 96, 96}, .seed = 5};
  auto first = make_head_neck_scan(options, 0, 0), third = make_head_neck_scan(options, 0, 2);
  auto before = carrier_voxels(first.blobs, 0), after = carrier_voxels(third.blobs, 0);
  EXPECT_LT(after[3], before[3]);
  for (size_t m = 0; m < 7; ++m) EXPECT_EQ(after[m] * 64, after[3] * int64_t(geometric_importance()[m]));
  for (int64_t i = 0; i < third.labels.voxels.size(); ++i)
    if (third.labels.voxels[i]) { ASSERT_EQ(third.labels.voxels[i], first.labels.voxels[i]); }
  EXPECT_NE(mean_over(first.raw[0], {1000, 1001, 1002}), mean_over(third.raw[0], {1000, 1001, 1002}));
}

TEST(Phantom, NormalisedImagesHaveMeanZeroAndVarianceOneInTheBody) {
  const auto& scan = default_scan();
  for (const Volume& image : scan.normalised) {
    double sum = 0, squares = 0, n = 0;
    for (int64_t i = 0; i < image.voxels.size(); ++i)
      if (scan.mask.voxels[i]) sum += image.voxels[i], squares += double(image.voxels[i]) * image.voxels[i], n += 1;
    EXPECT_NEAR(sum / n, 0, 1e-3);                               // rounding to 1/1024
    EXPECT_NEAR(squares / n - sum * sum / n / n, 1, 2e-3);
    EXPECT_TRUE(same_grid(image.geometry, scan.labels.geometry, 1e-6));
  }
}

// Stored axes differ between patients, but in world coordinates the brighter gland is on the right in all of them: more light
// on the right half of the (left-right symmetric) neck.
TEST(Phantom, TheBrighterGlandIsOnTheRightInEveryOrientation) {
  HeadNeckOptions options{.patients = 5, .size = {16, 64, 64}, .seed = 7};
  std::set<std::string> orientations;
  for (int64_t p = 0; p < 5; ++p) {
    auto scan = make_head_neck_scan(options, p, 0);
    const Geometry& g = scan.labels.geometry;
    orientations.insert(g.orientation());
    Anatomy anatomy = make_anatomy(g.size, options.seed, p);
    Reorientation r = to_canonical(g);
    Buffer<float> image = reorient_voxels(scan.normalised[0].voxels, g.size, r);
    double right = 0, left = 0, right_n = 0, left_n = 0, right_x = 0, left_x = 0;
    for (int64_t i = 0; i < image.size(); ++i) {
      if (anatomy.tissue[i] == uint8_t(Tissue::right_gland)) right += image[i], right_x += double(i % g.size.x), right_n += 1;
      if (anatomy.tissue[i] == uint8_t(Tissue::gland)) left += image[i], left_x += double(i % g.size.x), left_n += 1;
    }
    ASSERT_GT(right_n, 20);
    ASSERT_GT(left_n, 20);
    EXPECT_GT(right_x / right_n, left_x / left_n);               // x grows to the right in canonical orientation
    EXPECT_GT(right / right_n, left / left_n + 0.3) << "patient " << p;
  }
  EXPECT_GE(orientations.size(), 4u);
}

TEST(Phantom, PatientsDifferAndEachIsReproducible) {
  HeadNeckOptions options{.patients = 3, .size = {12, 48, 48}, .seed = 9};
  auto a = make_head_neck_scan(options, 0, 0), b = make_head_neck_scan(options, 1, 0), again = make_head_neck_scan(options, 0, 0);
  auto digest = [](const HeadNeckScan& s, size_t m) {
    return digest_of({reinterpret_cast<const char*>(s.raw[m].voxels.data()), size_t(s.raw[m].voxels.size()) * sizeof(float)});
  };
  EXPECT_EQ(digest(a, 2), digest(again, 2));
  EXPECT_NE(digest(a, 2), digest(b, 2));
  EXPECT_NE(a.labels.geometry.spacing(), b.labels.geometry.spacing());
  options.seed = 10;
  EXPECT_NE(digest(a, 2), digest(make_head_neck_scan(options, 0, 0), 2));
}

TEST(Phantom, CohortFilesDoNotDependOnThreads) {
  HeadNeckOptions options{.patients = 3, .scans = 2, .size = {10, 40, 40}, .seed = 11};
  std::string folder = temporary_folder(), digests[2];
  for (int run = 0; run < 2; ++run) {
    std::string directory = join_path(folder, std::to_string(run));
    ThreadPool pool(run == 0 ? 1 : 3);
    Value truth = write_head_neck_cohort(system_env(), options, directory, pool);
    for (const auto& entry : std::set<std::filesystem::path>(std::filesystem::recursive_directory_iterator(directory), {}))
      if (std::filesystem::is_regular_file(entry)) digests[run] += std::filesystem::relative(entry, directory).string() + digest_of_file(system_env(), entry.string()) + "\n";
    EXPECT_EQ(truth.at("format").as_text(), "tomograd.phantom/1");
    EXPECT_EQ(truth, parse_json(read_text(system_env(), join_path(directory, "phantom.json")), "phantom.json"));
    EXPECT_EQ(truth.at("planted_order").as_list()[0].as_text(), "T2star");
    EXPECT_DOUBLE_EQ(truth.at("ideal_dice_loss").at("T2star").as_number(), 64.0 / 127 / (2 - 64.0 / 127));
    EXPECT_EQ(truth.at("scans").as_list().size(), 6u);
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_NE(digests[0].find("P03/scan2/P03_normalization_seg.nii.gz"), std::string::npos);
  EXPECT_EQ(std::count(digests[0].begin(), digests[0].end(), '\n'), 3 * 2 * 16 + 1);
  auto seg = read_nifti_labels(system_env(), join_path(folder, "0/P02/scan1/P02_normalization_seg.nii.gz"));
  EXPECT_EQ(*std::max_element(seg.voxels.begin(), seg.voxels.end()), 2);
  ThreadPool pool(1);
  EXPECT_THROW(write_head_neck_cohort(system_env(), options, join_path(folder, "0"), pool), Error);  // never into a filled folder
  std::filesystem::remove_all(folder);
}

TEST(Phantom, RefusesWhatItCannotMake) {
  EXPECT_THROW(parse_importance("T2Star=1"), Error);
  EXPECT_THROW(parse_importance("T1w"), Error);
  EXPECT_THROW(parse_importance("T1w=-1"), Error);
  EXPECT_THROW(parse_importance("T1w=0"), Error);
  EXPECT_THROW(parse_importance("T1w=1x"), Error);
  EXPECT_EQ(parse_importance("ve=2,T1w=0.5"), (std::vector<double>{0.5, 0, 0, 0, 0, 0, 2}));
  EXPECT_THROW(make_head_neck_scan({.size = {4, 96, 96}}, 0, 0), Error);
  EXPECT_THROW(make_head_neck_scan({.patients = 0}, 0, 0), Error);
  EXPECT_DOUBLE_EQ(ideal_dice_loss(0.5), 1.0 / 3);
  EXPECT_DOUBLE_EQ(ideal_dice_loss(0), 0);
}

}  // namespace
}  // namespace tomograd
