// The cases of a run: read, prepared and cut into blocks. Statistics of a case come from that case alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/dataset.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "spec/run_spec.h"
#include "training/run_folder.h"
#include "volume/block_source.h"

namespace tomograd {

struct TrainingCases {                           // parallel lists; images live in the blocks only
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  std::vector<std::unique_ptr<BlockSource>> blocks;
};

TrainingCases read_training_cases(Env& env, const Dataset& dataset, const std::vector<int>& which, const RunSpec& spec, const ClassMap& classes, std::vector<ReadRecord>& reads);

// One case for prediction. Missing channels follow [preprocess] missing.
PreparedCase read_case(Env& env, const Dataset& dataset, int which, const RunSpec& spec, const ClassMap& classes, const char* purpose, std::vector<ReadRecord>& reads);

// Bytes of the channels that the network reads, per scan on average, as stored (what dropping a modality saves).
int64_t channel_bytes_per_scan(Env& env, const Dataset& dataset, const std::vector<std::string>& channels);

}  // namespace tomograd
