#include "volume/zarr_shard.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "base/remote_address.h"
#include "volume/zarr_codec.h"

namespace tomograd {
namespace {

constexpr uint64_t missing = UINT64_MAX;

// Sorted by offset, each range must end before the next begins. Several chunks may share one and the same range.
void check_overlap(const Buffer<uint64_t>& index) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < index.size() / 2; ++i)
    if (index[2 * i] != missing && index[2 * i + 1] > 0) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return index[2 * a] < index[2 * b]; });
  for (size_t k = 1; k < order.size(); ++k) {
    int64_t a = order[k - 1], b = order[k];
    bool same = index[2 * a] == index[2 * b] && index[2 * a + 1] == index[2 * b + 1];
    if (!same && index[2 * a] + index[2 * a + 1] > index[2 * b])
      fail_input(text("the shard's index is damaged: chunk ", a, " (bytes ", index[2 * a], " to ", index[2 * a] + index[2 * a + 1], ") overlaps chunk ", b, ", which begins at byte ", index[2 * b]));
  }
}

}  // namespace

ZarrShard::ZarrShard(std::unique_ptr<InputFile> file, const ZarrArrayInfo& info, std::string path) : path_(std::move(path)), file_(std::move(file)) {
  int64_t size = file_->size();
  if (!info.sharded) {
    if (size > most_encoded_bytes(info.chunk)) fail_input(text("the chunk's file has ", size, " bytes; a chunk of its shape takes at most ", most_encoded_bytes(info.chunk)));
    return;
  }
  int64_t count = info.chunks_per_shard();
  index_bytes_ = zarr_index_bytes(info);
  if (size < index_bytes_) fail_input(text("the shard has ", size, " bytes; its index alone takes ", index_bytes_), "the file is cut short");
  int64_t begin = info.index_at_start ? 0 : size - index_bytes_;
  index_ = Buffer<uint64_t>(2 * count + 1);      // one more for the checksum
  file_->read_at(begin, index_.data(), index_bytes_);
  if (info.index_checksum) {
    uint32_t stored;
    std::memcpy(&stored, &index_[2 * count], 4);
    if (uint32_t computed = crc32c(index_.data(), 16 * count); stored != computed)
      fail_input(text("the checksum of the shard's index is ", stored, "; its bytes give ", computed), "the file is damaged or cut short");
  }
  if (info.index_big_endian)
    for (int64_t i = 0; i < 2 * count; ++i) index_[i] = __builtin_bswap64(index_[i]);
  uint64_t first = info.index_at_start ? uint64_t(index_bytes_) : 0, end = info.index_at_start ? uint64_t(size) : uint64_t(size - index_bytes_);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t offset = index_[2 * i], bytes = index_[2 * i + 1];
    if (offset == missing && bytes == missing) continue;
    if (offset < first || offset > end || bytes > end - offset)
      fail_input(text("the shard's index is damaged: chunk ", i, " has ", bytes, " bytes at byte ", offset, "; chunks lie between bytes ", first, " and ", end));
    if (bytes > uint64_t(most_encoded_bytes(info.chunk)))
      fail_input(text("the shard's index is damaged: chunk ", i, " has ", bytes, " bytes; a chunk of its shape takes at most ", most_encoded_bytes(info.chunk)));
  }
  check_overlap(index_);
}

ZarrShard::Range ZarrShard::range(int64_t inner) const {
  if (index_.empty()) return {0, file_->size()};
  if (index_[2 * inner] == missing) return {};
  return {int64_t(index_[2 * inner]), int64_t(index_[2 * inner + 1])};
}

void check_links_inside(const std::string& root, const std::string& path) {
  if (is_remote(root)) return;                   // no links there
  namespace fs = std::filesystem;
  std::error_code code;
  fs::path inside = fs::canonical(root, code), target = code ? fs::path() : fs::canonical(path, code);
  if (code) return;                              // missing: whoever opens it says so
  if (std::mismatch(inside.begin(), inside.end(), target.begin(), target.end()).first != inside.end())
    fail_input(text("'", path, "' is a link that leads out of '", root, "'"), "copy the store with its links followed (cp -rL)");
}

}  // namespace tomograd
