#include "inference/slab_ring.h"

#include "kernels/blend.h"

namespace tomograd {

void SlabRing::take_plane(int64_t z, const uint8_t* roi, uint8_t* labels) {
  int64_t plane = volume_.y * volume_.x;
  uint8_t* into = labels + z * plane;
  take_labels(at(z, 0, 0), class_step(), classes_, plane, into);
  if (!roi) return;
  for (int64_t i = 0; i < plane; ++i)
    if (!roi[z * plane + i]) into[i] = 0;
}

}  // namespace tomograd
