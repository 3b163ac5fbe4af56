// The labels of one case as the sampler asks for them: in memory (PreparedCase and LabelIndex), or in a store, from which single
// blocks are decoded. Both give the same answers. Private to this room.
#pragma once

#include <array>

#include "dataset/label_index.h"
#include "dataset/prepared_case.h"

namespace tomograd {

class CaseLabels {
 public:
  CaseLabels(const PreparedCase& item, const LabelIndex& index) : item_(item), index_(index) {}

  bool there() const { return index_.stored || !item_.labels.empty(); }  // false: the case has no label map
  int64_t class_at(Extent voxel) const;
  bool in_roi(Extent voxel) const { return item_.roi.empty() || item_.roi[linear(voxel)] != 0; }
  Extent voxel(int64_t cls, int64_t rank) const; // of this rank among the voxels of the class in the ROI, C order; cls >= 1
  Extent background_voxel(int64_t rank) const;   // of class 0; of any when there are no labels
  int64_t background_voxels() const;             // how many there are for background_voxel()
  int64_t foreground_in(const Box& box) const;
  void count(const Box& box, std::array<int64_t, 256>& voxels) const;  // adds those in the ROI

 private:
  int64_t linear(Extent v) const { return (v.z * item_.geometry.size.y + v.y) * item_.geometry.size.x + v.x; }
  bool is_background(int64_t i) const { return (item_.labels.empty() || item_.labels[i] == 0) && (item_.roi.empty() || item_.roi[i] != 0); }

  const PreparedCase& item_;
  const LabelIndex& index_;
};

inline Extent voxel_at(int64_t linear, Extent size) { return {linear / (size.y * size.x), linear / size.x % size.y, linear % size.x}; }

}  // namespace tomograd
