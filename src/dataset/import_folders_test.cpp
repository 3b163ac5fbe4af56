// Folders of patients and the patterns of the user, on trees of tiny scans made here.
#include <gtest/gtest.h>

#include "dataset/import_test_files.h"

namespace tomograd {
namespace {

TEST(ImportFolders, OnePatientEach) {
  Scratch s;
  for (const char* patient : {"pat10", "pat9"}) {
    std::string at = std::string(patient) + "/";
    s.image(at + "Flair_subtrMeanDivStd.nii.gz"), s.image(at + "T1c_subtrMeanDivStd.nii.gz"), s.label(at + "OTMultiClass.nii.gz"),
        s.image(at + "brainmask.nii.gz", {3, 4, 5}, [](int64_t) { return 1.0f; });
    s.write(at + "License.txt", "text"), s.write(at + "._T1c_subtrMeanDivStd.nii.gz", "apple"), s.write(at + ".hidden/x.nii", "");
  }
  Imported imported = import(s);
  EXPECT_EQ(imported.layout, "folders");
  EXPECT_EQ(ids(imported.dataset), (Names{"pat9", "pat10"}));
  EXPECT_EQ(imported.dataset.modalities, (Names{"Flair", "T1c"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"label1", {1}}, {"label2", {2}}}));
  const Case& first = imported.dataset.cases[0];
  EXPECT_EQ(first.images.at("T1c"), s.path("pat9/T1c_subtrMeanDivStd.nii.gz"));
  EXPECT_EQ(first.label, s.path("pat9/OTMultiClass.nii.gz"));
  EXPECT_EQ(first.roi, s.path("pat9/brainmask.nii.gz"));
  EXPECT_EQ(first.geometry.size, (Extent{3, 4, 5}));
  EXPECT_EQ(first.digest, imported.dataset.cases[1].digest);  // equal content, other names and place
  EXPECT_TRUE(first.warnings.empty());
}

TEST(ImportFolders, ScanEventsAndAFilter) {
  Scratch s;
  for (const char* scan : {"2019-01", "2019-06"})
    for (const char* patient : {"A", "B"}) {
      std::string at = std::string(patient) + "/" + scan + "/" + patient + "_";
      for (const char* modality : {"T1w", "T1ce", "ktrans"}) {
        s.image(at + modality + ".nii.gz", {3, 4, 5}, [](int64_t i) { return float(i); }, 2);
        if (std::string(modality) != "ktrans" || *patient == 'A') s.image(at + "normalization_" + modality + ".nii.gz");
      }
      s.label(at + "seg.nii.gz"), s.label(at + "normalization_seg.nii.gz");
    }
  ImportOptions options;
  options.filter = "normalization";
  Imported imported = import(s, options);
  EXPECT_EQ(ids(imported.dataset), (Names{"A_2019-01", "A_2019-06", "B_2019-01", "B_2019-06"}));
  EXPECT_EQ(imported.dataset.patients(), (Names{"A", "B"}));
  EXPECT_EQ(imported.dataset.cases[1].scan, "2019-06");
  EXPECT_EQ(imported.dataset.modalities, (Names{"T1ce", "T1w", "ktrans"}));
  EXPECT_FALSE(imported.dataset.cases[2].images.contains("ktrans"));
  EXPECT_TRUE(noted(imported, "'ktrans' is missing in 2 of 4 cases: B_2019-01, B_2019-06"));
  EXPECT_EQ(imported.dataset.cases[0].label, s.path("A/2019-01/A_normalization_seg.nii.gz"));  // of two labels the filtered one
  EXPECT_TRUE(holds(importing(s), "two files are the label"));
  options.filter = "nothing like it";
  EXPECT_TRUE(holds(importing(s, options), "'nothing like it'"));
}

TEST(ImportFolders, AFolderPerModality) {
  Scratch s;
  for (const char* patient : {"A", "B", "C"}) {
    std::string at = std::string(patient) + "/";
    s.image(at + "T1/norm.nii"), s.image(at + "T2/norm.nii"), s.label(at + "label.nii");
  }
  Imported imported = import(s);
  EXPECT_EQ(imported.dataset.modalities, (Names{"T1", "T2"}));
  EXPECT_EQ(ids(imported.dataset), (Names{"A", "B", "C"}));
}

TEST(ImportFolders, NamesGivenByHand) {
  Scratch s;
  for (const char* patient : {"A", "B", "C"}) {
    std::string at = std::string(patient) + "/" + patient + patient + "9_";
    s.image(at + "x.nii"), s.image(at + "y_pre.nii"), s.label(at + "lesion.nii"), s.image(at + "body.nii", {3, 4, 5}, [](int64_t) { return 1.0f; });
  }
  EXPECT_TRUE(holds(importing(s), "nothing in common"));
  ImportOptions options;
  options.modalities = {"X=*_x", "Y=pre"}, options.label = "lesion", options.roi = "body", options.label_names = {"2=node", "1=tumour"};
  Imported imported = import(s, options);
  EXPECT_EQ(imported.dataset.modalities, (Names{"X", "Y"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"tumour", {1}}, {"node", {2}}}));
  EXPECT_FALSE(imported.dataset.cases[0].roi.empty());
  options.modalities = {"*_x"};
  EXPECT_TRUE(holds(importing(s, options), "NAME=PATTERN"));
  options.modalities = {"X=*_x"};
  EXPECT_TRUE(noted(import(s, options), "3 files match none of --modality"));
}

