#include "training/cases.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "dataset/import.h"
#include "dataset/scan_file.h"
#include "dataset/stored_case.h"

namespace tomograd {
namespace {

// Voxels outside the ROI are predicted as background whatever the network says there, so losses do not count them (255).
// The case keeps its own labels: the sampler counts foreground in them.
std::unique_ptr<BlockSource> blocks_with_roi_masked(PreparedCase& prepared) {
  if (prepared.roi.empty()) return blocks_of(prepared);
  Buffer<uint8_t> masked(prepared.labels.size());
  for (int64_t i = 0; i < masked.size(); ++i) masked[i] = prepared.roi[i] ? prepared.labels[i] : 255;
  std::swap(masked, prepared.labels);
  auto blocks = blocks_of(prepared);
  std::swap(masked, prepared.labels);
  return blocks;
}

std::vector<int> kept(const Dataset& dataset, const std::vector<int>& cases, const PreprocessSpec& spec, const char* purpose) {
  std::vector<int> result;
  for (int index : cases) {
    const Case& item = dataset.cases[size_t(index)];
    if (!is_skipped(dataset, item, spec)) result.push_back(index);
    else warn(text("case '", item.id, "' lacks a channel and is left out of ", purpose));
  }
  return result;
}

}  // namespace

Split without_skipped(const Dataset& dataset, const Split& split, const PreprocessSpec& spec) {
  Split result{kept(dataset, split.train, spec, "training"), kept(dataset, split.validation, spec, "validation"), kept(dataset, split.test, spec, "testing")};
  if (result.train.empty()) fail_input(text("none of the ", split.train.size(), " training cases has all channels and preprocess.missing is 'skip'"), "preprocess.missing = \"zero\" trains on what is there");
  return result;
}

Split split_of(const Dataset& dataset, const RunSpec& spec) {
  return without_skipped(dataset, make_split(dataset, spec.validation.patients, spec.validation.test_patients, spec.validation.fraction, uint64_t(spec.seed)), spec.preprocess);
}

std::string changed_since_import(Env& env, const Case& item) {
  if (item.digest.empty()) return "";
  auto gone = [&](const std::string& path) { return !path.empty() && env.kind(path) != (is_store_path(path) ? FileKind::directory : FileKind::file); };
  for (const auto& [modality, path] : item.images)
    if (gone(path)) return "the file of " + modality + " is gone";
  if (gone(item.label)) return "the label file is gone";
  if (gone(item.roi)) return "the ROI file is gone";
  return case_digest(env, item) == item.digest ? "" : "its files are not those that were imported";
}

std::string inputs_digest(Env& env, const Case& item, const std::vector<std::string>& channels) {
  Case read = item;
  std::erase_if(read.images, [&](const auto& image) { return std::find(channels.begin(), channels.end(), image.first) == channels.end(); });
  return case_digest(env, read);
}

PreparedCase read_case(Env& env, const Dataset& dataset, int which, const RunSpec& spec, const ClassMap& classes, const char* purpose, std::vector<ReadRecord>& reads) {
  const Case& item = dataset.cases[size_t(which)];
  return with_context("case '" + item.id + "'", [&] {
    PreparedCase prepared = prepare_case(env, dataset, item, spec.preprocess, classes, true);
    reads.push_back({item.id, purpose});
    return prepared;
  });
}

TrainingCases read_training_cases(Env& env, Clock& clock, const Dataset& dataset, const std::vector<int>& which, const RunSpec& spec, const ClassMap& classes, std::vector<ReadRecord>& reads) {
  TrainingCases result;
  ThreadPool pool(int(std::max<int64_t>(1, spec.threads)));
  for (int index : which) {
    const Case& item = dataset.cases[size_t(index)];
    if (item.label.empty()) fail_input(text("case '", item.id, "' has no label file and cannot be trained on"), "leave it out of the dataset, or name its label with import --label");
    const double begun = clock.monotonic_seconds();
    if (is_stored(item)) {
      if (!result.cache) result.cache = std::make_shared<BlockCache>(spec.sampling.cache_megabytes * 1'000'000);
      StoredCase stored = open_stored_case(env, dataset, item, spec.preprocess, classes, result.cache, pool);
      reads.push_back({item.id, "train"});
      result.blocks.push_back(std::move(stored.blocks));
      result.indices.push_back(std::move(stored.index));
      result.cases.push_back(std::move(stored.prepared));
    } else {
      PreparedCase prepared = read_case(env, dataset, index, spec, classes, "train", reads);
      result.indices.push_back(make_label_index(prepared.geometry.size, prepared.labels, prepared.roi, classes.count()));
      result.blocks.push_back(blocks_with_roi_masked(prepared));
      prepared.images.clear();  // the blocks hold them now
      result.cases.push_back(std::move(prepared));
    }
    result.read_seconds.push_back(clock.monotonic_seconds() - begun);
  }
  if (result.cases.empty()) fail_input("no case is left to train on", "check validation.patients, validation.test_patients and preprocess.missing");
  return result;
}

int64_t channel_bytes_per_scan(Env& env, const Dataset& dataset, const std::vector<std::string>& channels) {
  int64_t bytes = 0;
  for (const auto& item : dataset.cases)
    for (const auto& channel : channels)
      if (auto found = item.images.find(channel); found != item.images.end())
        bytes += is_store_path(found->second) ? item.geometry.size.voxels() * voxel_bytes(read_scan_header(env, found->second).type) : env.file_size(found->second);
  return dataset.cases.empty() ? 0 : bytes / int64_t(dataset.cases.size());
}

}  // namespace tomograd
