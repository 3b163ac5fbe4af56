// A Zarr array opened for reading boxes of its last three dimensions (z, y, x); 3 to 5 dimensions, the leading ones (time,
// channel) are addressed by one running index in C order. Only the chunks that a box touches are read and decoded; chunks
// that lie near each other in a shard are fetched by one read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "volume/zarr_codec.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

struct ZarrReadOptions {
  bool missing_is_error = false;                 // outputs of ours: a chunk that is not there was never written
  // Ranges of a shard that are no further apart are read together, as long as that reads at most half as much again as is
  // needed; -1 = every chunk by a read of its own.
  int64_t gap_bytes = 64 << 10;
  std::string root;                              // folder that links may not lead out of; "" = the array's own
};

class ZarrShard;

class ZarrArray {                                // thread-safe
 public:
  ZarrArray(Env& env, const std::string& directory, ZarrReadOptions options = {});
  ~ZarrArray();

  const ZarrArrayInfo& info() const { return info_; }
  Extent size() const { return tail(info_.shape); }
  Extent block() const { return tail(info_.chunk.shape); }
  Extent shard() const { return tail(info_.shard); }
  int64_t leading() const;                       // product of the dimensions before z, y, x

  // A box of one leading index. `into` is [z][y][x] of the box; `pool` is used when given (not from inside one of its bodies).
  // A box that leaves the array, a damaged chunk and (with missing_is_error) a missing one are Error(input) naming the file.
  void read(int64_t lead, const Box& box, float* into, ThreadPool* pool = nullptr);
  void read_labels(int64_t lead, const Box& box, uint16_t* into, ThreadPool* pool = nullptr);  // as read_nifti_labels
  void read_labels(int64_t lead, const Box& box, uint32_t* into, ThreadPool* pool = nullptr);  // 0 .. 2^32 - 1
  void read_raw(int64_t lead, const Box& box, void* into, ThreadPool* pool = nullptr);         // info().chunk.type, native

  int64_t bytes_read() const { return bytes_read_; }  // chunks and shard indexes, from files, so far
  int64_t reads() const { return reads_; }            // how many range reads that were

 private:
  struct Piece;
  struct Worker;
  struct Part;
  using UsePart = std::function<void(const Part&)>;
  static Extent tail(const ZarrIndex& numbers) { return {numbers[numbers.size() - 3], numbers[numbers.size() - 2], numbers.back()}; }
  std::vector<Piece> pieces_of(int64_t lead, const Box& box);
  // whole: where the box is one chunk, decoded into it and not handed on.
  void for_each_part(int64_t lead, const Box& box, const UsePart& use, ThreadPool* pool, unsigned char* whole = nullptr);
  template <class Row>
  void for_each_row(int64_t lead, const Box& box, const Row& use, ThreadPool* pool);  // raw voxels of a row, how many, number of the first in the box
  void read_pieces(std::vector<Piece>& pieces, const Box& box, const UsePart& use, ThreadPool* pool, unsigned char* whole);
  void hand_on(const Piece& piece, const Box& box, const unsigned char* chunk, const UsePart& use) const;
  void hand_on_fill(const Piece& piece, const Box& box, const UsePart& use) const;
  std::shared_ptr<ZarrShard> shard_at(const ZarrIndex& place, const std::string& path);
  std::unique_ptr<Worker> take_worker();
  void give_worker(std::unique_ptr<Worker> worker);

  Env& env_;
  std::string directory_;
  ZarrReadOptions options_;
  ZarrArrayInfo info_;
  std::mutex mutex_;
  std::vector<std::pair<ZarrIndex, std::shared_ptr<ZarrShard>>> shards_;  // open ones, the last used at the end
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<int64_t> bytes_read_{0}, reads_{0};
};

}  // namespace tomograd
