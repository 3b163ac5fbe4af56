// How many patches of each class come from each case in an epoch: whole numbers whose class totals are exact.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace tomograd {

// `total` shared out in proportion to the weights by largest remainder (Hamilton's method); equal remainders are ordered by
// chance. All weights 0: all parts 0.
std::vector<int64_t> largest_remainder(int64_t total, const std::vector<double>& weights, Random& random);

struct EpochPlan {
  std::vector<int64_t> of_class;                 // [class], background first
  std::vector<std::vector<int64_t>> counts;      // [case][class]
};

// weights: [class] shares, background first; case_weights: [case]; available: [case][class] voxels to draw from.
// Class totals are largest remainders of the shares over the classes that some case has; what the others would have got goes
// to the remaining foreground classes (to background when there are none, and from background to foreground when no case has
// background). A class is spread over the cases that have it in proportion to their weights; background then evens out the
// totals per case, so far as it reaches.
EpochPlan plan_epoch(int64_t patches, const std::vector<double>& weights, const std::vector<double>& case_weights,
                     const std::vector<std::vector<int64_t>>& available, Random& random);

}  // namespace tomograd