TEST(ImportFolders, SaysWhatItCannotTell) {
  Scratch s;
  s.image("A/T1.nii"), s.image("A/T2.nii");
  std::string none = importing(s);
  EXPECT_TRUE(holds(none, "A/T1.nii") && holds(none, "--label")) << none;
  ImportOptions without;
  without.label = "none";
  EXPECT_TRUE(import(s, without).dataset.labels.empty());
  s.image("A/seg.nii", {3, 4, 5}, [](int64_t i) { return float(i) * 0.3f; });
  std::string fraction = importing(s);
  EXPECT_TRUE(holds(fraction, "input: ") && holds(fraction, "patient 'A'") && holds(fraction, "seg.nii") && holds(fraction, "--label")) << fraction;
  s.label("A/seg.nii", {3, 4, 5}, [](int64_t) { return 0; });
  EXPECT_TRUE(holds(import(s).dataset.cases[0].warnings.at(0), "empty"));
  s.label("A/truth.nii");
  EXPECT_TRUE(holds(importing(s), "two files are the label"));
  EXPECT_TRUE(holds(importing(s, {}, "nowhere"), "there is no"));
  s.write("B/T1.nii", "this is no NIfTI");
  std::string broken = importing(s, [] { ImportOptions o; o.label = "truth"; return o; }());
  EXPECT_TRUE(holds(broken, "B/T1.nii")) << broken;
}

TEST(ImportFolders, WarnsOfGridsThatDiffer) {
  Scratch s;
  s.image("A/T1.nii"), s.image("A/T2.nii", {3, 4, 5}, [](int64_t i) { return float(i); }, 0.5), s.label("A/seg.nii", {3, 4, 6});
  const auto warnings = import(s).dataset.cases[0].warnings;
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_TRUE(holds(warnings[0], "T1.nii") && holds(warnings[0], "T2.nii") && holds(warnings[0], "0.5 mm")) << warnings[0];
  EXPECT_TRUE(holds(warnings[1], "3x4x6")) << warnings[1];
}

TEST(ImportPattern, FieldsSayWhatIsWhat) {
  Scratch s;
  for (const char* patient : {"A", "B"})
    for (const char* scan : {"1", "2"})
      s.image(std::string("v") + scan + "/" + patient + "-T1.nii"), s.label(std::string("v") + scan + "/" + patient + "-lesion.nii");
  s.image("other.nii");
  ImportOptions options;
  options.patterns = {"v{scan}/{patient}-{label:lesion}", "v{scan}/{patient}-{modality}"};
  Imported imported = import(s, options);
  EXPECT_EQ(ids(imported.dataset), (Names{"A_1", "A_2", "B_1", "B_2"}));
  EXPECT_EQ(imported.dataset.modalities, Names{"T1"});
  EXPECT_TRUE(noted(imported, "other.nii"));
  options.patterns = {"{scan}/{modality}"};
  EXPECT_TRUE(holds(importing(s, options), "{patient}"));
  options.patterns = {"x/{patient}"};
  EXPECT_TRUE(holds(importing(s, options), "none of 9 files"));
}

TEST(ImportFolders, FourDimensionalFilesBecomeAModalityPerFrame) {
  Scratch s;
  make_four_dimensional(s, "A/dce.nii"), s.label("A/seg.nii"), s.image("A/T2.nii");
  Imported imported = import(s);
  EXPECT_EQ(imported.dataset.modalities, (Names{"T2", "dce_0", "dce_1"}));
  EXPECT_EQ(imported.dataset.cases[0].frames.at("dce_1"), 1);
  make_four_dimensional(s, "A/seg.nii");
  EXPECT_TRUE(holds(importing(s), "2 frames, expected one"));
}

}  // namespace
}  // namespace tomograd
