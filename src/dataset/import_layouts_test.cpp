// Every layout that describes itself or that names give away, on trees of tiny scans made here.
#include <gtest/gtest.h>

#include <array>

#include "dataset/import_test_files.h"

namespace tomograd {
namespace {

TEST(ImportNnunet, Raw2) {
  Scratch s;
  for (const char* name : {"la_001", "la_1_0000"})
    s.image(std::string("imagesTr/") + name + "_0000.nii.gz"), s.image(std::string("imagesTr/") + name + "_0001.nii.gz"),
        s.label(std::string("labelsTr/") + name + ".nii.gz");
  s.image("imagesTs/la_9_0000.nii.gz"), s.write("imagesTr/._la_001_0000.nii.gz", "apple");
  s.write("dataset.json",
          R"({"channel_names":{"1":"ADC","0":"T2"},"labels":{"background":0,"PZ":1,"TZ":2},"numTraining":2,"file_ending":".nii.gz"})");
  Imported imported = import(s);
  EXPECT_EQ(imported.layout, "nnunet");
  EXPECT_EQ(ids(imported.dataset), (Names{"la_001", "la_1_0000"}));
  EXPECT_EQ(imported.dataset.modalities, (Names{"T2", "ADC"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"PZ", {1}}, {"TZ", {2}}}));
  EXPECT_EQ(imported.dataset.cases[1].images.at("ADC"), s.path("imagesTr/la_1_0000_0001.nii.gz"));
  EXPECT_TRUE(noted(imported, "imagesTs"));
  EXPECT_EQ(ids(import(s, {}, "dataset.json").dataset), ids(imported.dataset));
  s.write(
      "dataset.json",
      R"({"channel_names":{"0":"T2","1":"ADC"},"labels":{"background":0,"whole":[1,2],"core":[2]},"regions_class_order":[1,2],"file_ending":".nii.gz"})");
  imported = import(s);
  EXPECT_EQ(imported.dataset.labels, (Labels{{"whole", {1}}, {"core", {2}}}));
  EXPECT_TRUE(noted(imported, "regions"));
  s.write("dataset.json", R"({"channel_names":{"0":"T2"},"labels":{},"file_ending":".nii.gz"})");
  EXPECT_TRUE(holds(importing(s), "channel 1"));
  s.write("dataset.json", R"({"channel_names":{"0":"T2"},"labels":{},"file_ending":".mha"})");
  EXPECT_TRUE(holds(importing(s), ".mha"));
}

TEST(ImportNnunet, ExplicitPaths) {
  Scratch s;
  s.image("raw/a.nii.gz"), s.label("raw/a_l.nii.gz");
  s.write(
      "set/dataset.json",
      R"({"channel_names":{"0":"CT"},"labels":{"x":1,"y":2},"file_ending":".nii.gz","dataset":{"c1":{"images":["../raw/a.nii.gz"],"label":"../raw/a_l.nii.gz"}}})");
  Imported imported = import(s, {}, "set");
  EXPECT_EQ(ids(imported.dataset), Names{"c1"});
  EXPECT_EQ(imported.dataset.cases[0].images.at("CT"), s.path("raw/a.nii.gz"));
  s.write("set/dataset.json", R"({"channel_names":{"0":"CT"},"labels":{},"file_ending":".nii.gz","dataset":{"c1":{"images":["$HOME/a.nii.gz"]}}})");
  EXPECT_TRUE(holds(importing(s, {}, "set"), "$HOME"));
}

TEST(ImportDecathlon, FramesOfOneFileAreModalities) {
  Scratch s;
  for (const char* name : {"BRATS_001", "BRATS_002"})
    make_four_dimensional(s, std::string("imagesTr/") + name + ".nii"), s.label(std::string("labelsTr/") + name + ".nii");
  s.write(
      "dataset.json",
      R"({"name":"BRATS","relase":"1.0","tensorImageSize":"4D","modality":{"0":"FLAIR","1":"T1w"},"labels":{"0":"background","2":"core","1":"edema"},
    "numTraining":2,"training":[{"image":"./imagesTr/BRATS_001.nii","label":"./labelsTr/BRATS_001.nii"},{"image":"./imagesTr/BRATS_002.nii","label":"./labelsTr/BRATS_002.nii"}],"test":["./imagesTs/BRATS_003.nii"]})");
  Imported imported = import(s);
  EXPECT_EQ(imported.layout, "decathlon");
  EXPECT_EQ(imported.dataset.modalities, (Names{"FLAIR", "T1w"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"edema", {1}}, {"core", {2}}}));
  EXPECT_EQ(ids(imported.dataset), (Names{"BRATS_001", "BRATS_002"}));
  EXPECT_EQ(imported.dataset.cases[0].frames.at("T1w"), 1);
  EXPECT_TRUE(noted(imported, "1 test images"));
  s.write(
      "dataset.json",
      R"({"modality":{"0":"a","1":"b","2":"c"},"labels":{},"training":[{"image":"./imagesTr/BRATS_001.nii","label":"./labelsTr/BRATS_001.nii"}]})");
  EXPECT_TRUE(holds(importing(s), "2 frames"));
}

