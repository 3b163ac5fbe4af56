#include "dataset/scan_file.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "dataset/printable.h"
#include "volume/block_store_digest.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

struct Store {
  ZarrImage image;
  std::unique_ptr<ZarrArray> array;
};

Store open(Env& env, const std::string& path) {
  if (env.kind(path) == FileKind::missing) fail_input(text("there is no store '", printable(path), "'"));
  if (zarr_node(env, path) != ZarrNode::group) fail_input(text("'", printable(path), "' is no OME-Zarr group"), "tomograd block makes a store of a volume");
  Store store{read_zarr_image(env, path), nullptr};
  ZarrReadOptions options;
  options.missing_is_error = true, options.root = path;
  store.array = std::make_unique<ZarrArray>(env, join_path(path, store.image.levels[0].path), options);
  return store;
}

}  // namespace

bool is_store_path(const std::string& path) {
  const std::string end = ".zarr";
  for (size_t at = 0; at < path.size();) {
    size_t stop = std::min(path.find('/', at), path.size());
    if (stop - at > end.size() && path.compare(stop - end.size(), end.size(), end) == 0) return true;
    at = stop + 1;
  }
  return false;
}

std::unique_ptr<ZarrArray> open_store_array(Env& env, const std::string& path) { return open(env, path).array; }

std::string store_digest(Env& env, const std::string& path) {
  Store store = open(env, path);
  return digest_of_store(env, path, join_path(path, store.image.levels[0].path), store.array->info());
}

NiftiHeader read_scan_header(Env& env, const std::string& path) {
  if (!is_store_path(path)) return read_nifti_header(env, path);
  Store store = open(env, path);
  NiftiHeader header;
  header.geometry = store.image.geometry(0, store.array->size());
  header.frames = store.array->leading();
  header.type = store.array->info().chunk.type;
  header.orientation_known = store.image.orientation_known;
  return header;
}

Volume read_scan(Env& env, const std::string& path, int64_t frame) {
  if (!is_store_path(path)) return read_nifti(env, path, frame);
  Store store = open(env, path);
  Volume volume{store.image.geometry(0, store.array->size()), Buffer<float>(store.array->size().voxels())};
  store.array->read(frame, {{0, 0, 0}, volume.geometry.size}, volume.voxels.data());
  return volume;
}

LabelVolume read_scan_labels(Env& env, const std::string& path) {
  if (!is_store_path(path)) return read_nifti_labels(env, path);
  Store store = open(env, path);
  LabelVolume volume{store.image.geometry(0, store.array->size()), Buffer<uint16_t>(store.array->size().voxels())};
  store.array->read_labels(0, {{0, 0, 0}, volume.geometry.size}, volume.voxels.data());
  return volume;
}

std::optional<LabelCounts> read_store_counts(Env& env, const std::string& path) {
  std::string folder = parent_path(path);
  if (file_name(folder) != "labels" || zarr_node(env, join_path(path, "counts")) != ZarrNode::array) return std::nullopt;
  LabelCounts counts = read_label_counts(env, parent_path(folder), file_name(path));
  Store store = open(env, path);
  if (!(counts.size == store.array->size())) fail_input(text("the counts beside '", printable(path), "' are of ", to_string(counts.size), " voxels, the labels have ", to_string(store.array->size())), "make the store again");
  return counts;
}

std::map<int64_t, int64_t> read_label_voxels(Env& env, const std::string& path) {
  std::vector<int64_t> seen(65536, 0);
  std::map<int64_t, int64_t> voxels;
  if (!is_store_path(path)) {
    for (uint16_t value : read_nifti_labels(env, path).voxels) ++seen[value];
  } else if (auto counts = read_store_counts(env, path); counts && counts->complete) {
    for (size_t v = 0; v < counts->values.size(); ++v)
      if (counts->values[v] > 0)
        for (uint32_t count : counts->counts[v]) voxels[counts->values[v]] += count;
  } else {
    Store store = open(env, path);
    Extent size = store.array->size(), block = store.array->block();
    Buffer<uint16_t> labels(block.voxels());
    for (int64_t z = 0; z < size.z; z += block.z)
      for (int64_t y = 0; y < size.y; y += block.y)
        for (int64_t x = 0; x < size.x; x += block.x) {
          Box box = intersection(Box{{z, y, x}, block}, Box{{0, 0, 0}, size});
          store.array->read_labels(0, box, labels.data());
          for (int64_t i = 0; i < box.size.voxels(); ++i) ++seen[labels[i]];
        }
  }
  for (int64_t value = 1; value < 65536; ++value)
    if (seen[size_t(value)] > 0) voxels[value] = seen[size_t(value)];
  return voxels;
}

}  // namespace tomograd
