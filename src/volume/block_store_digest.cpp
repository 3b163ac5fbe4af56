#include "volume/block_store_digest.h"

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t files_looked_at = 16, tail_bytes = 64 << 10;

void add_text(Digest& digest, const std::string& part) {
  int64_t bytes = int64_t(part.size());
  digest.add(&bytes, sizeof bytes);
  digest.add(part.data(), bytes);
}

void add_metadata(Env& env, Digest& digest, const std::string& folder) {
  for (const char* name : {"zarr.json", ".zgroup", ".zarray", ".zattrs"})
    if (std::string path = join_path(folder, name); env.kind(path) == FileKind::file) add_text(digest, name), add_text(digest, read_text(env, path, zarr_text_limit));
}

std::string tail_of(Env& env, const std::string& path) {
  if (env.kind(path) != FileKind::file) return {};
  auto file = env.open_input(path);
  int64_t bytes = std::min(file->size(), tail_bytes);
  std::string tail(size_t(bytes), '\0');
  file->read_at(file->size() - bytes, tail.data(), bytes);
  return text(file->size(), " ") + tail;
}

}  // namespace

std::string digest_of_store(Env& env, const std::string& group, const std::string& array, const ZarrArrayInfo& info) {
  Digest digest;
  add_metadata(env, digest, group);
  if (array != group) add_metadata(env, digest, array);
  ZarrIndex grid = info.shard_grid();
  int64_t files = 1;
  for (int64_t n : grid) files *= n;
  int64_t looked_at = std::min(files, files_looked_at);
  for (int64_t k = 0; k < looked_at; ++k) {
    int64_t number = looked_at == 1 ? 0 : k * (files - 1) / (looked_at - 1);
    ZarrIndex place(grid.size());
    for (size_t d = grid.size(); d-- > 0;) place[d] = number % grid[d], number /= grid[d];
    std::string key = zarr_chunk_key(info, place);
    add_text(digest, key);
    add_text(digest, tail_of(env, join_path(array, key)));
  }
  return digest.finish();
}

}  // namespace tomograd
