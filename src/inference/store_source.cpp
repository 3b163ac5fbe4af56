#include "inference/store_source.h"

#include "base/error.h"
#include "volume/block_store_digest.h"

namespace tomograd {

StoreSource open_store_source(Env& env, const std::string& path) {
  return with_context("store '" + path + "'", [&] {
    ZarrNode node = zarr_node(env, path);
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
