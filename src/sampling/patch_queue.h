// Batches made ahead by worker threads inside a byte budget. The same batch for any number of workers: what a slot holds
// is a function of (seed, epoch, position). next() blocks; the destructor stops the workers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "sampling/sampler.h"
#include "volume/block_source.h"

namespace tomograd {

struct Batch {
  int64_t first = 0;                             // running number of its first patch since the start of training
  int64_t count = 0, channels = 0;
  Extent patch;
  Buffer<float> images;                          // [n][channel][z][y][x]
  Buffer<uint8_t> labels;                        // [n][z][y][x] class indices; 255 = outside the volume or the ROI, not counted by losses
  std::vector<PatchPlace> places;
};

int64_t batch_bytes(const SamplingSpec& sampling, int64_t channels);   // images and labels of one batch

class PatchQueue {
 public:
  // Starts at patch number `first` (for resuming). Channel seeds are by modality *name*, so that runs with other channel
  // sets see the same patches and the same noise per modality. `stride`: patches from the start of one batch to the start of the next
  // where others make those in between (ranks of data-parallel training); 0 = sampling.batch, one after the other.
  PatchQueue(std::vector<BlockSource*> sources, const Sampler& sampler, const SamplingSpec& sampling, const AugmentSpec& augment,
             std::vector<std::string> channel_names, uint64_t seed, int64_t first, int64_t stride = 0);
  ~PatchQueue();
  Batch next();
  void give_back(Batch&& batch);                 // lets its buffers be used again
  double stall_seconds() const;                  // time next() has waited

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One patch, the way the queue makes it: crop + augment into [channel][z][y][x] and labels [z][y][x].
void make_patch(BlockSource& source, const PatchPlace& place, Extent patch, const AugmentSpec& augment, const std::vector<std::string>& channel_names,
                uint64_t seed, int64_t number, float* image, uint8_t* labels);

}  // namespace tomograd
