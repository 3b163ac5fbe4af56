// Private to inference: boxes of exact_msd.h.
#pragma once

#include "inference/exact_msd.h"

namespace tomograd {

int64_t layer_reach(const MsdNetwork& network, int64_t layer);              // its largest dilation
int64_t group_reach(const MsdNetwork& network, int64_t first, int64_t end); // of layers [first, end) one after the other
Box grown(const Box& box, int64_t by, Extent volume);                      // by so many voxels on all sides, cut at the volume
Box core_of(const ExactPlan& plan, int64_t tile);

}  // namespace tomograd
