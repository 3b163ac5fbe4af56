#include "dataset/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dataset/dataset_test_files.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Dataset cohort(int patients, int scans) {
  Dataset dataset;
  dataset.modalities = {"T1", "T2"};
  dataset.labels = {{"tumour", {1, 4}}, {"node", {2}}};
  for (int scan = 0; scan < scans; ++scan)
    for (int patient = 0; patient < patients; ++patient) {
      Case item;
      item.patient = "P" + std::to_string(patient), item.scan = "S" + std::to_string(scan), item.id = item.patient + "_" + item.scan;
      item.images["T1"] = "/data/" + item.id + "/T1.nii.gz";
      item.label = "/data/" + item.id + "/seg.nii.gz";
      dataset.cases.push_back(item);
    }
  return dataset;
}

TEST(Dataset, SurvivesBeingWrittenAndRead) {
  Scratch scratch;
  Dataset dataset = cohort(2, 1);
  Case& first = dataset.cases[0];
  first.images["T1"] = scratch.path("scans/a/T1 ü.nii.gz");
  first.images["T2"] = first.images["T1"], first.frames["T2"] = 3;
  first.label = scratch.path("scans/a/seg.nii.gz"), first.roi = "/elsewhere/roi.nii";
  first.geometry.size = {9, 165, 163};
  first.geometry.affine = {{{-0.5, 0, 0.1, 12.25}, {0, 0.5, 0, -7}, {0.125, 0, 3, 1e-7}}};
  first.digest = "sha256:00", first.warnings = {"odd"};
  write_dataset(system_env(), dataset, scratch.path("deep.json"));
  Dataset read = read_dataset(system_env(), scratch.path("deep.json"));
  EXPECT_EQ(read.modalities, dataset.modalities);
  EXPECT_EQ(read.labels, dataset.labels);
  ASSERT_EQ(read.cases.size(), 2u);
  const Case& again = read.cases[0];
  EXPECT_EQ(again.images, first.images);
  EXPECT_EQ(again.frames, first.frames);
  EXPECT_EQ(again.label, first.label);
  EXPECT_EQ(again.roi, first.roi);
  EXPECT_EQ(again.geometry.size, first.geometry.size);
  EXPECT_EQ(again.geometry.affine, first.geometry.affine);  // shortest decimal texts read back as the same doubles
  EXPECT_EQ(again.warnings, first.warnings);
  EXPECT_FALSE(read.cases[1].images.contains("T2"));
  EXPECT_TRUE(holds(read_text(system_env(), scratch.path("deep.json")), "\"scans/a/T1 ü.nii.gz\""));
  EXPECT_TRUE(holds(read_text(system_env(), scratch.path("deep.json")), "\"T2\": null"));
}

TEST(Dataset, MovesWithItsFolder) {
  Scratch scratch;
  Dataset dataset = cohort(1, 1);
  dataset.cases[0].images = {{"T1", scratch.path("here/T1.nii")}};
  dataset.cases[0].label.clear();
  system_env().make_directories(scratch.path("here"));
  write_dataset(system_env(), dataset, scratch.path("here/dataset.json"));
  system_env().rename(scratch.path("here"), scratch.path("there"));
  EXPECT_EQ(read_dataset(system_env(), scratch.path("there/dataset.json")).cases[0].images.at("T1"), scratch.path("there/T1.nii"));
}

TEST(Dataset, RefusesWhatIsNotOne) {
  Scratch scratch;
  auto error = [&](const std::string& json) {
    scratch.write("d.json", json);
    return error_of([&] { read_dataset(system_env(), scratch.path("d.json")); });
  };
  EXPECT_TRUE(holds(error("{}"), "tomograd.dataset/1"));
  EXPECT_TRUE(holds(error(R"({"format":"tomograd.dataset/2"})"), "newer"));
  EXPECT_TRUE(holds(error(R"({"format":"tomograd.run/1"})"), "tomograd.run/1"));
  EXPECT_TRUE(holds(error("[1"), "JSON"));
  std::string head = R"({"format":"tomograd.dataset/1","modalities":["T1"],)";
  EXPECT_TRUE(holds(error(head + R"("labels":{"a":[0]}})"), "labels"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"../x"}]})"), "safe"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a"},{"id":"a"}]})"), "twice"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a","images":{"T9":"x"}}]})"), "T9"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a","affine":[[1,0,0,0]]}]})"), "rows"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a","immages":{}}]})"), "immages"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a","frames":{"T1":-1}}]})"), "frames.T1: is -1, must be at least 0"));
  EXPECT_TRUE(holds(error(head + R"("cases":[{"id":"a","shape_zyx":[4294967296,4294967296,2]}]})"), "shape_zyx is 4294967296x4294967296x2"));
  EXPECT_EQ(error(head + R"("cases":[{"id":"a","images":{"T1":null}}]})"), "");
}

TEST(Dataset, FindsCasesAndHelpsWithTypos) {
  Dataset dataset = cohort(3, 1);
  EXPECT_EQ(dataset.find("P2_S0").patient, "P2");
  EXPECT_TRUE(holds(error_of([&] { dataset.find("P2_S1"); }), "did you mean"));
}

