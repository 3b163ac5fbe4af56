// Writing a Zarr array: chunk by chunk, in any order, each once. A shard is published (base/env.h) when its last chunk is
// there, so readers see whole files only; writers of different shards never touch the same file, and may be threads,
// processes or array jobs. A chunk that holds nothing but fill is written too: what is missing was never computed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "volume/zarr_codec.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

// Makes the array's folder with its metadata. A folder that holds an array or group already is Error(input).
void create_zarr_array(Env& env, const std::string& directory, const ZarrArrayInfo& info);

class ZarrWriter {
 public:
  ZarrWriter(Env& env, const std::string& directory);  // of an array that create_zarr_array() made
  ~ZarrWriter();

  const ZarrArrayInfo& info() const { return info_; }

  // Writes chunks, given by their places in info().chunk_grid(). fill(i, into) makes the voxels of chunks[i] in C order,
  // info().chunk.bytes() bytes, what lies outside the array included; it is called on the pool's threads, once per chunk.
  // Chunks enter their file in the order given: equal calls give equal bytes.
  using Fill = std::function<void(size_t i, unsigned char* into)>;
  void put(const std::vector<ZarrIndex>& chunks, const Fill& fill, ThreadPool* pool = nullptr);

  // All chunks of one shard that lie in the array.
  std::vector<ZarrIndex> chunks_of_shard(const ZarrIndex& place) const;

  // Every shard that was begun must be whole by now, else Error(failure).
  void finish();
  int64_t bytes_written() const { return bytes_written_; }

 private:
  struct OpenShard;
  struct Worker;
  void append(const ZarrIndex& chunk, const Buffer<unsigned char>& encoded);
  void publish(const ZarrIndex& place, OpenShard& shard);
  std::unique_ptr<Worker> take_worker();

  Env& env_;
  std::string directory_;
  ZarrArrayInfo info_;
  std::map<ZarrIndex, std::unique_ptr<OpenShard>> open_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  int64_t bytes_written_ = 0;
};

}  // namespace tomograd
