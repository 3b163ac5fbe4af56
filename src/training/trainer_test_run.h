// What the tests of whole runs share: three generated patients, a small run, what is told, a stop at a step.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "dataset/dataset.h"
#include "dataset/import.h"
#include "spec/text_formats.h"
#include "training/trainer.h"
#include "volume/nifti.h"

namespace tomograd {

// Three patients of 20 x 22 x 24 voxels with one bright ball each, visible in channel A; channel B is noise.
inline void make_scans(const std::string& folder) {
  Env& env = system_env();
  Dataset dataset;
  dataset.modalities = {"A", "B"};
  dataset.labels = {{"ball", {1}}};
  for (int patient = 0; patient < 3; ++patient) {
    Random random(1, "scan", 0, uint64_t(patient));
    Geometry geometry;
    geometry.size = {20, 22, 24};
    Volume a{geometry, Buffer<float>(geometry.size.voxels())}, b{geometry, Buffer<float>(geometry.size.voxels())};
    LabelVolume label{geometry, Buffer<uint16_t>(geometry.size.voxels())};
    double cz = random.uniform(7, 13), cy = random.uniform(7, 14), cx = random.uniform(7, 16);
    for (int64_t z = 0; z < 20; ++z)
      for (int64_t y = 0; y < 22; ++y)
        for (int64_t x = 0; x < 24; ++x) {
          int64_t i = a.index(z, y, x);
          bool inside = (z - cz) * (z - cz) + (y - cy) * (y - cy) + (x - cx) * (x - cx) < 25;
          label.voxels[i] = inside;
          a.voxels[i] = float(random.normal() + (inside ? 4 : 0));
          b.voxels[i] = float(random.normal());
        }
    Case item;
    item.id = item.patient = text("P", patient);
    item.geometry = geometry;
    for (auto* volume : {&a, &b}) {
      std::string path = join_path(folder, text(item.id, volume == &a ? "_A" : "_B", ".nii"));
      write_nifti(env, path, *volume);
      item.images[volume == &a ? "A" : "B"] = path;
    }
    item.label = join_path(folder, item.id + "_seg.nii");
    write_nifti_labels(env, item.label, label);
    item.digest = case_digest(env, item);
    dataset.cases.push_back(item);
  }
  write_dataset(env, dataset, join_path(folder, "dataset.json"));
}

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/tomograd-train-XXXXXX";
    folder_ = mkdtemp(path);
    make_scans(folder_);
  }
  void TearDown() override { system_env().remove_tree(folder_); }

  RunSpec spec(const std::string& out, int64_t steps) {
    RunSpec spec = spec_from<RunSpec>(parse_toml(R"(
      threads = 1
      precision = "f32"
      [model]
      channels = [4, 8]
      residual_units = 1
      [sampling]
      patch = [16, 16, 16]
      epoch_patches = 8
      [optimizer]
      learning_rate = 1e-2
      average = 0.9
      accumulate = 2
      [predict]
      tile = [16, 16, 16]
      [checkpoint]
      every_steps = 4
      [validation]
      patients = ["P1"]
      test_patients = ["P2"]
      every_steps = 5
    )", "test"));
    spec.data = join_path(folder_, "dataset.json");
    spec.out = join_path(folder_, out);
    spec.max_steps = steps;
    return spec;
  }

  Value manifest(const std::string& out) { return parse_json(read_text(system_env(), join_path(folder_, out + "/manifest.json")), "manifest"); }

  // The dataset with a change, under another name.
  std::string changed_dataset(const std::string& name, const std::function<void(Dataset&)>& change) {
    Dataset dataset = read_dataset(system_env(), join_path(folder_, "dataset.json"));
    change(dataset);
    write_dataset(system_env(), dataset, join_path(folder_, name));
    return join_path(folder_, name);
  }

  std::string bytes(const std::string& path) { return digest_of_file(system_env(), join_path(folder_, path)); }

  std::string folder_;
};

inline std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct Warnings {                                // what is told while it lives
  std::string told;
  LogSink before;
  Warnings() : before(set_log_sink([this](LogLevel level, const std::string& line) { if (level == LogLevel::warning) told += line + "\n"; })) {}
  ~Warnings() { set_log_sink(before); }
};

struct StopAt : TrainObserver {
  int64_t step;
  std::stop_source source;
  explicit StopAt(int64_t at) : step(at) {}
  void checkpoint(int64_t now) override {
    if (now == step) source.request_stop();
  }
};

}  // namespace tomograd
