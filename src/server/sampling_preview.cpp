#include "server/sampling_preview.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "dataset/dataset.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "sampling/sampler.h"
#include "sampling/share_report.h"
#include "spec/extent_value.h"
#include "spec/field.h"
#include "spec/run_spec.h"

namespace tomograd {
namespace {

// As the run would prepare it, but only what decides where voxels lie: the images count where the crop looks at their values, else the first
// stands for all.
PreparedCase prepared_labels(Env& env, const Dataset& dataset, const Case& item, const RunSpec& spec, const ClassMap& classes) {
  PreprocessSpec preprocess = spec.preprocess;
  if (preprocess.crop != "nonzero") {
    for (const auto& channel : used_channels(dataset, spec.preprocess)) {
      if (!item.images.contains(channel)) continue;
      preprocess.channels = {channel}, preprocess.leave_out.clear();
      break;
    }
    preprocess.normalize = "none", preprocess.clip_percentiles.clear();
  }
  PreparedCase prepared = prepare_case(env, dataset, item, preprocess, classes, true);
  prepared.images.clear();
  return prepared;
}

// The voxel of the case's first image, as its file stores it, that is nearest to one of the prepared case. Resampling keeps the centre.
Extent voxel_of_file(const PreparedCase& prepared, Extent at) {
  const auto from = prepared.resampled.spacing(), to = prepared.canonical.spacing();
  Extent canonical, stored;
  for (int axis = 0; axis < 3; ++axis) {
    const double centred = double(at[axis] + prepared.crop.begin[axis]) + 0.5 - double(prepared.resampled.size[axis]) / 2;
    const double place = centred * from[size_t(axis)] / to[size_t(axis)] + double(prepared.canonical.size[axis]) / 2 - 0.5;
    canonical[axis] = std::clamp<int64_t>(std::llround(place), 0, prepared.canonical.size[axis] - 1);
  }
  for (int axis = 0; axis < 3; ++axis) {
    const int input = prepared.reorientation.from_axis[size_t(axis)];
    stored[input] = prepared.reorientation.flipped[size_t(axis)] ? prepared.original.size[input] - 1 - canonical[axis] : canonical[axis];
  }
  return stored;
}

}  // namespace

Value sampling_preview(Env& env, const std::string& path, const Value& asked) {
  const RunSpec spec = spec_from<RunSpec>(asked.at("run"));
  if (spec.sampling.patch.voxels() == 0) fail_input("sampling.patch is 0,0,0, which is fitted to the images when training starts", "give its size, such as patch = [64, 64, 64]");
  const Dataset dataset = read_dataset(env, path);
  const ClassMap classes = make_class_map(dataset, spec.classes);
  std::vector<int> training;
  for (int index : make_split(dataset, spec.validation.patients, spec.validation.test_patients, spec.validation.fraction, uint64_t(spec.seed)).train)
    if (!is_skipped(dataset, dataset.cases[size_t(index)], spec.preprocess) && !dataset.cases[size_t(index)].label.empty()) training.push_back(index);
  if (training.empty()) fail_input("no training case has a label", "check validation.patients, validation.test_patients and preprocess.missing");
  // Spread over the list where not all are read.
  const size_t all = training.size(), most = std::min(all, size_t(asked.at("cases").as_integer()));
  std::vector<int> chosen;
  for (size_t i = 0; i < most; ++i) chosen.push_back(training[i * all / most]);
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  for (int index : chosen) {
    cases.push_back(prepared_labels(env, dataset, dataset.cases[size_t(index)], spec, classes));
    indices.push_back(make_label_index(cases.back().geometry.size, cases.back().labels, cases.back().roi, classes.count()));
  }
  SamplingSpec sampling = spec.sampling;
  if (!sampling.locations.empty()) sampling.locations = join_path(parent_path(path), sampling.locations);
  if (sampling.case_weights.is_table() && chosen.size() < all)   // of cases that were not read
    std::erase_if(sampling.case_weights.as_table(), [&](const auto& weight) { return std::none_of(cases.begin(), cases.end(), [&](const PreparedCase& item) { return item.id == weight.first; }); });
  Sampler sampler(cases, indices, sampling, uint64_t(spec.seed), env);
  Value v = share_report(sampler, sampling, classes.names, 0);
  v["format"] = "tomograd.sampling_preview/1", v["all_cases"] = chosen.size() == all, v["training_cases"] = int64_t(all), v["patch_zyx"] = extent_value(sampling.patch);
  Value::List places;
  auto epoch = sampler.open_epoch(0);
  for (int64_t i = 0; i < std::min(sampler.epoch_patches(), asked.at("patches").as_integer()); ++i) {
    const PatchPlace place = sampler.place(*epoch, i);
    const PreparedCase& item = cases[size_t(place.case_index)];
    Extent centre;
    for (int axis = 0; axis < 3; ++axis) centre[axis] = std::clamp<int64_t>(place.begin[axis] + sampling.patch[axis] / 2, 0, item.geometry.size[axis] - 1);
    Value one = Value::table();
    one["case"] = int64_t(chosen[size_t(place.case_index)]), one["corner_zyx"] = extent_value(place.begin), one["centre_zyx"] = extent_value(voxel_of_file(item, centre));
    one["class"] = place.drawn_class < 0 ? Value() : Value(int64_t(place.drawn_class));
    places.push_back(std::move(one));
  }
  v["places"] = std::move(places);
  return v;
}

}  // namespace tomograd
