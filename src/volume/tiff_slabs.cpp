#include "volume/tiff_slabs.h"

#include "base/error.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

class TiffSlabs : public SlabSource {
 public:
  TiffSlabs(Env& env, const std::string& path) : stack_(env, path) {}
  Geometry geometry() const override { return stack_.header().geometry; }
  bool orientation_known() const override { return false; }
  int64_t channels() const override { return 1; }
  VoxelType type() const override { return stack_.header().type; }
  std::vector<std::string> warnings() const override { return stack_.header().warnings; }

  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    if (channel != 0) fail_input(text("channel ", channel, " was asked for; a TIFF stack has one, counted from 0"));
    Extent size = stack_.size();
    stack_.read_raw(Box{{z_begin, 0, 0}, {z_end - z_begin, size.y, size.x}}, into);
  }

 private:
  TiffStack stack_;
};

}  // namespace

std::unique_ptr<SlabSource> open_tiff_slabs(Env& env, const std::string& path) { return std::make_unique<TiffSlabs>(env, path); }

}  // namespace tomograd
