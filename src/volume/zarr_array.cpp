#include "volume/zarr_array.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_shard.h"

namespace tomograd {

struct ZarrArray::Piece {                        // what one chunk gives to a box
  ZarrIndex place;                               // of the file in shard_grid()
  int64_t inner = 0;                             // running index of the chunk in its shard
  int64_t lead_voxels = 0;                       // voxels of the chunk before the leading index wanted
  Extent begin;                                  // of the chunk in the array
  Box part;                                      // of the box that the chunk covers
  std::shared_ptr<ZarrShard> shard;
  ZarrShard::Range range;
};

struct ZarrArray::Part {                         // the voxels that one chunk gives to a box
  const unsigned char* raw;                      // the first one
  int64_t row, plane;                            // bytes from one to the next
  Extent size, box;
  int64_t first;                                 // running number of the first one in the box

  template <class Row>
  void each_row(Row&& use) const {
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y) use(raw + z * plane + y * row, size.x, first + (z * box.y + y) * box.x);
  }
};

struct ZarrArray::Worker {
  ZarrDecoder decoder;
  Buffer<unsigned char> encoded, chunk;
};

namespace {

constexpr size_t open_shards = 64;
constexpr int64_t open_index_bytes = int64_t{64} << 20;
constexpr int64_t most_kept = int64_t{64} << 20;        // of a thread's memory between reads
constexpr int64_t longest_run = int64_t{2} << 20;       // of one range read, unless one chunk takes more

int64_t running_index(const ZarrIndex& place, const ZarrIndex& grid) {
  int64_t index = 0;
  for (size_t d = 0; d < grid.size(); ++d) index = index * grid[d] + place[d];
  return index;
}

void each(ThreadPool* pool, int64_t count, const std::function<void(int64_t)>& body) {
  if (pool && count > 1) return pool->for_each(count, body);
  for (int64_t i = 0; i < count; ++i) body(i);
}

struct Run { size_t first, last; int64_t offset, bytes, needed; };  // pieces [first, last); bytes of one shard, how many are asked for

std::string box_place(const Box& box, int64_t i) {
  return text(box.begin.z + i / box.size.x / box.size.y, ",", box.begin.y + i / box.size.x % box.size.y, ",", box.begin.x + i % box.size.x);
}

}  // namespace

ZarrArray::ZarrArray(Env& env, const std::string& directory, ZarrReadOptions options)
    : env_(env), directory_(directory), options_(std::move(options)), info_(read_zarr_array_info(env, directory)) {
  if (options_.root.empty()) options_.root = directory_;
  check_links_inside(options_.root, directory_);
  if (info_.shape.size() < 3 || info_.shape.size() > 5)
    fail_input(text("'", directory, "' has ", info_.shape.size(), " dimensions; 3 to 5, of which the last three are z, y and x, are read as volumes"));
}

ZarrArray::~ZarrArray() = default;

int64_t ZarrArray::leading() const {
  int64_t count = 1;
  for (size_t d = 0; d + 3 < info_.shape.size(); ++d) count *= info_.shape[d];
  return count;
}

std::vector<ZarrArray::Piece> ZarrArray::pieces_of(int64_t lead, const Box& box) {
  Extent whole = size(), chunk = block();
  if (lead < 0 || lead >= leading()) fail_input(text("channel ", lead, " of '", directory_, "' was asked for; it has ", leading(), ", counted from 0"));
  for (int axis = 0; axis < 3; ++axis)
    if (box.begin[axis] < 0 || box.size[axis] < 1 || box.size[axis] > whole[axis] || box.begin[axis] > whole[axis] - box.size[axis])
      fail_input(text("the box begins at ", box.begin[axis], " and has ", box.size[axis], " voxels along ", "zyx"[axis], "; '", directory_, "' has ", whole[axis]));
  size_t rank = info_.shape.size(), lead_rank = rank - 3;
  ZarrIndex at(rank), inner_grid(rank);          // of the chunk in the array, of chunks in a shard
  int64_t lead_voxels = 0;
  for (size_t d = lead_rank, rest = size_t(lead), stride = size_t(chunk.voxels()); d-- > 0;) {
    int64_t i = int64_t(rest) % info_.shape[d];
    rest /= size_t(info_.shape[d]);
    at[d] = i / info_.chunk.shape[d];
    lead_voxels += i % info_.chunk.shape[d] * int64_t(stride);
    stride *= size_t(info_.chunk.shape[d]);
  }
  for (size_t d = 0; d < rank; ++d) inner_grid[d] = info_.shard[d] / info_.chunk.shape[d];
  Extent first, last;
  for (int axis = 0; axis < 3; ++axis) first[axis] = box.begin[axis] / chunk[axis], last[axis] = (box.end()[axis] - 1) / chunk[axis];
  std::vector<Piece> pieces;
  for (int64_t bz = first.z; bz <= last.z; ++bz)
    for (int64_t by = first.y; by <= last.y; ++by)
      for (int64_t bx = first.x; bx <= last.x; ++bx) {
        at[lead_rank] = bz, at[lead_rank + 1] = by, at[lead_rank + 2] = bx;
        Piece piece;
        ZarrIndex inner(rank);
        piece.place.resize(rank);
        for (size_t d = 0; d < rank; ++d) piece.place[d] = at[d] / inner_grid[d], inner[d] = at[d] % inner_grid[d];
        piece.inner = running_index(inner, inner_grid);
        piece.lead_voxels = lead_voxels;
        piece.begin = {bz * chunk.z, by * chunk.y, bx * chunk.x};
        piece.part = intersection(box, Box{piece.begin, chunk});
        pieces.push_back(std::move(piece));
      }
  return pieces;
}

