// The block store: an OME-Zarr 0.5 group on disk, made slab by slab from a volume of any size.
//   STORE/zarr.json                 axes, scales, the exact affine
//   STORE/s0, s1, ...               [channel][z][y][x], voxels of the source's type; every next level half as fine (means)
//   STORE/labels/NAME/s0, s1, ...   [z][y][x], unsigned integers; levels by majority
//   STORE/labels/NAME/counts        [value][block z][block y][block x]: voxels of each value per block of s0
// It appears under its name when it is complete.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "volume/slab_source.h"
#include "volume/zarr_metadata.h"
#include "volume/zarr_ome.h"

namespace tomograd {

struct BlockStoreOptions {
  Extent block{64, 64, 64};
  bool shards = true;                            // false: one file per block
  int64_t shard_bytes = int64_t{1} << 30;        // decoded, of one shard; a shard is a whole channel up to this
  std::vector<ZarrCodec> codecs{ZarrCodec{}};    // empty: raw
  int64_t levels = 0;                            // resolutions; 0 = until one fits into a block
};

struct BlockStoreReport {
  std::vector<Extent> levels;                    // sizes, finest first
  Extent shard;                                  // of level 0
  int64_t channels = 0, blocks = 0;              // blocks of level 0, all channels
  int64_t voxel_bytes = 0, stored_bytes = 0;     // of level 0 and the labels, decoded; of all files of chunks
  std::vector<std::string> warnings;
};

using NamedSlabs = std::pair<std::string, SlabSource*>;  // letters and "_" only, so that "label1" means value 1 of "label"

// Error(input) when `path` exists, sizes differ, or a label is no whole number of 0 .. 2^32 - 1. Memory: block.z planes of
// the source and a third of that, chunks under way (64 MiB), the codecs' scratch; block_store_memory() says how much.
BlockStoreReport write_block_store(Env& env, SlabSource& image, const std::vector<NamedSlabs>& labels, const std::string& path, const BlockStoreOptions& options,
                                   ThreadPool& pool, const std::function<void(double share)>& progress = {});

// The most counted bytes that write_block_store() holds at a time.
int64_t block_store_memory(const SlabSource& image, const std::vector<NamedSlabs>& labels, const BlockStoreOptions& options, int threads);

}  // namespace tomograd
