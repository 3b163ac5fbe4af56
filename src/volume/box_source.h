// A volume of any format and size from which boxes are read, and not much more than them: what crop, info and montage need. One
// implementation per file format; of compressed NIfTI files all that lies before the box's end is decompressed.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/memory.h"
#include "volume/nifti.h"
#include "volume/volume.h"

namespace tomograd {

class BoxSource {
 public:
  virtual ~BoxSource() = default;
  virtual const char* format() const = 0;        // "NIfTI", "TIFF", "Zarr"
  virtual Geometry geometry() const = 0;         // size Z,Y,X and affine in mm
  virtual bool orientation_known() const = 0;
  virtual int64_t channels() const = 0;
  virtual VoxelType type() const = 0;            // of the voxels read() gives; f32 where the file scales its values
  virtual int64_t bytes_read() const { return -1; }  // from files, so far; -1 = not counted
  // [z][y][x] of type() in native byte order. Error(input) when the box leaves the volume or data are damaged.
  virtual void read(int64_t channel, const Box& box, void* into) = 0;

  Volume volume(int64_t channel, const Box& box);  // as floats, with the box's own affine
};

// By the path's end and, for folders, by what lies in them (level 0 of an OME-Zarr group).
std::unique_ptr<BoxSource> open_boxes(Env& env, const std::string& path);

bool holds_boxes(Env& env, const std::string& path);  // whether open_boxes() knows what to do with it

// The geometry of a part: the same voxels at the same places.
Geometry geometry_of(const Geometry& whole, const Box& box);

}  // namespace tomograd