TEST(ImportDecathlon, Nnunet1ListsOneNameForNumberedFiles) {
  Scratch s;
  s.image("imagesTr/x_0000.nii.gz"), s.image("imagesTr/x_0001.nii.gz"), s.label("labelsTr/x.nii.gz");
  s.write(
      "dataset.json",
      R"({"modality":{"0":"CT","1":"PT"},"labels":{"0":"background","1":"l","2":"m"},"training":[{"image":"./imagesTr/x.nii.gz","label":"./labelsTr/x.nii.gz"}]})");
  Imported imported = import(s);
  EXPECT_EQ(imported.dataset.modalities, (Names{"CT", "PT"}));
  EXPECT_EQ(imported.dataset.cases[0].images.at("PT"), s.path("imagesTr/x_0001.nii.gz"));
  EXPECT_EQ(ids(imported.dataset), Names{"x"});
}

TEST(ImportMonai, ListsOfFilesPerCase) {
  Scratch s;
  for (const char* name : {"p1", "p2"}) {
    std::string at = std::string(name) + "/" + name;
    s.image(at + "_t1.nii"), s.image(at + "_t2.nii"), s.label(std::string(name) + "/seg.nii");
  }
  s.write(
      "folds.json",
      R"({"training":[{"fold":0,"image":["p1/p1_t1.nii","p1/p1_t2.nii"],"label":"p1/seg.nii"}],"validation":[{"fold":1,"image":["p2/p2_t1.nii","p2/p2_t2.nii"],"label":"p2/seg.nii"}],"testing":["p3.nii"]})");
  Imported imported = import(s, {}, "folds.json");
  EXPECT_EQ(imported.layout, "monai");
  EXPECT_EQ(imported.dataset.modalities, (Names{"t1", "t2"}));
  EXPECT_EQ(ids(imported.dataset), (Names{"p1", "p2"}));  // stems are equal, folders differ
  s.write("folds.json", R"({"training":[]})");
  EXPECT_TRUE(holds(importing(s, {}, "folds.json"), "lists no case"));
  s.write("folds.json", R"({"what":[]})");
  EXPECT_TRUE(holds(importing(s, {}, "folds.json"), "no dataset we know"));
  s.write("folds.json", R"({"format":"tomograd.dataset/1"})");
  EXPECT_TRUE(holds(importing(s, {}, "folds.json"), "tomograd already"));
  s.write("folds.json", R"({"training":[{"image":"gone.nii","label":"p1/seg.nii"}]})");
  EXPECT_TRUE(holds(importing(s, {}, "folds.json"), "gone.nii"));
}

