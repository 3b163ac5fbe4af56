// One file of a Zarr array opened for reading: a chunk alone, or a shard with its index. Private to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/memory.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

// The most bytes that a chunk can take in a file; more is damage or malice.
inline int64_t most_encoded_bytes(const ZarrChunkFormat& format) { return format.bytes() + format.bytes() / 8 + (int64_t{1} << 20); }

inline int64_t zarr_index_bytes(const ZarrArrayInfo& info) { return 16 * info.chunks_per_shard() + (info.index_checksum ? 4 : 0); }

class ZarrShard {
 public:
  struct Range { int64_t offset = 0, bytes = -1; };  // bytes -1: the chunk is missing

  // Reads and checks the index: its checksum, ranges inside the file and outside the index, no two that overlap.
  ZarrShard(std::unique_ptr<InputFile> file, const ZarrArrayInfo& info, std::string path);

  Range range(int64_t inner) const;              // inner: running index of the chunk in the shard, C order
  int64_t chunks() const { return index_.size() / 2; }
  int64_t bytes_of_index() const { return index_bytes_; }
  InputFile& file() { return *file_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<InputFile> file_;
  Buffer<uint64_t> index_;                       // offset, bytes of every inner chunk; empty without sharding
  int64_t index_bytes_ = 0;
};

// Error(input) when links lead from `path` out of `root`.
void check_links_inside(const std::string& root, const std::string& path);

}  // namespace tomograd
