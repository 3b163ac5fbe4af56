// Reads what the page looks at out of volumes of others: one tile of one plane at a time, of the resolution that is shown, or a small copy
// of the whole. Of stores and plain files only the blocks, strips or rows that a tile touches are read, and blocks are kept for the planes
// beside it; a .nii.gz can only be read from its start, so it is decoded once and kept for a while. Lives in the process that decodes
// (decode_worker.h). Private to this room.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "server/decoded_blocks.h"
#include "server/volume_view.h"
#include "volume/box_source.h"

namespace tomograd {

struct VolumeAsked {
  Env& env;
  const std::string& path;
  const std::string& version;                    // changes with the file
};

class VolumeDecoder {                            // thread-safe
 public:
  explicit VolumeDecoder(Clock& clock, int64_t kept_block_bytes = int64_t{1} << 29) : clock_(clock), blocks_(kept_block_bytes) {}

  VolumeFacts facts(const VolumeAsked& asked);   // Error(input) as open_boxes()
  PlaneTile tile(const VolumeAsked& asked, int64_t level, int64_t channel, int axis, int64_t index, int64_t row, int64_t column);
  Volume small_copy(const VolumeAsked& asked, int64_t channel, int64_t most, Extent* factor = nullptr);
  ValueRange range(const VolumeAsked& asked, int64_t channel);
  void release(double unused_seconds);
  int64_t kept_bytes();
  int64_t decoded_blocks() const { return blocks_.decoded(); }

 private:
  struct Whole {
    std::string path, version;
    int64_t channel = 0;
    double used = 0;
    std::shared_ptr<const Volume> volume;
  };
  struct Known {
    std::string path, version;
    double read = 0;
    VolumeFacts facts;
  };
  VolumeFacts read_facts(Env& env, const std::string& path);
  Buffer<float> read_box(const VolumeAsked& asked, const VolumeLevel& level, int64_t channel, const Box& box);
  std::shared_ptr<const Volume> whole(const VolumeAsked& asked, int64_t channel);  // of a compressed file that is small enough, else null

  Clock& clock_;
  std::mutex mutex_;
  std::vector<Whole> kept_;
  std::mutex facts_mutex_;
  std::vector<Known> known_;
  DecodedBlocks blocks_;
  std::atomic<double> blocks_used_ = 0;
};

}  // namespace tomograd
