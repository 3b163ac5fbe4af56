#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/error.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"
#include "volume/tiff_codec.h"
#include "volume/tiff_layout.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

constexpr int64_t rows_bytes = int64_t{1} << 20;

// What comes out: floats, whole numbers, or the voxels as they are in this machine's byte order.
enum class Kind { f32, u16, u32, raw };

// Voxels of type T in this machine's or (Swapped) the other byte order; returns the first that the result cannot hold.
using Converter = BadLabel (*)(const unsigned char*, int64_t, void*);

template <class T, bool Swapped>
BadLabel to_floats(const unsigned char* raw, int64_t count, void* into) {
  ConversionFindings findings;
  convert_to_floats<T, Swapped>(raw, count, 1, 0, static_cast<float*>(into), findings);
  return {};
}

template <class T, bool Swapped>
BadLabel to_u16(const unsigned char* raw, int64_t count, void* into) {
  if constexpr (std::is_same_v<T, uint16_t> && !Swapped) {
    std::memcpy(into, raw, size_t(count) * 2);
    return {};
  } else {
    return convert_to_labels<T, Swapped>(raw, count, 1, 0, static_cast<uint16_t*>(into));
  }
}

template <class T, bool Swapped>
BadLabel to_u32(const unsigned char* raw, int64_t count, void* into) {
  for (int64_t i = 0; i < count; ++i) {
    double value = double(load_voxel<T, Swapped>(raw + i * int64_t(sizeof(T))));
    if (!(value >= 0 && value <= 4294967295.0) || value != double(uint32_t(value))) return {i, value};
    static_cast<uint32_t*>(into)[i] = uint32_t(value);
  }
  return {};
}

template <class T, bool Swapped>
BadLabel as_it_is(const unsigned char* raw, int64_t count, void* into) {
  if constexpr (!Swapped || sizeof(T) == 1) std::memcpy(into, raw, size_t(count) * sizeof(T));
  else
    for (int64_t i = 0; i < count; ++i) static_cast<T*>(into)[i] = load_voxel<T, true>(raw + i * int64_t(sizeof(T)));
  return {};
}

template <class T, bool Swapped>
Converter converter_to(Kind kind) {
  switch (kind) {
    case Kind::f32: return to_floats<T, Swapped>;
    case Kind::u16: return to_u16<T, Swapped>;
    case Kind::u32: return to_u32<T, Swapped>;
    case Kind::raw: break;
  }
  return as_it_is<T, Swapped>;
}

Converter converter_of(VoxelType type, bool swapped, Kind kind) {
  return with_voxel_type(type, [&](auto v) { return swapped ? converter_to<decltype(v), true>(kind) : converter_to<decltype(v), false>(kind); });
}

// One call of read(): the table of one plane's strips or tiles at a time, pieces of rows straight from the file, others decoded.
class BoxReader {
 public:
  BoxReader(const TiffLayout& layout, const Box& box, Kind kind, void* into)
      : layout_(layout), size_(layout.header.geometry.size), box_(box), kind_(kind), into_(static_cast<unsigned char*>(into)), bytes_(*layout.file, 4096),
        voxel_(voxel_bytes(layout.header.type)), out_(kind == Kind::raw ? voxel_ : kind == Kind::u16 ? 2 : 4),
        stored_(converter_of(layout.header.type, layout.header.swapped, kind)), native_(converter_of(layout.header.type, false, kind)) {
    bytes_.swapped = layout.header.swapped;
  }

  void read_plane(int64_t z) {
    z_ = z;
    if (layout_.header.one_directory) {
      int64_t at = layout_.first_voxel + (z * size_.y + box_.begin.y) * size_.x * voxel_;
      return rows(at, box_.begin.y, box_.end().y, 0, size_.x);
    }
    const TiffPage& page = layout_.pages[size_t(z)];
    const int64_t across = ceil_div(size_.x, page.segment_columns);
    for (int64_t r = box_.begin.y / page.segment_rows; r * page.segment_rows < box_.end().y; ++r)
      for (int64_t c = box_.begin.x / page.segment_columns; c * page.segment_columns < box_.end().x; ++c)
        with_context(text(page.tiled ? "tile " : "strip ", r * across + c), [&] { segment(page, r, c, r * across + c); });
  }