TEST(ImportBids, SubjectsSessionsAndDerivatives) {
  Scratch s;
  s.write("dataset_description.json", R"({"Name":"x","BIDSVersion":"1.11.2"})");
  for (const char* session : {"pre", "post"}) {
    std::string name = std::string("sub-01_ses-") + session, at = std::string("sub-01/ses-") + session + "/anat/" + name;
    s.image(at + "_T1w.nii.gz"), s.image(at + "_ce-gadolinium_T1w.nii.gz"), s.image(at + "_acq-tse_T2w.nii.gz");
    std::string derived = std::string("derivatives/manual/sub-01/ses-") + session + "/anat/" + name;
    s.label(derived + "_dseg.nii.gz"), s.image(derived + "_desc-brain_mask.nii.gz", {3, 4, 5}, [](int64_t) { return 1.0f; }),
        s.image(derived + "_desc-preproc_T1w.nii.gz");
    s.write(derived + "_dseg.tsv", "index\tname\tcolor\n0\tnothing\t#000\n2\tnode\t#fff\n1\ttumour\t#ff0\r\n");
  }
  s.image("sub-01/ses-pre/dwi/sub-01_ses-pre_dwi.nii.gz");
  Imported imported = import(s);
  EXPECT_EQ(imported.layout, "bids");
  EXPECT_EQ(ids(imported.dataset), (Names{"01_post", "01_pre"}));
  EXPECT_EQ(imported.dataset.modalities, (Names{"T1w", "T2w", "ce-gadolinium_T1w"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"tumour", {1}}, {"node", {2}}}));
  EXPECT_FALSE(imported.dataset.cases[0].roi.empty());
  EXPECT_TRUE(noted(imported, "1 volumes outside anat/"));
  EXPECT_TRUE(noted(imported, "2 derived images"));
}

TEST(ImportLists, EntriesWithoutImagesAndLabelsOutOfRange) {
  Scratch s;
  s.image("a.nii"), s.label("l.nii");
  auto importing_json = [&](const std::string& json) {
    s.write("d.json", json);
    return importing(s, {}, "d.json");
  };
  EXPECT_TRUE(holds(importing_json(R"({"training":[{"image":[]}]})"), "training[0]: it names no image"));
  EXPECT_TRUE(holds(importing_json(R"({"training":[[]]})"), "training[0]: it names no image"));
  std::string entry = R"("training":[{"image":"a.nii","label":"l.nii"}]})";
  EXPECT_TRUE(holds(importing_json(R"({"labels":{"x":-1},)" + entry), "the label 'x' has the value -1, expected 0 to 65535"));
  EXPECT_TRUE(holds(importing_json(R"({"labels":{"x":[1,70000]},)" + entry), "the label 'x' has the value 70000"));
  s.write("d.json", R"({"labels":{"1":"x","2":"y","3":"x"},)" + entry);
  EXPECT_EQ(import(s, {}, "d.json").dataset.labels[0], (Labels::value_type{"x", {1, 3}}));
}

