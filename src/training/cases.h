// The cases of a run: read, prepared and cut into blocks, or opened where they lie in block stores. Statistics of a case come from
// that case alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "dataset/dataset.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "spec/run_spec.h"
#include "training/run_folder.h"
#include "volume/block_cache.h"
#include "volume/block_source.h"

namespace tomograd {

struct TrainingCases {                           // parallel lists; images live in the blocks only
  std::shared_ptr<BlockCache> cache;             // of the blocks of all stores; null when there is none
  std::vector<std::unique_ptr<BlockSource>> blocks;
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  std::vector<double> read_seconds;              // each case, until its patches could be cut: read, decoded, prepared, indexed
};

TrainingCases read_training_cases(Env& env, Clock& clock, const Dataset& dataset, const std::vector<int>& which, const RunSpec& spec, const ClassMap& classes, std::vector<ReadRecord>& reads);

// The split without the cases that [preprocess] missing = "skip" leaves out; a warning names them. Error(input) when no case
// is left to train on.
Split without_skipped(const Dataset& dataset, const Split& split, const PreprocessSpec& spec);

// The cases that a run trains, validates and tests on: [validation] of the spec, without those that are skipped.
Split split_of(const Dataset& dataset, const RunSpec& spec);

// How a case's files differ from those that dataset.json was made from: a file is gone, or sizes or ends differ. "" = they do
// not, or dataset.json has no digest.
std::string changed_since_import(Env& env, const Case& item);

// Digest of the files of a case that a run with these channels reads: sizes and the first and last 64 KiB of each.
std::string inputs_digest(Env& env, const Case& item, const std::vector<std::string>& channels);

// One case for prediction. Missing channels follow [preprocess] missing.
PreparedCase read_case(Env& env, const Dataset& dataset, int which, const RunSpec& spec, const ClassMap& classes, const char* purpose, std::vector<ReadRecord>& reads);

// Bytes of the channels that the network reads, per scan on average, as stored (what dropping a modality saves); of block stores
// decoded.
int64_t channel_bytes_per_scan(Env& env, const Dataset& dataset, const std::vector<std::string>& channels);

}  // namespace tomograd