 private:
  void segment(const TiffPage& page, int64_t r, int64_t c, int64_t index) {
    uint64_t at = 0, count = 0;
    read_tiff_array(bytes_, page.offsets, uint64_t(index), 1, &at, "segment offsets");
    const int64_t voxels = tiff_segment_voxels(page, layout_, index), top = r * page.segment_rows, left = c * page.segment_columns;
    const bool direct = page.compression == 1 && page.fill_order == 1;
    if (page.byte_counts.type) read_tiff_array(bytes_, page.byte_counts, uint64_t(index), 1, &count, "segment byte counts");
    else count = uint64_t(voxels * voxel_);
    uint64_t room = uint64_t(bytes_.size());     // the tables were checked when the file was opened; it may have changed since
    if (count > room || at > room - count || (direct && count < uint64_t(voxels * voxel_))) fail_input(text("it lies at byte ", at, " with ", count,
        " bytes; the file has ", room, " bytes"));
    const int64_t first = std::max(top, box_.begin.y), last = std::min(top + voxels / page.segment_columns, box_.end().y);
    if (direct) return rows(int64_t(at) + (first - top) * page.segment_columns * voxel_, first, last, left, page.segment_columns);
    raw(int64_t(count));
    layout_.file->read_at(int64_t(at), raw_.data(), int64_t(count));
    if (decoded_.size() < voxels * voxel_) decoded_ = Buffer<unsigned char>(voxels * voxel_);
    TiffSegment s{voxels / page.segment_columns, page.segment_columns, layout_.header.type, page.compression, page.predictor, page.photometric,
        page.fill_order,
                  layout_.header.swapped, read_tiff_bytes(page.jpeg_tables), lerc(page)};
    decode_tiff_segment(s, raw_.data(), int64_t(count), decoded_.data());
    for (int64_t y = first; y < last; ++y) row(decoded_.data() + (y - top) * page.segment_columns * voxel_, y, left, page.segment_columns, native_);
  }

  // Rows [first, last) of a block of plain rows, `width` voxels each from column `left`, whose row `first` lies at `at`.
  void rows(int64_t at, int64_t first, int64_t last, int64_t left, int64_t width) {
    if (box_.begin.x > left || box_.end().x < left + width) {  // parts of rows: of wide ones only the part is read
      int64_t from = std::max(box_.begin.x, left), n = std::min(box_.end().x, left + width) - from;
      if (n * 4 < width) {
        raw(n * voxel_);
        for (int64_t y = first; y < last; ++y) {
          layout_.file->read_at(at + ((y - first) * width + from - left) * voxel_, raw_.data(), n * voxel_);
          row(raw_.data(), y, from, n, stored_);
        }
        return;
      }
    }
    const int64_t step = std::max<int64_t>(1, rows_bytes / (width * voxel_));
    for (int64_t y = first; y < last; y += step) {
      int64_t n = std::min(step, last - y);
      raw(n * width * voxel_);
      layout_.file->read_at(at + (y - first) * width * voxel_, raw_.data(), n * width * voxel_);
      for (int64_t i = 0; i < n; ++i) row(raw_.data() + i * width * voxel_, y + i, left, width, stored_);
    }
  }