TEST(ImportDeepMedic, ConfigWithMissingChannels) {
  Scratch s;
  for (const char* name : {"p1", "p2", "p3"})
    s.image(std::string("scans/") + name + "/f.nii"), s.image(std::string("scans/") + name + "/t1c.nii"),
        s.label(std::string("scans/") + name + "/l.nii"),
        s.image(std::string("scans/") + name + "/m.nii", {3, 4, 5}, [](int64_t) { return 1.0f; });
  s.write("c/train.cfg",
          "# a comment\nsessionName = 'x'\nchannelsTraining = [\"./trainChannels_flair.cfg\",\n  \"./trainChannels_t1c.cfg\"] # "
          "two\ngtLabelsTraining = \"./gt.cfg\"\nroiMasksTraining=\"./roi.cfg\"\nchannelsValidation = [\"./valChannels_flair.cfg\", "
          "\"./valChannels_t1c.cfg\"]\ngtLabelsValidation = \"./valgt.cfg\"\n");
  s.write("c/trainChannels_flair.cfg", "../scans/p1/f.nii\n\n# comment\n../scans/p2/f.nii\n"),
      s.write("c/trainChannels_t1c.cfg", "../scans/p1/t1c.nii\n-\n");
  s.write("c/gt.cfg", "../scans/p1/l.nii\n../scans/p2/l.nii\n"), s.write("c/roi.cfg", "../scans/p1/m.nii\n../scans/p2/m.nii\n");
  s.write("c/valChannels_flair.cfg", "../scans/p3/f.nii\n"), s.write("c/valChannels_t1c.cfg", "../scans/p3/t1c.nii\n"),
      s.write("c/valgt.cfg", "../scans/p3/l.nii\n");
  Imported imported = import(s, {}, "c/train.cfg");
  EXPECT_EQ(imported.layout, "deepmedic");
  EXPECT_EQ(imported.dataset.modalities, (Names{"flair", "t1c"}));
  EXPECT_EQ(imported.dataset.cases.size(), 3u);
  EXPECT_TRUE(noted(imported, "'t1c' is missing in 1 of 3"));
  EXPECT_EQ(ids(import(s, {}, "c").dataset), ids(imported.dataset));  // the folder holds one such config
  s.write("c/gt.cfg", "../scans/p1/l.nii\n");
  EXPECT_TRUE(holds(importing(s, {}, "c/train.cfg"), "lists 1 entries"));
  EXPECT_TRUE(holds(importing(s, {}, "c/gt.cfg"), "channelsTraining"));
}

TEST(ImportDeepMedic, ConfigIsReadAsPythonWrites) {
  Scratch s;
  s.image("a.nii"), s.image("b.nii"), s.label("l.nii");
  s.write("list.cfg", "a.nii\n"), s.write("other.cfg", "b.nii\n"), s.write("gt.cfg", "l.nii\n");
  s.write("train.cfg",
          "if x == 1: y = \"z\"\n1x = \"no.cfg\"\n\tchannelsTraining\t=  [ 'list.cfg',\n\"other.cfg\" , \"it's\" ] ; z = 2\n"
          "gtLabelsTraining=\"gt.cfg\"\nroiMasksTraining = \"open\nname = \n");
  s.write("it's", "a.nii\n");
  Imported imported = import(s, {}, "train.cfg");
  EXPECT_EQ(imported.dataset.modalities, (Names{"list", "other", "it's"}));
  EXPECT_TRUE(imported.dataset.cases[0].roi.empty());
}

TEST(ImportDeepMedic, EndlessNamesAndBlanksInAConfig) {  // a name of 100 kB overflowed the stack of std::regex
  Scratch s;
  for (const char* what : {"x", " ", "\t", "=", "\"", "'", "["}) {
    std::string run;
    for (int i = 0; i < 500000; ++i) run += what;
    for (const std::string& content : {run, run + " = \"a\"", "a = [" + run, "a = \"" + run + "\""}) {
      s.write("train.cfg", content);
      EXPECT_TRUE(holds(importing(s, {}, "train.cfg"), "names no channelsTraining")) << what;
    }
  }
}

TEST(ImportDeepMedic, Table) {
  Scratch s;
  s.image("a/f.nii"), s.image("a/t.nii"), s.label("a/l.nii"), s.image("b/f.nii"), s.label("b/l.nii");
  s.write("train.csv",
          "channel_t1, channel_flair,ground_truth , prediction_filename\r\na/t.nii, \"a/f.nii\",a/l.nii, "
          "pred_a.nii.gz\r\n-,b/f.nii,b/l.nii,pred_b.nii.gz\r\n");
  Imported imported = import(s, {}, "train.csv");
  EXPECT_EQ(imported.dataset.modalities, (Names{"flair", "t1"}));
  EXPECT_EQ(ids(imported.dataset), (Names{"pred_a", "pred_b"}));
  EXPECT_FALSE(imported.dataset.cases[1].images.contains("t1"));
  s.write("train.csv", "channel_t1,ground_truth\na/t.nii\n");
  EXPECT_TRUE(holds(importing(s, {}, "train.csv"), "line 2"));
  s.write("train.csv", "t1,ground_truth\n");
  EXPECT_TRUE(holds(importing(s, {}, "train.csv"), "channel_<name>"));
}

