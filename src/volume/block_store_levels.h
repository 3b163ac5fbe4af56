// The arrays of a block store, one per resolution, and the pass that fills them: planes go in at the finest, and every coarser one
// is made of them on the way. Private to this room.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "volume/block_store.h"
#include "volume/block_store_counts.h"
#include "volume/block_store_pyramid.h"
#include "volume/zarr_writer.h"

namespace tomograd {

std::string level_path(const std::string& folder, size_t level);  // FOLDER/s0

Extent store_shard(Extent size, const BlockStoreOptions& options, VoxelType type);
ZarrArrayInfo store_array(Extent size, int64_t channels, bool labels, VoxelType type, const BlockStoreOptions& options);
ZarrImage store_image(const Geometry& geometry, bool orientation_known, const std::vector<PyramidLevel>& levels, bool labels, const std::string& name);

// Slabs of `finest_rows` planes at the finest level (0: of a row of blocks), and what the coarser ones keep.
int64_t levels_memory(const std::vector<PyramidLevel>& levels, VoxelType type, const BlockStoreOptions& options, int64_t finest_rows = 0);
int64_t writing_memory(int64_t chunk_bytes, int threads);  // encoded chunks under way, scratch, pieces

// Planes go in at the finest level in rising order; whenever a row of blocks is full at some level it is written, and its
// planes go on, two by two, to the next.
class Pyramid {
 public:
  // Into FOLDER/s0, s1, ..., arrays that are there. With finest_rows the source is s0, which is read so many planes at a time and not
  // written; its blocks are not counted.
  Pyramid(Env& env, const std::string& folder, SlabSource& source, const std::vector<PyramidLevel>& levels, bool labels, const BlockStoreOptions& options, ThreadPool& pool,
          int64_t finest_rows = 0);

  void run(const std::function<void()>& slab_done);
  int64_t stored_bytes() const;
  const std::vector<ValueCounts>& counts() const { return counts_; }
  Extent grid() const { return grid_; }

 private:
  struct Level {
    PyramidLevel shape;
    int64_t rows, plane;                         // most planes in the slab; bytes of one
    std::unique_ptr<ZarrWriter> writer;          // none: it is there already
    Buffer<unsigned char> slab, pending;         // planes of a row of blocks; an even plane whose odd neighbour is still to come
    int64_t first, filled;                       // z of the slab's first plane, planes in it
  };

  void flush(size_t k);
  void hand_down(size_t k, const unsigned char* a, const unsigned char* b);
  void write_blocks(size_t k);

  SlabSource& source_;
  Extent block_, grid_;
  VoxelType type_;
  bool labels_;
  ThreadPool& pool_;
  std::vector<Level> levels_;
  std::vector<ValueCounts> counts_;
  int64_t channel_ = 0;
};

}  // namespace tomograd
