// For tests: a volume made of a function, read slab by slab.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "volume/slab_source.h"
#include "volume/zarr_test_files.h"

namespace tomograd {

class MemorySlabs : public SlabSource {          // u16; counts what is asked for and whether it is in order
 public:
  MemorySlabs(Extent size, int64_t channels, std::function<uint16_t(int64_t, int64_t, int64_t, int64_t)> voxel) : size_(size), channels_(channels), voxel_(std::move(voxel)) {}
  Geometry geometry() const override { return {size_, {{{0.5, 0, 0, -3}, {0, 0.5, 0, 4}, {0, 0, 1.5, 7}}}}; }
  int64_t channels() const override { return channels_; }
  VoxelType type() const override { return VoxelType::u16; }
  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    EXPECT_EQ(std::pair(channel, z_begin), next_);
    next_ = z_end == size_.z ? std::pair{channel + 1, int64_t{0}} : std::pair{channel, z_end};
    most_planes_ = std::max(most_planes_, z_end - z_begin);
    uint16_t* to = static_cast<uint16_t*>(into);
    for (int64_t z = z_begin; z < z_end; ++z)
      for (int64_t y = 0; y < size_.y; ++y)
        for (int64_t x = 0; x < size_.x; ++x) *to++ = voxel_(channel, z, y, x);
  }
  int64_t most_planes() const { return most_planes_; }

 private:
  Extent size_;
  int64_t channels_, most_planes_ = 0;
  std::function<uint16_t(int64_t, int64_t, int64_t, int64_t)> voxel_;
  std::pair<int64_t, int64_t> next_{0, 0};
};

inline uint16_t image_voxel(int64_t c, int64_t z, int64_t y, int64_t x) { return uint16_t(c * 30000 + z * 700 + y * 20 + x); }
inline uint16_t label_voxel(int64_t, int64_t z, int64_t y, int64_t x) { return uint16_t(z < 5 && y < 6 ? 1 : x > 20 ? 3 : 0); }

}  // namespace tomograd