TEST(Split, KeepsScansOfAPatientTogether) {
  Dataset dataset = cohort(7, 3);
  Split split = make_split(dataset, {}, {"P3"}, 0.3, 5);
  std::set<std::string> train, validation, test;
  for (int i : split.train) train.insert(dataset.cases[size_t(i)].patient);
  for (int i : split.validation) validation.insert(dataset.cases[size_t(i)].patient);
  for (int i : split.test) test.insert(dataset.cases[size_t(i)].patient);
  EXPECT_EQ(test, std::set<std::string>{"P3"});
  EXPECT_EQ(validation.size(), 2u);  // 0.3 of 6 patients, rounded
  EXPECT_EQ(train.size(), 4u);
  EXPECT_EQ(split.train.size() + split.validation.size() + split.test.size(), 21u);
  for (const auto& patient : train) EXPECT_FALSE(validation.contains(patient) || test.contains(patient));
}

TEST(Split, DependsOnSeedAlone) {
  Dataset dataset = cohort(20, 1);
  auto drawn = [&](uint64_t seed) { return make_split(dataset, {}, {}, 0.25, seed).validation; };
  EXPECT_EQ(drawn(1), drawn(1));
  std::set<std::vector<int>> seen;
  for (uint64_t seed = 0; seed < 10; ++seed) seen.insert(drawn(seed));
  EXPECT_GT(seen.size(), 5u);
}

TEST(Split, NamedPatientsWinOverTheShare) {
  Dataset dataset = cohort(5, 1);
  Split split = make_split(dataset, {"P1"}, {}, 0.8, 1);
  EXPECT_EQ(split.validation, std::vector<int>{1});
  EXPECT_EQ(split.train, (std::vector<int>{0, 2, 3, 4}));
}

TEST(Split, RefusesWhatCannotBe) {
  Dataset dataset = cohort(3, 1);
  EXPECT_TRUE(holds(error_of([&] { make_split(dataset, {"P9"}, {}, 0, 1); }), "P9"));
  EXPECT_TRUE(holds(error_of([&] { make_split(dataset, {"P1"}, {"P1"}, 0, 1); }), "testing"));
  EXPECT_TRUE(holds(error_of([&] { make_split(dataset, {"P0", "P1"}, {"P2"}, 0, 1); }), "no case is left"));
  EXPECT_EQ(make_split(cohort(1, 2), {}, {}, 0.5, 1).train.size(), 2u);  // one patient alone is not drawn away
}

TEST(Split, UnlabelledCasesAreOnlyTestedOn) {
  Dataset dataset = cohort(4, 1);
  dataset.cases[0].label.clear(), dataset.cases[1].label.clear();
  Split split = make_split(dataset, {}, {"P0"}, 0, 1);
  EXPECT_EQ(split.train, (std::vector<int>{2, 3}));
  EXPECT_EQ(split.test, std::vector<int>{0});
}

TEST(Folds, DealPatientsOutEvenly) {
  Dataset dataset = cohort(11, 2);
  auto folds = patient_folds(dataset, 4, 9);
  std::set<std::string> all;
  for (const auto& fold : folds) {
    EXPECT_TRUE(fold.size() == 2 || fold.size() == 3);
    all.insert(fold.begin(), fold.end());
  }
  EXPECT_EQ(all.size(), 11u);
  EXPECT_EQ(folds, patient_folds(dataset, 4, 9));
  EXPECT_NE(folds, patient_folds(dataset, 4, 10));
  EXPECT_NE(error_of([&] { patient_folds(dataset, 12, 1); }), "");
  EXPECT_NE(error_of([&] { patient_folds(dataset, 0, 1); }), "");
}

TEST(Printable, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("T1 ü 脳"), "T1 ü 脳");
  EXPECT_EQ(printable("a\x1b[31mred\n"), "a\\x1B[31mred\\x0A");
  EXPECT_EQ(printable("x\u202Egpj"), "x\\u{202E}gpj");
  EXPECT_EQ(printable("\xff\xc0\xafz"), "\\xFF\\xC0\\xAFz");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xED\\xA0\\x80");  // a surrogate is no character
  EXPECT_TRUE(is_utf8("脳"));
  EXPECT_FALSE(is_utf8("\xe8\x84"));
}

TEST(Printable, SafeNames) {
  EXPECT_EQ(safe_name("Müller, Anna/2024"), "M_ller_Anna_2024");
  EXPECT_EQ(safe_name("../../etc"), "etc");
  EXPECT_EQ(safe_name("脳"), "case");
  for (const char* bad : {"", ".x", "-x", "a/b", "a b", "ä"}) EXPECT_FALSE(is_safe_name(bad)) << bad;
  for (const std::string& raw : {std::string(400, 'x'), std::string("-a-"), std::string("..."), std::string("a\nb")})
    EXPECT_TRUE(is_safe_name(safe_name(raw))) << raw;
}

}  // namespace
}  // namespace tomograd
