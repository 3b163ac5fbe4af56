// Which patches: the centre of every patch of an epoch, drawn from the label index by (seed, epoch, index) alone.
// Over an epoch the share of each drawn class is exact (largest remainder); order is a seeded shuffle that keeps
// `reads_per_case` patches of one case together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "spec/run_spec.h"

namespace tomograd {

struct PatchPlace {
  int case_index = 0;                            // into the list the sampler was made with
  int drawn_class = -1;                          // class the centre was drawn from: 0 = background, -1 = anywhere
  Extent begin;                                  // first voxel of the patch; may lie outside the volume by less than the patch
  bool operator==(const PatchPlace&) const = default;
};

// How min_fraction fared in an epoch: a patch drawn as foreground that has too little of it is drawn again, at most
// `fraction_tries` times in all, then the best one seen is taken and counted here as below.
constexpr int fraction_tries = 16;
struct FractionReport {
  int64_t foreground_patches = 0, redrawn = 0, below = 0;  // redrawn: further draws in all
  double lowest = 1;                             // smallest foreground share among the foreground patches
};

struct ClassShares {
  std::vector<double> expected, realised;        // per class, of the centres
  std::vector<double> voxel_share;               // per class, of the voxels in the patches
  std::map<int, int64_t> case_patches;           // patches of each case that has some
};

class Sampler {
 public:
  // cases and indices run in parallel and must outlive the sampler. Cases without foreground get background patches only,
  // with a warning that names them; when no case has foreground and foreground > 0 it is Error(input).
  Sampler(const std::vector<PreparedCase>& cases, const std::vector<LabelIndex>& indices, const SamplingSpec& spec, uint64_t seed, Env& env);
  ~Sampler();
  int64_t epoch_patches() const;
  // An epoch in order; every place is a pure function of the epoch and its number in it, drawn when it is asked for, so that
  // what a store has to decode for it is decoded by who needs it. Thread-safe.
  struct Epoch;
  std::shared_ptr<const Epoch> open_epoch(uint64_t number) const;
  int case_of(const Epoch& epoch, int64_t i) const;
  PatchPlace place(const Epoch& epoch, int64_t i) const;
  std::vector<PatchPlace> epoch(uint64_t number) const;    // all places
  ClassShares shares(uint64_t number) const;               // voxels are counted in the first patches, up to 2e9 voxels of them, of stores up to 2e8
  FractionReport fraction_report(uint64_t number) const;
  const std::string& case_id(int case_index) const;
  const std::vector<std::string>& warnings() const;        // already told to warn(), kept for reports

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