  // One row of a segment -> the part of it that is in the box.
  void row(const unsigned char* from, int64_t y, int64_t left, int64_t width, Converter converter) {
    int64_t x0 = std::max(left, box_.begin.x), x1 = std::min({left + width, box_.end().x, size_.x});
    if (x1 <= x0) return;
    unsigned char* to = into_ + (((z_ - box_.begin.z) * box_.size.y + (y - box_.begin.y)) * box_.size.x + (x0 - box_.begin.x)) * out_;
    BadLabel bad = converter(from + (x0 - left) * voxel_, x1 - x0, to);
    if (bad.index >= 0)
      fail_input(text("the voxel z,y,x = ", z_, ",", y, ",", x0 + bad.index, " is ", bad.value, "; whole numbers from 0 to ",
          kind_ == Kind::u16 ? "65535" : "4294967295", " are expected"));
  }

  void raw(int64_t bytes) {
    if (raw_.size() < bytes) raw_ = Buffer<unsigned char>(bytes);
  }
  std::string read_tiff_bytes(const TiffTag& tag) {
    if (tag.type == 0) return {};
    return std::string(reinterpret_cast<const char*>(bytes_.at(tag.at, int64_t(tag.count), "JPEGTables")), size_t(tag.count));
  }
  std::vector<uint32_t> lerc(const TiffPage& page) {
    std::vector<uint64_t> wide(size_t(page.lerc_parameters.count));
    if (!wide.empty()) read_tiff_array(bytes_, page.lerc_parameters, 0, int64_t(wide.size()), wide.data(), "LercParameters");
    return {wide.begin(), wide.end()};
  }

  const TiffLayout& layout_;
  const Extent size_;
  const Box box_;
  const Kind kind_;
  unsigned char* into_;
  TiffBytes bytes_;
  const int64_t voxel_, out_;                    // bytes of a voxel in the file, in the result
  const Converter stored_, native_;
  int64_t z_ = 0;
  Buffer<unsigned char> raw_, decoded_;
};

}  // namespace

struct TiffStack::State {
  std::string path;
  TiffLayout layout;

  void read(const Box& box, Kind kind, void* into) const {
    Extent size = layout.header.geometry.size;
    if (intersection(box, Box{{0, 0, 0}, size}) != box || box.size.voxels() == 0)
      fail_input(text("'", path, "' has ", to_string(size), " voxels (Z,Y,X); the box from ", to_string(box.begin), " of ", to_string(box.size),
          " is not inside"));
    with_context(text("reading '", path, "'"), [&] {
      BoxReader reader(layout, box, kind, into);
      for (int64_t z = box.begin.z; z < box.end().z; ++z) with_context(text("plane ", z), [&] { reader.read_plane(z); });
    });
  }
};

TiffStack::TiffStack(Env& env, const std::string& path) : state_(new State{path, open_tiff(env, path)}) {}
TiffStack::~TiffStack() = default;
const TiffHeader& TiffStack::header() const { return state_->layout.header; }
void TiffStack::read(const Box& box, float* into) const { state_->read(box, Kind::f32, into); }
void TiffStack::read(const Box& box, uint16_t* into) const { state_->read(box, Kind::u16, into); }
void TiffStack::read(const Box& box, uint32_t* into) const { state_->read(box, Kind::u32, into); }

void TiffStack::read_raw(const Box& box, void* into) const { state_->read(box, Kind::raw, into); }

bool is_tiff_name(const std::string& path) { return name_ends_with(path, ".tif") || name_ends_with(path, ".tiff"); }

TiffHeader read_tiff_header(Env& env, const std::string& path) { return open_tiff(env, path).header; }

Volume read_tiff(Env& env, const std::string& path, TiffHeader* header) {
  TiffStack stack(env, path);
  Volume volume{stack.header().geometry, Buffer<float>(stack.size().voxels())};
  stack.read_planes(0, stack.size().z, volume.voxels.data());
  if (header) *header = stack.header();
  return volume;
}

LabelVolume read_tiff_labels(Env& env, const std::string& path, TiffHeader* header) {
  TiffStack stack(env, path);
  LabelVolume labels{stack.header().geometry, Buffer<uint16_t>(stack.size().voxels())};
  stack.read_planes(0, stack.size().z, labels.voxels.data());
  if (header) *header = stack.header();
  return labels;
}

}  // namespace tomograd
