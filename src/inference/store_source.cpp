#include "inference/store_source.h"

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

std::string digest_of_store(Env& env, const std::string& group, const std::string& folder, const ZarrArrayInfo& info) {
  Digest digest;
  add_metadata(env, digest, group);
  if (folder != group) add_metadata(env, digest, folder);
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
    add_text(digest, tail_of(env, join_path(folder, key)));
  }
  return digest.finish();
}

}  // namespace

StoreSource open_store_source(Env& env, const std::string& path) {
  return with_context("store '" + path + "'", [&] {
    ZarrNode node = env.kind(path) == FileKind::directory ? zarr_node(env, path) : ZarrNode::none;
    if (node == ZarrNode::none) fail_input("it is no Zarr array or group", "tomograd block VOLUME STORE makes one from NIfTI and TIFF");
    StoreSource source;
    source.path = path;
    std::string folder = path;
    if (node == ZarrNode::group) source.image = read_zarr_image(env, path), folder = join_path(path, source.image.levels[0].path);
    ZarrReadOptions options;
    options.missing_is_error = true, options.root = path;
    source.array = std::make_unique<ZarrArray>(env, folder, options);
    if (node == ZarrNode::group) source.geometry = source.image.geometry(0, source.array->size()), source.orientation_known = source.image.orientation_known;
    source.geometry.size = source.array->size();
    if (source.orientation_known && !to_canonical(source.geometry).is_identity())
      fail_input("its orientation is " + source.geometry.orientation() + "; networks see volumes closest to RAS", "reorient the volume before `tomograd block`");
    source.digest = digest_of_store(env, path, folder, source.array->info());
    return source;
  });
}

}  // namespace tomograd
