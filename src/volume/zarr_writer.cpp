#include "volume/zarr_writer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/failpoint.h"

namespace tomograd {

struct ZarrWriter::OpenShard {
  OpenShard(Env& env, const std::string& path, int64_t chunks) : publication(env, path), index(2 * chunks, UINT64_MAX) {}
  Publication publication;
  Buffer<uint64_t> index;                        // offset, bytes of every chunk; UINT64_MAX twice = not there
  int64_t end = 0, left = 0;                     // bytes so far, chunks still to come
};

struct ZarrWriter::Worker {
  ZarrEncoder encoder;
  Buffer<unsigned char> chunk;
};

namespace {

constexpr int64_t batch_bytes = int64_t{64} << 20;      // decoded bytes under way

}  // namespace

void create_zarr_array(Env& env, const std::string& directory, const ZarrArrayInfo& info) {
  auto files = zarr_array_files(info);
  if (zarr_node(env, directory) != ZarrNode::none) fail_input(text("'", directory, "' holds a Zarr array or group already"), "choose another name or remove it");
  env.make_directories(directory);
  for (const auto& [name, content] : files) publish_text(env, join_path(directory, name), content);
}

ZarrWriter::ZarrWriter(Env& env, const std::string& directory) : env_(env), directory_(directory), info_(read_zarr_array_info(env, directory)) {}
ZarrWriter::~ZarrWriter() = default;             // shards that are not whole vanish with their publications

std::vector<ZarrIndex> ZarrWriter::chunks_of_shard(const ZarrIndex& place) const {
  size_t rank = info_.shape.size();
  ZarrIndex first(rank), end(rank), grid = info_.chunk_grid();
  for (size_t d = 0; d < rank; ++d) {
    int64_t inner = info_.shard[d] / info_.chunk.shape[d];
    first[d] = place[d] * inner, end[d] = std::min(grid[d], (place[d] + 1) * inner);
    if (place[d] < 0 || first[d] >= end[d]) fail_failure(text("shard ", place[d], " along dimension ", d, " of '", directory_, "' does not exist"));
  }
  std::vector<ZarrIndex> chunks;
  for (ZarrIndex at = first;;) {
    chunks.push_back(at);
    size_t d = rank;
    while (d-- > 0) {
      if (++at[d] < end[d]) break;
      at[d] = first[d];
    }
    if (d == size_t(-1)) return chunks;
  }
}

std::unique_ptr<ZarrWriter::Worker> ZarrWriter::take_worker() {
  std::lock_guard lock(mutex_);
  if (workers_.empty()) return std::make_unique<Worker>();
  auto worker = std::move(workers_.back());
  workers_.pop_back();
  return worker;
}

void ZarrWriter::put(const std::vector<ZarrIndex>& chunks, const Fill& fill, ThreadPool* pool) {
  size_t step = size_t(std::max<int64_t>(std::min<int64_t>(batch_bytes / info_.chunk.bytes(), 256), pool ? pool->threads() : 1));
  std::vector<Buffer<unsigned char>> encoded(step);
  for (size_t begin = 0; begin < chunks.size(); begin += step) {
    size_t count = std::min(step, chunks.size() - begin);
    auto encode = [&](int64_t i) {
      auto worker = take_worker();
      if (worker->chunk.empty()) worker->chunk = Buffer<unsigned char>(info_.chunk.bytes());
      fill(begin + size_t(i), worker->chunk.data());
      encoded[size_t(i)] = worker->encoder.encode(info_.chunk, worker->chunk.data());
      std::lock_guard lock(mutex_);
      workers_.push_back(std::move(worker));
    };
    if (pool && count > 1) pool->for_each(int64_t(count), encode);
    else
      for (size_t i = 0; i < count; ++i) encode(int64_t(i));
    for (size_t i = 0; i < count; ++i) append(chunks[begin + i], encoded[i]), encoded[i] = {};
  }
}

void ZarrWriter::append(const ZarrIndex& chunk, const Buffer<unsigned char>& encoded) {
  size_t rank = info_.shape.size();
  ZarrIndex place(rank);
  int64_t inner = 0;
  for (size_t d = 0; d < rank; ++d) {
    int64_t per_shard = info_.shard[d] / info_.chunk.shape[d];
    place[d] = chunk[d] / per_shard;
    inner = inner * per_shard + chunk[d] % per_shard;
  }
  auto& shard = open_[place];
  if (!shard) {
    std::string path = join_path(directory_, zarr_chunk_key(info_, place));
    env_.make_directories(parent_path(path));
    int64_t inside = int64_t(chunks_of_shard(place).size());
    shard = std::make_unique<OpenShard>(env_, path, info_.chunks_per_shard());
    shard->left = inside;
    if (info_.sharded && info_.index_at_start) {  // a place for the index, filled at the end
      shard->end = 16 * info_.chunks_per_shard() + (info_.index_checksum ? 4 : 0);
      Buffer<unsigned char> nothing(shard->end, 0);
      shard->publication.file().write(nothing.data(), shard->end);
    }
  }
  if (shard->index[2 * inner] != UINT64_MAX) fail_failure(text("chunk ", inner, " of '", zarr_chunk_key(info_, place), "' is written twice"));
  shard->publication.file().write(encoded.data(), encoded.size());
  shard->index[2 * inner] = uint64_t(shard->end), shard->index[2 * inner + 1] = uint64_t(encoded.size());
  shard->end += encoded.size();
  if (--shard->left > 0) return;
  publish(place, *shard);
  open_.erase(place);
}

void ZarrWriter::publish(const ZarrIndex& place, OpenShard& shard) {
  if (info_.sharded) {
    int64_t bytes = 16 * info_.chunks_per_shard();
    if (info_.index_big_endian)
      for (uint64_t& number : shard.index) number = __builtin_bswap64(number);
    Buffer<unsigned char> index(bytes + (info_.index_checksum ? 4 : 0));
    std::memcpy(index.data(), shard.index.data(), size_t(bytes));
    uint32_t crc = crc32c(shard.index.data(), bytes);
    if (info_.index_checksum) std::memcpy(index.data() + bytes, &crc, 4);
    if (info_.index_at_start) shard.publication.file().write_at(0, index.data(), index.size());
    else shard.publication.file().write(index.data(), index.size()), shard.end += index.size();
  }
  FAILPOINT("zarr.before_publish");
  with_context(text("writing '", zarr_chunk_key(info_, place), "' of '", directory_, "'"), [&] { shard.publication.commit(); });
  bytes_written_ += shard.end;
}

void ZarrWriter::finish() {
  if (open_.empty()) return;
  const auto& [place, shard] = *open_.begin();
  fail_failure(text("'", zarr_chunk_key(info_, place), "' of '", directory_, "' lacks ", shard->left, " of its chunks"));
}

}  // namespace tomograd
