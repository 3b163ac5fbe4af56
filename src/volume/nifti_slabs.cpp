// NIfTI as slabs. Uncompressed files are read where the planes lie; gzip is one forward stream, begun again only when
// planes are asked for that have gone by.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "volume/nifti_file.h"
#include "volume/slab_source.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

template <class T>
void swap_voxels(unsigned char* at, int64_t count) {
  for (int64_t i = 0; i < count; ++i, at += sizeof(T)) {
    T value = load_voxel<T, true>(at);
    std::memcpy(at, &value, sizeof(T));
  }
}

class NiftiSlabs : public SlabSource {
 public:
  NiftiSlabs(Env& env, const std::string& path) : path_(path), file_(open_nifti(env, path)), warnings_(file_.header.warnings) {}

  Geometry geometry() const override { return file_.header.geometry; }
  bool orientation_known() const override { return file_.header.orientation_known; }
  int64_t channels() const override { return file_.header.frames; }
  VoxelType type() const override { return scaled() ? VoxelType::f32 : file_.header.type; }
  std::vector<std::string> warnings() const override { return warnings_; }

  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    with_context(text("reading '", path_, "'"), [&] {
      Extent size = file_.header.geometry.size;
      if (channel < 0 || channel >= channels() || z_begin < 0 || z_begin >= z_end || z_end > size.z)
        fail_input(text("planes ", z_begin, " to ", z_end, " of channel ", channel, " were asked for; there are ", channels(), " channels of ", size.z, " planes"));
      int64_t plane = size.y * size.x;
      read_voxels((channel * size.z + z_begin) * plane, (z_end - z_begin) * plane, static_cast<unsigned char*>(into));
    });
  }

 private:
  bool scaled() const { return file_.header.slope != 1 || file_.header.intercept != 0; }

  void read_voxels(int64_t first, int64_t count, unsigned char* into) {
    const NiftiHeader& header = file_.header;
    int64_t unit = voxel_bytes(header.type), step = (int64_t{1} << 20) / unit;
    Buffer<unsigned char> raw(scaled() ? step * unit : 0);
    for (int64_t at = 0; at < count; at += step) {
      int64_t n = std::min(step, count - at);
      unsigned char* to = scaled() ? raw.data() : into + at * unit;
      read_raw((first + at) * unit, n * unit, to);
      with_voxel_type(header.type, [&](auto v) {
        using T = decltype(v);
        float* floats = reinterpret_cast<float*>(into) + at;
        ConversionFindings findings;
        if (!scaled() && header.swapped) swap_voxels<T>(to, n);
        else if (scaled() && header.swapped) convert_to_floats<T, true>(to, n, header.slope, header.intercept, floats, findings);
        else if (scaled()) convert_to_floats<T, false>(to, n, header.slope, header.intercept, floats, findings);
      });
    }
  }

  void read_raw(int64_t begin, int64_t bytes, unsigned char* into) {  // begin: counted from the first voxel
    const NiftiHeader& header = file_.header;
    if (!header.compressed) return file_.image->read_at(header.voxel_offset + begin, into, bytes);
    if (!stream_ || begin < next_) stream_ = open_gunzip_stream(*file_.image), next_ = -header.voxel_offset;
    if (next_ < begin) skip(begin - next_);
    if (int64_t got = stream_->read(into, bytes); got < bytes) fail_short(got);
    next_ += bytes;
    if (next_ == file_.frame_voxels() * header.frames * voxel_bytes(header.type)) read_to_the_end();
  }

  void skip(int64_t bytes) {
    Buffer<unsigned char> scratch(std::min<int64_t>(bytes, int64_t{1} << 20));
    while (bytes > 0) {
      int64_t n = std::min(bytes, scratch.size()), got = stream_->read(scratch.data(), n);
      if (got < n) fail_short(got);
      next_ += n, bytes -= n;
    }
  }

  void read_to_the_end() {                       // finds a wrong checksum, and what does not belong there
    Buffer<unsigned char> rest(trailing_slack + 1);
    int64_t extra = stream_->read(rest.data(), rest.size());
    if (extra > trailing_slack)
      fail_input(text("more than ", trailing_slack, " bytes follow the voxels that the header declares"), "dim or datatype of the header may be damaged");
    if (std::exchange(ended_, true)) return;
    if (extra > 0) warnings_.push_back(text(extra, " bytes follow the voxels that the header declares; they are ignored"));
    if (std::string warning = stream_->warning(); !warning.empty()) warnings_.push_back(warning);
  }

  [[noreturn]] void fail_short(int64_t got) {
    fail_input(text("the inflated voxels end at byte ", next_ + got, "; dim ", to_string(file_.header.geometry.size), " of ", voxel_type_name(file_.header.type), " needs more"),
               "the file is cut short or its header is damaged");
  }

  std::string path_;
  NiftiFile file_;
  std::vector<std::string> warnings_;
  std::unique_ptr<ByteStream> stream_;
  int64_t next_ = 0;                             // where the stream stands, counted from the first voxel
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<SlabSource> open_nifti_slabs(Env& env, const std::string& path) { return std::make_unique<NiftiSlabs>(env, path); }

}  // namespace tomograd
