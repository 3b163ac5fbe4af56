// A volume larger than memory, read as slabs of planes from its first to its last: what `block` turns into a block store.
// One implementation per file format; the voxels keep the type they have in the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/nifti.h"

namespace tomograd {

class SlabSource {
 public:
  virtual ~SlabSource() = default;
  virtual Geometry geometry() const = 0;         // size Z,Y,X and affine in mm; spacing 1 where the file says nothing
  virtual bool orientation_known() const { return true; }  // false: the affine is no claim about left and right
  virtual int64_t channels() const = 0;          // frames, samples or time points; at least 1
  virtual VoxelType type() const = 0;            // of the voxels read_planes() gives; f32 where the file scales its values
  // Planes [z_begin, z_end) of one channel: [z][y][x] of type(), native byte order,
  // (z_end - z_begin) * size.y * size.x * voxel_bytes(type()) bytes. Asked for in rising order (channel by channel, z
  // rising, every plane once) it costs one pass over the file; any other order is right but may be slow. Not thread-safe.
  // Damaged or short data, and planes that do not exist, are Error(input).
  virtual void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) = 0;
  virtual int64_t memory_bytes() const { return 0; }  // what it may hold between and during calls, beside `into`
  virtual std::vector<std::string> warnings() const { return {}; }  // accepted, but worth telling; complete after the last plane
};

std::unique_ptr<SlabSource> open_nifti_slabs(Env& env, const std::string& path);
std::unique_ptr<SlabSource> open_zarr_slabs(Env& env, const std::string& path);   // an array, or level 0 of an OME-Zarr group

// By the path's end and, for folders, by what lies in them.
std::unique_ptr<SlabSource> open_slabs(Env& env, const std::string& path);

}  // namespace tomograd
