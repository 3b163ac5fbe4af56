#include "inference/slab_ring.h"

#include <algorithm>

#include "kernels/blend.h"

namespace tomograd {

SlabRing::SlabRing(const TilePlan& plan, int64_t classes, float weight) : plan_(plan), classes_(classes), across_(plan.sweep == 0 ? plan.volume.y : plan.volume.z), weight_(weight), size_(plan.volume) {
  size_[plan.sweep] = plan.slab_planes;
  sums_ = Buffer<float>((classes - 1) * size_.voxels(), 0.0f);
}

void SlabRing::take_row(int64_t row, const uint8_t* roi, uint8_t* labels) {
  int64_t plane = finished_ + row / across_, other = row % across_;
  int64_t z = plan_.sweep == 0 ? plane : other, y = plan_.sweep == 0 ? other : plane, place = (z * plan_.volume.y + y) * plan_.volume.x;
  const auto& axes = plan_.axes;
  take_labels(at(z, y, 0), class_step(), classes_, plan_.volume.x, weight_ * axes[0].totals[size_t(z)] * axes[1].totals[size_t(y)], axes[2].totals.data(), labels + place);
  if (!roi) return;
  for (int64_t x = 0; x < plan_.volume.x; ++x)
    if (!roi[place + x]) labels[place + x] = 0;
}

}  // namespace tomograd
