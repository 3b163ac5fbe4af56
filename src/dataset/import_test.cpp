// What all layouts share: DICOM through its program, pseudonyms, ids, digests, --check.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "dataset/check.h"
#include "dataset/import_test_files.h"

namespace tomograd {
namespace {

TEST(ImportDicom, NeedsItsProgram) {
  Scratch s;
  s.write("series/1", std::string(128, '\0') + "DICM and more");
  ImportOptions options;
  options.dicom_folder = s.path("converted");
  std::string before = std::getenv("PATH") ? std::getenv("PATH") : "";
  setenv("PATH", s.path("no-programs").c_str(), 1);
  std::string error = importing(s, options, "series");
  EXPECT_TRUE(holds(error, "dcm2niix") && holds(error, "apt install")) << error;
  // A stand-in that says what it was asked for and writes what dcm2niix would.
  s.image("made/pat/1/T1_2.nii.gz"), s.label("made/pat/1/seg_3.nii.gz");
  s.write("bin/dcm2niix",
          "#!/bin/sh\nfor last; do :; done\n[ -f \"$last/1\" ] || exit 3\nout=\nwhile [ $# -gt 0 ]; do [ \"$1\" = -o ] && out=$2; shift; "
          "done\n/bin/cp -r " +
              s.path("made") + "/pat \"$out\"\n");
  std::filesystem::permissions(s.path("bin/dcm2niix"), std::filesystem::perms::owner_all);
  setenv("PATH", s.path("bin").c_str(), 1);
  Imported imported = import(s, options, "series");
  setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(imported.layout, "dicom");
  EXPECT_EQ(ids(imported.dataset), Names{"pat_1"});
  EXPECT_TRUE(noted(imported, "converted"));
}

TEST(Import, PseudonymsHideNamesAndStay) {
  Scratch s;
  for (const char* patient : {"Smith", "Jones"})
    s.image(std::string(patient) + "/2001/T1.nii"), s.label(std::string(patient) + "/2001/seg.nii"),
        s.image(std::string(patient) + "/2002/T1.nii"), s.label(std::string(patient) + "/2002/seg.nii");
  ImportOptions options;
  options.pseudonyms = true, options.known_pseudonyms = {{"P001", "Smith"}, {"P007", "Brown"}};
  Imported imported = import(s, options);
  EXPECT_EQ(ids(imported.dataset), (Names{"P002_S1", "P002_S2", "P001_S1", "P001_S2"}));
  EXPECT_EQ(imported.pseudonyms.size(), 3u);
  EXPECT_EQ(imported.pseudonyms.back(), (std::pair<std::string, std::string>{"P002", "Jones"}));
}

TEST(Import, CaseIdsAreSafeAndUnique) {
  Scratch s;
  for (const char* patient : {"a b", "a_b", "ä"}) s.image(std::string(patient) + "/T1.nii"), s.label(std::string(patient) + "/seg.nii");
  EXPECT_EQ(ids(import(s).dataset), (Names{"a_b", "a_b-2", "case"}));
}

TEST(Import, DigestFollowsContent) {
  Scratch s;
  s.image("A/T1.nii"), s.label("A/seg.nii");
  std::string before = import(s).dataset.cases[0].digest;
  EXPECT_EQ(import(s).dataset.cases[0].digest, before);
  s.image("A/T1.nii", {3, 4, 5}, [](int64_t i) { return float(i % 7 + (i == 59)); });
  EXPECT_NE(import(s).dataset.cases[0].digest, before);
}

TEST(Check, ReadsEveryVoxel) {
  Scratch s;
  s.image("A/T1.nii"), s.image("A/T2.nii", {3, 4, 5}, [](int64_t i) { return i < 2 ? NAN : 3.0f; }), s.label("A/seg.nii");
  s.image("A/mask.nii", {3, 4, 5}, [](int64_t) { return 0.0f; });
  Dataset dataset = import(s).dataset;
  dataset.labels = {{"one", {1}}};
  ThreadPool pool(1);
  auto facts = check_dataset(system_env(), dataset, pool);
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].label_voxels, (std::map<int64_t, int64_t>{{1, 20}, {2, 20}}));
  EXPECT_EQ(facts[0].images.at("T2").not_finite, 2);
  EXPECT_EQ(facts[0].images.at("T1").largest, 6);
  EXPECT_DOUBLE_EQ(facts[0].voxel_ml, 0.001);
  std::string all;
  for (const auto& problem : facts[0].problems) all += problem + "\n";
  EXPECT_EQ(facts[0].problems.size(), 4u) << all;
  for (const char* part : {"2 voxels that are NaN", "constant", "value 2", "'mask.nii' is empty"}) EXPECT_TRUE(holds(all, part)) << part << all;
  dataset.cases[0].images["T1"] = s.path("gone.nii");
  EXPECT_TRUE(holds(check_dataset(system_env(), dataset, pool)[0].problems.at(0), "gone.nii"));
}

}  // namespace
}  // namespace tomograd
