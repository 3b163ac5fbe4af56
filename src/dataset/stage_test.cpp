#include "dataset/stage.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "dataset/dataset.h"
#include "support/fault_env.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

std::string filled(Env& env, const std::string& folder, int files) {
  env.make_directories(folder + "/deep/er");
  for (int i = 0; i < files; ++i) publish_text(env, folder + (i % 2 ? "/deep/er/" : "/") + std::to_string(i), std::string(size_t(i) * 1000, char('a' + i)));
  publish_text(env, folder + "/.hidden", "x");
  return folder;
}

TEST(Stage, CopiesAFolderAndThenOnlyWhatChanged) {
  TemporaryFolder folder;
  Env& env = system_env();
  std::string from = filled(env, folder.path() + "/store", 7), into = folder.path() + "/node";
  StageReport report = stage(env, from, into);
  EXPECT_EQ(report.files, 7);
  EXPECT_EQ(report.copied_files, 7);
  EXPECT_EQ(report.bytes, 21000);
  EXPECT_EQ(report.entry, into + "/store");
  for (const char* name : {"0", "6", "deep/er/5"}) EXPECT_EQ(digest_of_file(env, from + "/" + name), digest_of_file(env, into + "/store/" + name));
  EXPECT_EQ(env.kind(into + "/store/.hidden"), FileKind::missing);
  EXPECT_EQ(stage(env, from, into).copied_files, 0);
  publish_text(env, from + "/2", std::string(2000, 'z'));  // as long as before
  env.remove_file(into + "/store/deep/er/3");
  EXPECT_EQ(stage(env, from, into).copied_files, 2);
  publish_text(env, into + "/store/4", std::string(4000, '!'));  // damaged in place: only reading it tells
  EXPECT_EQ(stage(env, from, into).copied_files, 0);
  StageOptions verify;
  verify.verify = true;
  EXPECT_EQ(stage(env, from, into, verify).copied_files, 1);
  EXPECT_EQ(read_text(env, into + "/store/4"), std::string(4000, 'e'));
}

TEST(Stage, TakesTheHiddenFilesOfAStore) {
  TemporaryFolder folder;
  Env& env = system_env();
  std::string from = folder.path() + "/v2.zarr";
  env.make_directories(from);
  for (const char* name : {".zgroup", ".zattrs", ".zarray", ".zmetadata", ".DS_Store"}) publish_text(env, from + "/" + name, "{}");
  EXPECT_EQ(stage(env, from, folder.path() + "/node").files, 4);
  EXPECT_EQ(env.list(folder.path() + "/node/v2.zarr"), (std::vector<std::string>{".zarray", ".zattrs", ".zgroup", ".zmetadata"}));
}

TEST(Stage, GoesOnAfterAFullDiskAtAnyWrite) {
  TemporaryFolder folder;
  std::string from = filled(system_env(), folder.path() + "/store", 5);
  FaultEnv counted(system_env());
  stage(counted, from, folder.path() + "/whole");
  for (int64_t number = 2; number < counted.operations(); number += 3) {
    std::string into = folder.path() + "/" + std::to_string(number);
    FaultEnv full(system_env());
    full.fail_at(number, true);
    try {
      stage(full, from, into);
    } catch (const Error&) {
    }
    stage(system_env(), from, into);
    for (const char* name : {"0", "deep/er/1", "2", "deep/er/3", "4"}) ASSERT_EQ(digest_of_file(system_env(), from + "/" + name), digest_of_file(system_env(), into + "/store/" + name)) << number;
  }
}

TEST(Stage, ADatasetReadsTheSameFromItsCopy) {
  TemporaryFolder folder;
  Env& env = system_env();
  Dataset dataset;
  dataset.modalities = {"T1/w", "T2"};
  for (const char* id : {"p1", "p2"}) {
    Case item;
    item.id = item.patient = id, item.geometry.size = {1, 2, 3};
    for (const auto& modality : dataset.modalities) {
      item.images[modality] = folder.path() + "/" + id + (modality == "T2" ? ".b.nii.gz" : ".a.hdr");
      publish_text(env, item.images[modality], id + modality);
    }
    publish_text(env, folder.path() + "/" + id + ".a.img", "voxels");
    item.label = folder.path() + "/" + id + ".label.nii";
    publish_text(env, item.label, "label");
    dataset.cases.push_back(item);
  }
  write_dataset(env, dataset, folder.path() + "/d.json");
  std::string into = folder.path() + "/node";
  StageReport report = stage(env, folder.path() + "/d.json", into);
  EXPECT_EQ(report.files, 8);
  Dataset copy = read_dataset(env, report.entry);
  ASSERT_EQ(copy.cases.size(), 2u);
  EXPECT_EQ(copy.cases[1].images.at("T1/w"), absolute_path(into) + "/p2/image0-T1_w.hdr");
  EXPECT_EQ(env.kind(into + "/p2/image0-T1_w.img"), FileKind::file);
  EXPECT_EQ(read_text(env, copy.cases[0].images.at("T2")), "p1T2");
  EXPECT_EQ(read_text(env, copy.cases[0].label), "label");
}

TEST(Stage, WhatCannotBeCopiedIsSaid) {
  TemporaryFolder folder;
  Env& env = system_env();
  std::string from = filled(env, folder.path() + "/store", 2);
  EXPECT_THROW(stage(env, folder.path() + "/gone", folder.path() + "/x"), Error);
  EXPECT_THROW(stage(env, from, from + "/deep"), Error);
  try {
    stage(env, from, "s3://bucket/x");
    FAIL();
  } catch (const Error& e) { EXPECT_NE(e.message().find("s3://bucket/x"), std::string::npos); }
  StageOptions stopped;
  std::stop_source source;
  source.request_stop();
  stopped.stop = source.get_token();
  EXPECT_THROW(stage(env, from, folder.path() + "/y", stopped), Error);
}

}  // namespace
}  // namespace tomograd
