#include "volume/zarr_inventory.h"

#include "base/error.h"
#include "volume/zarr_metadata.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

class Inventory {
 public:
  Inventory(Env& env, std::string store, int64_t most) : env_(env), store_(std::move(store)), most_(most) {}
  std::vector<std::string> paths;

  void add_metadata(const std::string& folder) {
    for (const char* name : {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"})
      if (env_.kind(join_path(place(folder), name)) == FileKind::file) paths.push_back(below(folder, name));
  }

  void add_array(const std::string& folder) {
    add_metadata(folder);
    ZarrArrayInfo info = read_zarr_array_info(env_, place(folder));
    ZarrIndex grid = info.shard_grid();
    int64_t count = 1;
    for (int64_t n : grid)
      if (__builtin_mul_overflow(count, n, &count)) count = INT64_MAX;
    if (count > most_ - int64_t(paths.size()))
      fail_input(text("'", place(folder), "' alone may have ", count, " files, which would be asked for one by one; at most ", most_, " of a store are"), "copy it with its server's own tool, or from s3://, which lists what is there");
    for (int64_t number = 0; number < count; ++number) {
      ZarrIndex at(grid.size());
      int64_t rest = number;
      for (size_t d = grid.size(); d-- > 0;) at[d] = rest % grid[d], rest /= grid[d];
      paths.push_back(below(folder, zarr_chunk_key(info, at)));
    }
  }

  void add_image(const std::string& folder) {
    add_metadata(folder);
    for (const ZarrLevel& level : read_zarr_image(env_, place(folder)).levels) add_array(below(folder, level.path));
  }

  void add_labels() {
    std::vector<std::string> names = zarr_label_names(env_, store_);
    if (names.empty()) return;
    add_metadata("labels");
    for (const std::string& name : names) {
      add_image("labels/" + name);
      std::string counts = "labels/" + name + "/counts";
      if (zarr_node(env_, place(counts)) == ZarrNode::array) add_array(counts);
    }
  }

 private:
  static std::string below(const std::string& folder, const std::string& name) { return folder.empty() ? name : folder + "/" + name; }
  std::string place(const std::string& folder) const { return folder.empty() ? store_ : join_path(store_, folder); }

  Env& env_;
  std::string store_;
  int64_t most_;
};

}  // namespace

std::vector<std::string> zarr_inventory(Env& env, const std::string& store, int64_t most) {
  Inventory inventory(env, store, most);
  if (zarr_node(env, store) == ZarrNode::array) {
    inventory.add_array("");
  } else {
    inventory.add_image("");
    inventory.add_labels();
  }
  return std::move(inventory.paths);
}

}  // namespace tomograd
