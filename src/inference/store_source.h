// The volume that is predicted tile by tile: level 0 of a Zarr store (OME-Zarr group or plain array), and what tells it from
// any other. Torch-free.
#pragma once

#include <memory>
#include <string>

#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {

struct StoreSource {
  std::string path;                              // as given
  std::unique_ptr<ZarrArray> array;              // [channel][z][y][x]; chunks that are missing are errors
  ZarrImage image;                               // without levels for a plain array
  Geometry geometry;
  bool orientation_known = false;
  // Of the metadata files and, so that two volumes of the same shape differ, of the sizes and last 64 KiB (the index of a shard)
  // of up to 16 files of chunks. The store may lie elsewhere by the time a worker reads it: paths are not in it.
  std::string digest;
};

// Error(input): no Zarr store; known and not canonical orientation (closest to RAS+), as for training from a store.
StoreSource open_store_source(Env& env, const std::string& path);

}  // namespace tomograd
