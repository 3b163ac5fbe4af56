#include "base/error.h"
#include "volume/slab_source.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

class ZarrSlabs : public SlabSource {
 public:
  ZarrSlabs(Env& env, const std::string& array, const std::string& root, Geometry geometry, bool orientation_known)
      : array_(env, array, {false, 64 << 10, root}), geometry_(geometry), orientation_known_(orientation_known) {
    geometry_.size = array_.size();
  }

  Geometry geometry() const override { return geometry_; }
  bool orientation_known() const override { return orientation_known_; }
  int64_t channels() const override { return array_.leading(); }
  VoxelType type() const override { return array_.info().chunk.type; }
  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    Extent size = array_.size();
    array_.read_raw(channel, {{z_begin, 0, 0}, {z_end - z_begin, size.y, size.x}}, into);
  }

 private:
  ZarrArray array_;
  Geometry geometry_;
  bool orientation_known_;
};

}  // namespace

std::unique_ptr<SlabSource> open_zarr_slabs(Env& env, const std::string& path) {
  if (zarr_node(env, path) == ZarrNode::array) return std::make_unique<ZarrSlabs>(env, path, path, Geometry{}, false);
  ZarrImage image = read_zarr_image(env, path);
  return std::make_unique<ZarrSlabs>(env, join_path(path, image.levels[0].path), path, image.geometry(0, {1, 1, 1}), image.orientation_known);
}

}  // namespace tomograd
