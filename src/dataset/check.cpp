#include "dataset/check.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "base/error.h"
#include "dataset/normalize.h"
#include "dataset/prepared_case.h"
#include "dataset/printable.h"
#include "dataset/scan_file.h"
#include "dataset/stored_intensities.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

std::string shown(const std::string& path) { return "'" + printable(file_name(path)) + "'"; }

void check_grid(CaseFacts& facts, const Case& item, const Geometry& geometry, const std::string& path) {
  std::string reason;
  if (!same_grid(item.geometry, geometry, grid_tolerance(item.geometry), &reason))
    facts.problems.push_back(shown(path) + " is not on the grid of the case's first image: " + reason);
}

Intensities measure_file(Env& env, CaseFacts& facts, const Case& item, const std::string& path, int64_t frame, ImageFacts& image) {
  if (is_store_path(path)) {                     // streamed: it may be larger than memory
    check_grid(facts, item, read_scan_header(env, path).geometry, path);
    ThreadPool alone(1);                         // cases are what is done at a time
    return measure_store(env, path, frame, alone, &image.not_finite);
  }
  Volume volume = read_nifti(env, path, frame);
  check_grid(facts, item, volume.geometry, path);
  float* end = std::remove_if(volume.voxels.begin(), volume.voxels.end(), [](float v) { return !std::isfinite(v); });
  int64_t finite = end - volume.voxels.begin();
  image.not_finite = volume.voxels.size() - finite;
  return measure(volume.voxels.data(), finite);
}

void check_image(Env& env, CaseFacts& facts, const Case& item, const std::string& modality, const std::string& path) {
  auto frame = item.frames.find(modality);
  ImageFacts image;
  Intensities found = measure_file(env, facts, item, path, frame == item.frames.end() ? 0 : frame->second, image);
  image.voxels = found.voxels + image.not_finite;
  image.smallest = found.smallest, image.largest = found.largest, image.mean = found.mean, image.deviation = found.deviation;
  facts.images[modality] = image;
  if (found.voxels == 0) facts.problems.push_back(shown(path) + " holds no finite voxel");
  else if (image.not_finite > 0) facts.problems.push_back(text(shown(path), " holds ", image.not_finite, " voxels that are NaN or infinite"));
  if (found.voxels > 0 && found.smallest == found.largest) facts.problems.push_back(text(shown(path), " is constant: every voxel is ", found.smallest));
}

void check_label(Env& env, CaseFacts& facts, const Case& item, const std::set<int64_t>& known) {
  check_grid(facts, item, read_scan_header(env, item.label).geometry, item.label);
  facts.label_voxels = read_label_voxels(env, item.label);
  for (const auto& [value, voxels] : facts.label_voxels)
    if (!known.contains(value)) facts.problems.push_back(text(shown(item.label), " holds the value ", value, ", which is no label of the dataset"));
  if (facts.label_voxels.empty()) facts.problems.push_back(shown(item.label) + " is empty: every voxel is 0");
}

CaseFacts check_case(Env& env, const Case& item, const std::set<int64_t>& known) {
  CaseFacts facts;
  facts.id = item.id;
  auto spacing = item.geometry.spacing();
  facts.voxel_ml = spacing[0] * spacing[1] * spacing[2] / 1000;
  auto guarded = [&](auto&& body) {
    try {
      body();
    } catch (const Error& error) {
      facts.problems.push_back(error.what());
    }
  };
  for (const auto& [modality, path] : item.images)
    guarded([&, &modality = modality, &path = path] { check_image(env, facts, item, modality, path); });
  if (!item.label.empty()) guarded([&] { check_label(env, facts, item, known); });
  if (!item.roi.empty())
    guarded([&] {
      Volume roi = read_scan(env, item.roi);
      check_grid(facts, item, roi.geometry, item.roi);
      facts.roi_voxels = std::count_if(roi.voxels.begin(), roi.voxels.end(), [](float v) { return v > 0.5f; });
      if (facts.roi_voxels == 0) facts.problems.push_back(shown(item.roi) + " is empty: no voxel is above 0.5");
    });
  return facts;
}

}  // namespace

std::vector<CaseFacts> check_dataset(Env& env, const Dataset& dataset, ThreadPool& pool, const std::function<void(int64_t done)>& progress) {
  std::set<int64_t> known;
  for (const auto& [name, values] : dataset.labels) known.insert(values.begin(), values.end());
  std::vector<CaseFacts> facts(dataset.cases.size());
  std::atomic<int64_t> done{0};
  pool.for_each(int64_t(facts.size()), [&](int64_t i) {
    facts[size_t(i)] = check_case(env, dataset.cases[size_t(i)], known);
    int64_t now = ++done;
    if (progress) progress(now);
  });
  return facts;
}

}  // namespace tomograd
