// Class sums of the planes that tiles still add to. Planes are finished in order of z; a finished plane becomes labels and
// its place is used again, so that sums of the whole volume never exist. Torch-free.
#pragma once

#include <cstdint>

#include "base/extent.h"
#include "base/memory.h"

namespace tomograd {

class SlabRing {
 public:
  // planes: how many are unfinished at the same time, at most.
  SlabRing(Extent volume, int64_t classes, int64_t planes)
      : volume_(volume), classes_(classes), planes_(planes), sums_(classes * planes * volume.y * volume.x, 0.0f) {}

  int64_t classes() const { return classes_; }
  int64_t finished() const { return finished_; }   // planes [0, finished()) are done
  int64_t class_step() const { return planes_ * volume_.y * volume_.x; }
  // Sums of class 0 at a voxel of an unfinished plane; the row goes on along x, class c is c * class_step() further.
  float* at(int64_t z, int64_t y, int64_t x) { return sums_.data() + ((z % planes_) * volume_.y + y) * volume_.x + x; }

  // Labels of plane z (0 outside the ROI; roi may be null) and zeros in its place. Planes may be taken in parallel, then
  // finish() says up to where.
  void take_plane(int64_t z, const uint8_t* roi, uint8_t* labels);
  void finish(int64_t planes) { finished_ = planes; }

 private:
  Extent volume_;
  int64_t classes_, planes_, finished_ = 0;
  Buffer<float> sums_;
};

}  // namespace tomograd
