// A label volume as unsigned integers, slab by slab. Private to this room.
#pragma once

#include "base/memory.h"
#include "volume/slab_source.h"

namespace tomograd {

// Types: u8 and i8 become u8; 16 bits and floating point u16; the rest u32. A voxel that is no whole number the new type can
// hold (within 1e-3) is Error(input) naming it. One channel.
class LabelSlabs : public SlabSource {
 public:
  LabelSlabs(SlabSource& source, std::string name);
  Geometry geometry() const override { return source_.geometry(); }
  bool orientation_known() const override { return source_.orientation_known(); }
  int64_t channels() const override { return 1; }
  VoxelType type() const override;
  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override;
  int64_t memory_bytes() const override { return source_.memory_bytes(); }
  std::vector<std::string> warnings() const override { return source_.warnings(); }

 private:
  SlabSource& source_;
  std::string name_;
  Buffer<unsigned char> raw_;                    // the planes asked for, in the source's type
};

}  // namespace tomograd
