#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
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
    planes_kept_ = std::min(array_.block().z, geometry_.size.z);
    if (planes_kept_ * plane_bytes() > most_kept) planes_kept_ = 1;
  }

  Geometry geometry() const override { return geometry_; }
  bool orientation_known() const override { return orientation_known_; }
  int64_t channels() const override { return array_.leading(); }
  VoxelType type() const override { return array_.info().chunk.type; }
  int64_t memory_bytes() const override { return (planes_kept_ > 1 ? planes_kept_ * plane_bytes() : 0) + array_.info().chunk.bytes() * 9 / 4 + (4 << 20); }

  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    Extent size = array_.size();
    auto read = [&](int64_t begin, int64_t end, void* to) { array_.read_raw(channel, {{begin, 0, 0}, {end - begin, size.y, size.x}}, to); };
    bool inside = channel >= 0 && channel < channels() && z_begin >= 0 && z_begin < z_end && z_end <= size.z;
    if (!inside || planes_kept_ == 1) return read(z_begin, z_end, into);
    unsigned char* to = static_cast<unsigned char*>(into);
    for (int64_t z = z_begin, end; z < z_end; z = end, to += (end - z_begin) * plane_bytes(), z_begin = end) {
      int64_t row = z / planes_kept_;            // whole rows of chunks go straight to the caller
      end = std::min(z_end, (row + 1) * planes_kept_);
      int64_t first = row * planes_kept_, last = std::min(size.z, first + planes_kept_);
      if (z == first && end == last) {
        read(z, end, to);
        continue;
      }
      if (kept_channel_ != channel || kept_row_ != row) {
        if (kept_.empty()) kept_ = Buffer<unsigned char>(planes_kept_ * plane_bytes());
        kept_row_ = -1;
        read(first, last, kept_.data());
        kept_channel_ = channel, kept_row_ = row;
      }
      std::memcpy(to, kept_.data() + (z - first) * plane_bytes(), size_t((end - z) * plane_bytes()));
    }
  }

 private:
  static constexpr int64_t most_kept = int64_t{1} << 30;
  int64_t plane_bytes() const { return geometry_.size.y * geometry_.size.x * voxel_bytes(type()); }

  ZarrArray array_;
  Geometry geometry_;
  bool orientation_known_;
  // A row of chunks, decoded, from which thinner slabs are cut, so that no chunk is decoded once for every slab in it;
  // above most_kept bytes it is decoded again instead.
  Buffer<unsigned char> kept_;
  int64_t planes_kept_ = 1, kept_channel_ = -1, kept_row_ = -1;
};

}  // namespace

std::unique_ptr<SlabSource> open_zarr_slabs(Env& env, const std::string& path) {
  if (zarr_node(env, path) == ZarrNode::array) return std::make_unique<ZarrSlabs>(env, path, path, Geometry{}, false);
  ZarrImage image = read_zarr_image(env, path);
  return std::make_unique<ZarrSlabs>(env, join_path(path, image.levels[0].path), path, image.geometry(0, {1, 1, 1}), image.orientation_known);
}

}  // namespace tomograd