std::shared_ptr<ZarrShard> ZarrArray::shard_at(const ZarrIndex& place, const std::string& path) {
  if (info_.sharded) {
    std::lock_guard lock(mutex_);
    for (size_t i = shards_.size(); i-- > 0;)
      if (shards_[i].first == place) {
        std::rotate(shards_.begin() + int64_t(i), shards_.begin() + int64_t(i) + 1, shards_.end());
        return shards_.back().second;
      }
  }
  check_links_inside(options_.root, path);
  auto file = env_.open_if_there(path);
  if (!file) return nullptr;
  auto shard = std::make_shared<ZarrShard>(std::move(file), info_, path);
  if (!info_.sharded) return shard;
  bytes_read_ += shard->bytes_of_index(), ++reads_;
  std::lock_guard lock(mutex_);
  shards_.emplace_back(place, shard);
  while (shards_.size() > 1 && (shards_.size() > open_shards || int64_t(shards_.size()) * shard->bytes_of_index() > open_index_bytes)) shards_.erase(shards_.begin());
  return shard;
}

std::unique_ptr<ZarrArray::Worker> ZarrArray::take_worker() {
  std::lock_guard lock(mutex_);
  if (workers_.empty()) return std::make_unique<Worker>();
  auto worker = std::move(workers_.back());
  workers_.pop_back();
  return worker;
}

void ZarrArray::give_worker(std::unique_ptr<Worker> worker) {
  if (worker->chunk.size() + worker->encoded.size() > most_kept) return;
  std::lock_guard lock(mutex_);
  workers_.push_back(std::move(worker));
}

void ZarrArray::hand_on(const Piece& piece, const Box& box, const unsigned char* chunk, const UsePart& use) const {
  Extent size = block(), inside = piece.part.begin - piece.begin, at = piece.part.begin - box.begin;
  int64_t unit = voxel_bytes(info_.chunk.type), first = piece.lead_voxels + (inside.z * size.y + inside.y) * size.x + inside.x;
  use({chunk + first * unit, size.x * unit, size.y * size.x * unit, piece.part.size, box.size, (at.z * box.size.y + at.y) * box.size.x + at.x});
}

void ZarrArray::hand_on_fill(const Piece& piece, const Box& box, const UsePart& use) const {
  int64_t unit = voxel_bytes(info_.chunk.type);
  Buffer<unsigned char> row(piece.part.size.x * unit);
  for (int64_t i = 0; i < piece.part.size.x; ++i) std::memcpy(row.data() + i * unit, info_.fill.data(), size_t(unit));
  Extent at = piece.part.begin - box.begin;
  use({row.data(), 0, 0, piece.part.size, box.size, (at.z * box.size.y + at.y) * box.size.x + at.x});  // one row is all of them
}

// The pieces are in the order of their shards and offsets. Neighbours become runs, and every run is read and decoded by one
// thread in memory that it keeps.
void ZarrArray::read_pieces(std::vector<Piece>& pieces, const Box& box, const UsePart& use, ThreadPool* pool, unsigned char* whole) {
  std::vector<Run> runs;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const ZarrShard::Range& range = pieces[i].range;
    Run* run = runs.empty() ? nullptr : &runs.back();
    if (run && pieces[run->first].shard == pieces[i].shard) {
      int64_t gap = range.offset - (run->offset + run->bytes);  // negative when chunks share a range
      int64_t bytes = std::max(run->bytes, range.offset + range.bytes - run->offset), needed = run->needed + std::max<int64_t>(0, range.bytes + std::min<int64_t>(gap, 0));
      if (gap <= options_.gap_bytes && bytes <= longest_run && bytes <= needed + needed / 2) {
        run->bytes = bytes, run->needed = needed, run->last = i + 1;
        continue;
      }
    }
    runs.push_back({i, i + 1, range.offset, range.bytes, range.bytes});
  }
  each(pool, int64_t(runs.size()), [&](int64_t r) {
    const Run& run = runs[size_t(r)];
    ZarrShard& shard = *pieces[run.first].shard;
    auto worker = take_worker();
    if (worker->encoded.size() < run.bytes) worker->encoded = {}, worker->encoded = Buffer<unsigned char>(run.bytes);
    if (!whole && worker->chunk.empty()) worker->chunk = Buffer<unsigned char>(info_.chunk.bytes());
    shard.file().read_at(run.offset, worker->encoded.data(), run.bytes);
    bytes_read_ += run.bytes, ++reads_;
    for (size_t i = run.first; i < run.last; ++i) {
      const Piece& piece = pieces[i];
      try {
        worker->decoder.decode(info_.chunk, worker->encoded.data() + (piece.range.offset - run.offset), piece.range.bytes, whole ? whole : worker->chunk.data());
        if (!whole) hand_on(piece, box, worker->chunk.data(), use);
      } catch (...) {                            // the sentence is made only where it is needed
        with_context(text("reading the chunk at z,y,x = ", piece.begin.z, ",", piece.begin.y, ",", piece.begin.x, " from '", shard.path(), "'"), [] { throw; });
      }
    }
    give_worker(std::move(worker));
  });
}

