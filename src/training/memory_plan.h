// What a training run will need at most, above the process's size at its start; known before anything is read. Torch-free.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/graph.h"
#include "dataset/dataset.h"
#include "spec/run_spec.h"

namespace tomograd {

struct TrainingMemory {
  int64_t cases = 0;                             // prepared training cases, their labels and index, and the one being read; of block stores what of them is cached
  int64_t queue = 0;                             // patches made ahead
  int64_t weights = 0;                           // parameters, gradients, moments, the average, and copies in another format
  int64_t activations = 0;                       // of one batch, forward and backward, with what the heap leaves in pieces
  int64_t prediction = 0;                        // whole-volume prediction of the largest validation or test case
  bool predicts_in_between = false;              // validation while the training cases are held; else they are freed before
  int64_t peak() const;
};

// `spec` is a resolved one. Sizes are those of the dataset's headers; a crop can only make cases smaller.
TrainingMemory plan_training_memory(const Graph& graph, const RunSpec& spec, const Dataset& dataset, const Split& split);
// Says what this process will hold at most, and returns it. Error(budget) where that is more than `limit_bytes` (0 = no limit).
int64_t promise_training_memory(const TrainingMemory& plan, const RunSpec& spec, int64_t limit_bytes);

}  // namespace tomograd
