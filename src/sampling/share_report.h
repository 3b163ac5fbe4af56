// What an epoch of patches is made of, for sampling.json of a run: expected and realised share of each class among the patch
// centres, its share of the voxels in the patches, patches per case, how min_fraction fared, and the sampler's warnings.
#pragma once

#include <string>
#include <vector>

#include "sampling/sampler.h"
#include "spec/value.h"

namespace tomograd {

// `classes`: names, background first. Draws the whole epoch; format "tomograd.sampling/1".
Value share_report(const Sampler& sampler, const SamplingSpec& spec, const std::vector<std::string>& classes, uint64_t epoch);
std::string share_line(const Value& report);     // one line of talk

}  // namespace tomograd
