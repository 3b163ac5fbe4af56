// Class sums of the planes that tiles still add to. Tiles sweep the volume along z or y; a plane across the sweep that no later
// tile touches becomes labels and its place is used again, so that sums of the whole volume never exist. Class 0 has no sums
// (blend.h). Torch-free.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "inference/tile_plan.h"

namespace tomograd {

class SlabRing {
 public:
  // weight: how often each tile's weights are added (networks times mirror images). The plan must outlive the ring.
  SlabRing(const TilePlan& plan, int64_t classes, float weight);

  int64_t classes() const { return classes_; }
  int64_t class_step() const { return size_.voxels(); }
  // Sums of class 1 at a voxel of an unfinished plane; the row goes on along x, class c is (c - 1) * class_step() further.
  float* at(int64_t z, int64_t y, int64_t x) {
    (plan_.sweep == 0 ? z : y) %= plan_.slab_planes;
    return sums_.data() + (z * size_.y + y) * size_.x + x;
  }

  // Planes before `up_to` along the sweep that are not finished yet become labels (0 outside the ROI; roi may be null) and
  // zeros in their places. Rows are shared among torch's threads by the caller: rows() of them, then finish().
  int64_t rows(int64_t up_to) const { return (up_to - finished_) * across_; }
  void take_row(int64_t row, const uint8_t* roi, uint8_t* labels);
  void finish(int64_t up_to) { finished_ = up_to; }

 private:
  const TilePlan& plan_;
  int64_t classes_, finished_ = 0, across_;
  float weight_;
  Extent size_;                                  // of the sums of one class
  Buffer<float> sums_;
};

}  // namespace tomograd
