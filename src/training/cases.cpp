#include "training/cases.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace tomograd {
namespace {

bool lacks_a_channel(const PreparedCase& prepared) { return std::find(prepared.present.begin(), prepared.present.end(), false) != prepared.present.end(); }

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

}  // namespace

PreparedCase read_case(Env& env, const Dataset& dataset, int which, const RunSpec& spec, const ClassMap& classes, const char* purpose, std::vector<ReadRecord>& reads) {
  const Case& item = dataset.cases[size_t(which)];
  return with_context("case '" + item.id + "'", [&] {
    PreparedCase prepared = prepare_case(env, dataset, item, spec.preprocess, classes, true);
    if (spec.preprocess.missing == "error" && lacks_a_channel(prepared)) fail_input("a channel is missing", "preprocess.missing = \"zero\" trains on what is there, \"skip\" leaves such cases out");
    reads.push_back({item.id, purpose});
    return prepared;
  });
}

TrainingCases read_training_cases(Env& env, const Dataset& dataset, const std::vector<int>& which, const RunSpec& spec, const ClassMap& classes, std::vector<ReadRecord>& reads) {
  TrainingCases result;
  for (int index : which) {
    PreparedCase prepared = read_case(env, dataset, index, spec, classes, "train", reads);
    if (prepared.labels.empty()) fail_input(text("case '", prepared.id, "' has no label file and cannot be trained on"), "leave it out of the dataset, or name its label with import --label");
    if (spec.preprocess.missing == "skip" && lacks_a_channel(prepared)) {
      warn("case '" + prepared.id + "' lacks a channel and is skipped");
      reads.pop_back();
      continue;
    }
    result.indices.push_back(make_label_index(prepared.geometry.size, prepared.labels, prepared.roi, classes.count()));
    result.blocks.push_back(blocks_with_roi_masked(prepared));
    prepared.images.clear();  // the blocks hold them now
    result.cases.push_back(std::move(prepared));
  }
  if (result.cases.empty()) fail_input("no case is left to train on", "check validation.patients, validation.test_patients and preprocess.missing");
  return result;
}

int64_t channel_bytes_per_scan(Env& env, const Dataset& dataset, const std::vector<std::string>& channels) {
  int64_t bytes = 0;
  for (const auto& item : dataset.cases)
    for (const auto& channel : channels)
      if (auto found = item.images.find(channel); found != item.images.end()) bytes += env.file_size(found->second);
  return dataset.cases.empty() ? 0 : bytes / int64_t(dataset.cases.size());
}

}  // namespace tomograd
