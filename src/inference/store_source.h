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
  std::string digest;                            // volume/block_store_digest.h
};

// Error(input): no Zarr store; known and not canonical orientation (closest to RAS+), as for training from a store.
StoreSource open_store_source(Env& env, const std::string& path);

}  // namespace tomograd
