// tomograd predict MODEL STORE.zarr: a volume larger than memory, tile by tile, here or by workers that may be killed.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace tomograd {

struct StorePrediction {
  std::string tiles, element, on;                // "K/N", the same from 0, "local" or "slurm"
  std::vector<int64_t> halo;
  int64_t workers = 0, group = 0;                // group: of layers, from 1; 0 = all
  bool merge = false, exact = false;
};
void add_store_options(CLI::App& verb, StorePrediction& options);

// Whether this call is for a store. Error(usage) when options for stores stand beside other inputs.
bool predicts_store(const StorePrediction& options, const std::vector<std::string>& inputs);
void predict_store(const StorePrediction& options, const std::string& model, const std::string& store, const std::string& out, const Value& tile, const BackendChoice& backend, const ComputeOptions& compute,
                   const Output& output);

}  // namespace tomograd