void ZarrArray::for_each_part(int64_t lead, const Box& box, const UsePart& use, ThreadPool* pool, unsigned char* whole) {
  std::vector<Piece> pieces = pieces_of(lead, box), present;
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.place < b.place; });
  constexpr size_t files_at_a_time = 256;        // open files of an array without shards
  std::string path;
  std::shared_ptr<ZarrShard> shard;
  auto flush = [&] {
    std::stable_sort(present.begin(), present.end(), [](const Piece& a, const Piece& b) { return a.place != b.place ? a.place < b.place : a.range.offset < b.range.offset; });
    read_pieces(present, box, use, pool, whole);
    present.clear();
  };
  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = pieces[i];
    bool next_file = i == 0 || pieces[i - 1].place != piece.place;
    if (next_file) {
      if (!info_.sharded && present.size() >= files_at_a_time) flush();
      path = join_path(directory_, zarr_chunk_key(info_, piece.place));
      shard = with_context(text("reading '", path, "'"), [&] { return shard_at(piece.place, path); });
    }
    if (shard) piece.range = shard->range(piece.inner);
    if (piece.range.bytes >= 0) {
      piece.shard = shard;
      present.push_back(piece);
    } else if (options_.missing_is_error) {
      fail_input(text("the chunk at z,y,x = ", piece.begin.z, ",", piece.begin.y, ",", piece.begin.x, " is missing ", shard ? "from '" : ": there is no '", path, "'"),
                 "it was never written; a result with holes is no result");
    } else {
      hand_on_fill(piece, box, use);
    }
  }
  flush();
}

template <class Row>
void ZarrArray::for_each_row(int64_t lead, const Box& box, const Row& use, ThreadPool* pool) {
  for_each_part(lead, box, [&](const Part& part) { part.each_row(use); }, pool);
}

void ZarrArray::read(int64_t lead, const Box& box, float* into, ThreadPool* pool) {
  with_voxel_type(info_.chunk.type, [&](auto v) {
    using T = decltype(v);
    for_each_row(lead, box, [&](const unsigned char* raw, int64_t count, int64_t first) {
      ConversionFindings findings;
      convert_to_floats<T, false>(raw, count, 1, 0, into + first, findings);
    }, pool);
  });
}

void ZarrArray::read_labels(int64_t lead, const Box& box, uint16_t* into, ThreadPool* pool) {
  with_voxel_type(info_.chunk.type, [&](auto v) {
    using T = decltype(v);
    for_each_row(lead, box, [&](const unsigned char* raw, int64_t count, int64_t first) {
      BadLabel bad = convert_to_labels<T, false>(raw, count, 1, 0, into + first);
      if (bad.index >= 0) fail_input(text("the label at z,y,x = ", box_place(box, first + bad.index), " is ", bad.value, "; whole numbers from 0 to 65535 are expected"));
    }, pool);
  });
}

void ZarrArray::read_labels(int64_t lead, const Box& box, uint32_t* into, ThreadPool* pool) {
  with_voxel_type(info_.chunk.type, [&](auto v) {
    using T = decltype(v);
    for_each_row(lead, box, [&](const unsigned char* raw, int64_t count, int64_t first) {
      for (int64_t i = 0; i < count; ++i) {
        double value = double(load_voxel<T, false>(raw + i * int64_t(sizeof(T)))), whole = std::rint(value);
        if (!(whole >= 0 && whole <= 4294967295.0 && std::abs(value - whole) <= 1e-3))
          fail_input(text("the label at z,y,x = ", box_place(box, first + i), " is ", value, "; whole numbers from 0 to 2^32 - 1 are expected"));
        into[first + i] = uint32_t(whole);
      }
    }, pool);
  });
}

void ZarrArray::read_raw(int64_t lead, const Box& box, void* into, ThreadPool* pool) {
  int64_t unit = voxel_bytes(info_.chunk.type);
  const UsePart copy = [&](const Part& part) {
    part.each_row([&](const unsigned char* raw, int64_t count, int64_t first) { std::memcpy(static_cast<char*>(into) + first * unit, raw, size_t(count * unit)); });
  };
  bool one = info_.chunk.bytes() == box.size.voxels() * unit;   // and of one leading index
  for (int axis = 0; axis < 3; ++axis) one = one && box.size[axis] == block()[axis] && box.begin[axis] % block()[axis] == 0;
  for_each_part(lead, box, copy, pool, one ? static_cast<unsigned char*>(into) : nullptr);
}

}  // namespace tomograd
