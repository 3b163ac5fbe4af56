#include "dataset/file_pattern.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dataset/dataset_test_files.h"

namespace tomograd {
namespace {

std::string field(const std::string& pattern, const std::string& path, const std::string& name) {
  auto found = FilePattern(pattern).match(path);
  return found ? (*found)[name] : "(no match)";
}

TEST(FilePattern, NamesFields) {
  EXPECT_EQ(field("{patient}/{scan}/{modality}_normalization", "P1/2024/T1w_normalization.nii.gz", "modality"), "T1w");
  EXPECT_EQ(field("{patient}/{scan}/{modality}_normalization", "P1/2024/T1w_raw.nii.gz", "modality"), "(no match)");
  EXPECT_EQ(field("{patient}/{modality}", "P1/2024/T1w.nii.gz", "patient"), "(no match)");  // a field holds no '/'
  EXPECT_EQ(field("**/{patient}_{modality:t1ce|t1|t2}", "a/b/x_y_t1ce.nii", "modality"), "t1ce");
  EXPECT_EQ(field("**/{patient}_{modality:t1ce|t1|t2}", "x_y_t1.nii", "patient"), "x_y");
  EXPECT_EQ(field("{case}_{modality:[0-9]{4}}", "la_0001_0007.nii.gz", "case"), "la_0001");  // exactly _NNNN from the right
}

TEST(FilePattern, AFieldThatComesTwiceMustAgree) {
  EXPECT_EQ(field("{patient}/{patient}_{modality}", "A/A_T1.nii", "modality"), "T1");
  EXPECT_EQ(field("{patient}/{patient}_{modality}", "A/B_T1.nii", "modality"), "(no match)");
  EXPECT_EQ(field("{scan:a(b|c)}/{patient}/{patient}_{modality}", "ac/A/A_T1.nii", "modality"), "T1");  // own groups are counted
}

TEST(FilePattern, TakesOtherCharactersLiterally) {
  EXPECT_EQ(field("{patient}/x.y(1)+[a]_{modality}", "P/x.y(1)+[a]_T2.hdr", "modality"), "T2");
  EXPECT_EQ(field("{patient}/x.y_{modality}", "P/xzy_T2.nii", "modality"), "(no match)");
  EXPECT_EQ(field("{patient}/{modality}.nii", "P/T2.nii.gz", "modality"), "(no match)");
  EXPECT_EQ(field("{patient}/?{modality}", "P/T2.nii.gz", "modality"), "2");
}

TEST(FilePattern, RefusesBadPatterns) {
  EXPECT_NE(error_of([] { FilePattern("{subject}/x"); }).find("subject"), std::string::npos);
  EXPECT_NE(error_of([] { FilePattern("{patient/x"); }).find("'{'"), std::string::npos);
  EXPECT_NE(error_of([] { FilePattern("{patient:(}/x"); }), "");
}

TEST(NameHabits, TellLabelsAndRois) {
  for (const char* name : {"OTMultiClass.nii.gz", "P01_normalization_seg.nii.gz", "label.nii", "labels_final.nii", "GT.nii", "gt2.nii",
                           "GTV-T.nii.gz", "groundtruth.nii", "x_dseg.nii", "Segmentation.nii"})
    EXPECT_TRUE(looks_like_label(name)) << name;
  for (const char* name :
       {"T1w.nii.gz", "rot.nii", "length.nii", "prot_T2.nii", "Flair_subtrMeanDivStd.nii.gz", "dsa.nii", "brainmask.nii.gz", "light.nii"})
    EXPECT_FALSE(looks_like_label(name)) << name;
  for (const char* name : {"brainmask.nii.gz", "roi.nii", "ROI_body.nii", "body_mask.nii"}) EXPECT_TRUE(looks_like_roi(name)) << name;
  for (const char* name : {"heroin.nii", "T1.nii", "Euroimaging.nii"}) EXPECT_FALSE(looks_like_roi(name)) << name;
}

TEST(NameHabits, PatternsOfTheUser) {
  EXPECT_TRUE(name_matches("tumor|lesion", "x_Lesion_1.nii.gz"));
  EXPECT_TRUE(name_matches("*_les?on", "a/b/x_lesion.nii.gz"));
  EXPECT_FALSE(name_matches("les*", "x_lesion.nii.gz"));
  EXPECT_FALSE(name_matches("", "x.nii"));
}

TEST(Shortened, KeepsWhatTellsNamesApart) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(shortened({"Flair_subtrMeanDivStd", "T1c_subtrMeanDivStd"}), (Names{"Flair", "T1c"}));
  EXPECT_EQ(shortened({"normalization_T1w", "normalization_T2star", "normalization_T1w"}), (Names{"T1w", "T2star", "T1w"}));
  EXPECT_EQ(shortened({"T1w_normalization"}), (Names{"T1w"}));
  EXPECT_EQ(shortened({"T1", "T1_norm"}), (Names{"T1", "T1_norm"}));
  EXPECT_EQ(shortened({"T1_pre", "T1_post", "T2_pre"}), (Names{"T1_pre", "T1_post", "T2_pre"}));
  EXPECT_EQ(shortened({}), Names{});
}

TEST(VolumeNames, AndNaturalOrder) {
  EXPECT_EQ(volume_stem("a/b.c.nii.gz"), "b.c");
  EXPECT_TRUE(is_volume_name("X.NII.GZ"));
  EXPECT_FALSE(is_volume_name("x.txt"));
  EXPECT_FALSE(is_volume_name(".nii"));
  std::vector<std::string> names = {"p10", "p2", "p02", "p1", "q", "p"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"p", "p1", "p02", "p2", "p10", "q"}));
}

}  // namespace
}  // namespace tomograd
