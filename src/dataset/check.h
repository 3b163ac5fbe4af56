// Reads every voxel of a dataset once and says what is odd: numbers that are not finite, constant images, label values that
// nobody named, grids that differ, and how much of each label there is.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/parallel.h"
#include "dataset/dataset.h"

namespace tomograd {

struct ImageFacts {
  int64_t voxels = 0, not_finite = 0;
  double smallest = 0, largest = 0, mean = 0, deviation = 0;  // of the finite voxels
};

struct CaseFacts {
  std::string id;
  std::map<std::string, ImageFacts> images;      // per modality
  std::map<int64_t, int64_t> label_voxels;       // per value above 0
  double voxel_ml = 0;                           // volume of one voxel, millilitres
  int64_t roi_voxels = 0;
  std::vector<std::string> problems;             // one sentence each
};

// In the order of dataset.cases. A file that cannot be read is a problem of its case, not an Error.
std::vector<CaseFacts> check_dataset(Env& env, const Dataset& dataset, ThreadPool& pool, const std::function<void(int64_t done)>& progress = {});

}  // namespace tomograd