TEST(ImportBrats, OldNamesAndNew) {
  Scratch old, now;
  for (const char* m : {"flair", "t1", "t1ce", "t2"}) old.image(std::string("BraTS20_001/BraTS20_001_") + m + ".nii.gz");
  old.label("BraTS20_001/BraTS20_001_seg.nii.gz", {3, 4, 5}, [](int64_t i) { return std::array{0, 1, 2, 4}[size_t(i % 4)]; });
  Imported imported = import(old);
  EXPECT_EQ(imported.layout, "brats");
  EXPECT_EQ(imported.dataset.modalities, (Names{"t1", "t1ce", "t2", "flair"}));
  EXPECT_EQ(imported.dataset.cases[0].images.at("t1"), old.path("BraTS20_001/BraTS20_001_t1.nii.gz"));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"NCR", {1}}, {"ED", {2}}, {"ET", {4}}}));
  for (const char* event : {"000", "001"}) {
    std::string name = std::string("BraTS-GLI-00005-") + event;
    for (const char* m : {"t1n", "t1c", "t2w", "t2f"}) now.image(name + "/" + name + "-" + m + ".nii.gz");
    now.label(name + "/" + name + "-seg.nii.gz", {3, 4, 5}, [](int64_t i) { return int(i % 4); });
  }
  imported = import(now);
  EXPECT_EQ(imported.dataset.patients(), Names{"BraTS-GLI-00005"});  // two scans of one patient stay together
  EXPECT_EQ(ids(imported.dataset), (Names{"BraTS-GLI-00005_000", "BraTS-GLI-00005_001"}));
  EXPECT_EQ(imported.dataset.labels, (Labels{{"NCR", {1}}, {"ED", {2}}, {"ET", {3}}}));
}

TEST(ImportHecktor, BothYears) {
  for (bool flat : {false, true}) {
    Scratch s;
    for (const char* name : {"CHUM-001", "MDA-01"}) {
      std::string images = flat ? "imagesTr/" : std::string(name) + "/", labels = flat ? "labelsTr/" : images;
      s.image(images + name + "__CT.nii.gz"), s.image(images + name + "__PT.nii.gz", Extent{2, 3, 4}), s.label(labels + name + ".nii.gz"),
          s.image(images + name + "__RTDOSE.nii.gz");
    }
    Imported imported = import(s);
    EXPECT_EQ(imported.layout, "hecktor");
    EXPECT_EQ(imported.dataset.modalities, (Names{"CT", "PT"}));
    EXPECT_EQ(ids(imported.dataset), (Names{"CHUM-001", "MDA-01"}));
    EXPECT_EQ(imported.dataset.labels, (Labels{{"GTVp", {1}}, {"GTVn", {2}}}));
    EXPECT_EQ(imported.dataset.cases[0].warnings.size(), 1u);  // CT and PET differ in grid
    EXPECT_TRUE(noted(imported, "RTDOSE"));
  }
}

TEST(ImportHntsMrg, TwoScansPerPatient) {
  Scratch s;
  for (const char* scan : {"preRT", "midRT"})
    s.image(std::string("2/") + scan + "/2_" + scan + "_T2.nii.gz"), s.label(std::string("2/") + scan + "/2_" + scan + "_mask.nii.gz");
  s.image("2/midRT/2_preRT_T2_registered.nii.gz"), s.label("2/midRT/2_preRT_mask_registered.nii.gz");
  Imported imported = import(s);
  EXPECT_EQ(imported.layout, "hntsmrg");
  EXPECT_EQ(ids(imported.dataset), (Names{"2_midRT", "2_preRT"}));
  EXPECT_EQ(imported.dataset.modalities, Names{"T2"});
  EXPECT_EQ(imported.dataset.cases[0].label, s.path("2/midRT/2_midRT_mask.nii.gz"));  // a mask is the label here
  EXPECT_TRUE(noted(imported, "registered"));
}

}  // namespace
}  // namespace tomograd
