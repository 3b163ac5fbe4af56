#include "sampling/case_labels.h"

#include "base/error.h"

namespace tomograd {

int64_t CaseLabels::class_at(Extent v) const { return index_.stored ? index_.stored->class_at(v) : item_.labels[linear(v)]; }

Extent CaseLabels::voxel(int64_t cls, int64_t rank) const {
  return index_.stored ? index_.stored->voxel(cls, rank) : voxel_at(index_.voxels[size_t(cls)][rank], item_.geometry.size);
}

int64_t CaseLabels::background_voxels() const {
  if (there()) return index_.voxels_of(0);
  int64_t count = 0;                             // the index cannot know
  for (int64_t i = 0; i < item_.geometry.size.voxels(); ++i) count += is_background(i);
  return count;
}

Extent CaseLabels::background_voxel(int64_t rank) const {
  if (index_.stored) return index_.stored->voxel(0, rank);
  for (int64_t i = 0; i < item_.geometry.size.voxels(); ++i)
    if (is_background(i) && rank-- == 0) return voxel_at(i, item_.geometry.size);
  fail_failure(text("the label index of case ", item_.id, " promises more background voxels than there are"));
}

int64_t CaseLabels::foreground_in(const Box& box) const { return index_.stored ? index_.stored->foreground_in(box) : tomograd::foreground_in(index_, item_.labels, box); }

void CaseLabels::count(const Box& asked, std::array<int64_t, 256>& voxels) const {
  if (index_.stored) return index_.stored->count(asked, voxels);
  const Box box = intersection(asked, Box{{0, 0, 0}, item_.geometry.size});
  for (int64_t z = box.begin.z; z < box.end().z; ++z)
    for (int64_t y = box.begin.y; y < box.end().y; ++y)
      for (int64_t i = linear({z, y, box.begin.x}), end = i + box.size.x; i < end; ++i)
        if (item_.roi.empty() || item_.roi[i] != 0) ++voxels[item_.labels[i]];
}

}  // namespace tomograd
