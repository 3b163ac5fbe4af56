#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "volume/tiff.h"
#include "volume/tiff_codec.h"

namespace tomograd {
namespace {

constexpr int64_t strip_target = 512 << 10;      // bytes of a strip before it is encoded

// The fraction nearest to `value` with both parts below 2^32 (continued fraction).
std::array<uint32_t, 2> fraction(double value) {
  double p0 = 0, q0 = 1, p1 = 1, q1 = 0, rest = value;
  for (int i = 0; i < 40; ++i) {
    double whole = std::floor(rest), p2 = whole * p1 + p0, q2 = whole * q1 + q0;
    if (p2 > 4294967295.0 || q2 > 4294967295.0) break;
    p0 = p1, q0 = q1, p1 = p2, q1 = q2;
    if (rest == whole || p1 / q1 == value) break;
    rest = 1 / (rest - whole);
  }
  return {uint32_t(p1), uint32_t(q1)};
}

struct Entry {
  uint16_t code, type;
  uint64_t count;
  std::string bytes;
};

template <class T>
std::string raw(std::initializer_list<T> values) {
  std::string out;
  for (T v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
  return out;
}
Entry short_tag(uint16_t code, int64_t v) { return {code, 3, 1, raw({uint16_t(v)})}; }
Entry long_tag(uint16_t code, int64_t v) { return {code, 4, 1, raw({uint32_t(v)})}; }
Entry ratio_tag(uint16_t code, double v) {
  auto f = fraction(v);
  return {code, 5, 1, raw({f[0], f[1]})};
}

}  // namespace

TiffCompression parse_tiff_compression(const std::string& name) {
  for (auto [known, value] : {std::pair{"none", TiffCompression::none}, {"lzw", TiffCompression::lzw}, {"deflate", TiffCompression::deflate},
                              {"packbits", TiffCompression::packbits}, {"lzma", TiffCompression::lzma}, {"zstd", TiffCompression::zstd}})
    if (name == known) return value;
  fail_usage(text("compression '", name, "' is not known"), "none, lzw, deflate, packbits, lzma or zstd");
}

struct TiffWriter::State {
  std::string path;
  Extent size;
  VoxelType type;
  TiffWriteOptions options;
  bool big = false;
  int64_t strip_rows = 0, strips_per_plane = 0, position = 0, planes = 0;
  std::vector<uint64_t> at, bytes;               // of every strip, plane by plane
  std::unique_ptr<Publication> publication;

  int compression() const { return int(options.compression); }

  TiffSegment segment(int64_t strip) const {
    TiffSegment s;
    s.rows = std::min(strip_rows, size.y - strip * strip_rows), s.columns = size.x, s.type = type, s.compression = compression();
    bool gains = options.compression == TiffCompression::lzw || options.compression == TiffCompression::deflate
        || options.compression == TiffCompression::zstd;
    s.predictor = options.predictor && gains ? (tiff_sample_format(type) == 3 ? 3 : 2) : 1;
    return s;
  }

  void put(const void* data, int64_t count) {
    publication->file().write(data, count);
    position += count;
  }

  void keep_strip(const void* data, int64_t count) {
    at.push_back(uint64_t(position)), bytes.push_back(uint64_t(count));
    put(data, count);
  }

  std::string description() const {
    std::ostringstream out;
    out.precision(17);
    out << "ImageJ=1.54f\nimages=" << size.z << "\nslices=" << size.z << "\n";
    if (options.spacing[0] > 0) out << "unit=micron\nspacing=" << options.spacing[0] * 1000 << "\n";
    out << "loop=false\n";
    return out.str() + '\0';
  }

  std::vector<Entry> entries(int64_t plane) const {
    size_t first = size_t(plane * strips_per_plane), n = size_t(strips_per_plane);
    auto table = [&](uint16_t code, const std::vector<uint64_t>& from) {
      Entry e{code, uint16_t(big ? 16 : 4), n, {}};
      for (size_t i = first; i < first + n; ++i) e.bytes += big ? raw({from[i]}) : raw({uint32_t(from[i])});
      return e;
    };
    std::vector<Entry> list = {long_tag(254, 0), long_tag(256, size.x), long_tag(257, size.y), short_tag(258, voxel_bytes(type) * 8),
        short_tag(259, compression()), short_tag(262, 1)};
    if (plane == 0) {
      std::string d = description();
      list.push_back({270, 2, d.size(), d});
    }
    list.push_back(table(273, at));
    list.push_back(short_tag(277, 1));
    list.push_back(long_tag(278, strip_rows));
    list.push_back(table(279, bytes));
    if (options.spacing[1] > 0 && options.spacing[2] > 0) {
      list.push_back(ratio_tag(282, 1 / (options.spacing[2] * 1000)));
      list.push_back(ratio_tag(283, 1 / (options.spacing[1] * 1000)));
      list.push_back(short_tag(296, 1));
    }
    if (int predictor = segment(0).predictor; predictor != 1) list.push_back(short_tag(317, predictor));
    list.push_back(short_tag(339, tiff_sample_format(type)));
    return list;
  }

  std::string number(uint64_t v) const { return big ? raw({v}) : raw({uint32_t(v)}); }

  // A directory that begins at `position`, its longer values behind it, padded so that the next begins at a multiple of 8.
  std::string directory(int64_t plane) const {
    std::vector<Entry> list = entries(plane);
    const size_t word = big ? 8 : 4, head = big ? 8 : 2, bytes_here = head + list.size() * (4 + 2 * word) + word;
    std::string out = big ? raw({uint64_t(list.size())}) : raw({uint16_t(list.size())}), longer;
    for (const Entry& e : list) {
      out += raw({e.code, e.type}) + number(e.count);
      if (e.bytes.size() > word) {
        longer.resize((longer.size() + bytes_here + 7) / 8 * 8 - bytes_here);
        out += number(uint64_t(position) + bytes_here + longer.size());
        longer += e.bytes;
      } else {
        out += e.bytes + std::string(word - e.bytes.size(), '\0');
      }
    }
    int64_t end = round_up(position + int64_t(bytes_here + longer.size()), 8);
    out += number(plane + 1 < size.z ? uint64_t(end) : 0) + longer;
    out.resize(size_t(end - position));
    return out;
  }
};

TiffWriter::TiffWriter(Env& env, const std::string& path, Extent size, VoxelType type, const TiffWriteOptions& options) : state_(new State) {
  with_context(text("writing '", path, "'"), [&] {
    State& s = *state_;
    if (size.z < 1 || size.y < 1 || size.x < 1 || size.y > 0x7FFFFFFF
        || size.x > 0x7FFFFFFF) fail_input(text("a stack of ", to_string(size), " voxels cannot be a TIFF"));
    if (type == VoxelType::u64 || type == VoxelType::i64) fail_input("64-bit integers are not written to TIFF");
    if (tiff_compression_name(int(options.compression)).empty()) fail_input(text("this libtiff has no compression ", int(options.compression)));
    s.path = path, s.size = size, s.type = type, s.options = options;
    int64_t row = size.x * voxel_bytes(type);
    s.strip_rows = options.compression == TiffCompression::none ? size.y : std::clamp<int64_t>(strip_target / row, 1, size.y);
    s.strips_per_plane = ceil_div(size.y, s.strip_rows);
    // Tables take at most 512 bytes and 16 per strip and plane; what cannot be made smaller may grow by a hundredth.
    double most = 1.01 * double(size.voxels()) * double(voxel_bytes(type)) + double(size.z) * (512 + 16.0 * double(s.strips_per_plane));
    s.big = options.big || most > 4.29e9;
    s.publication = std::make_unique<Publication>(env, path);
    std::string head = raw<char>({std::endian::native == std::endian::little ? 'I' : 'M', std::endian::native == std::endian::little ? 'I' : 'M'});
    head += s.big ? raw<uint16_t>({43, 8, 0}) + raw<uint64_t>({0}) : raw<uint16_t>({42}) + raw<uint32_t>({0}) + std::string(8, '\0');
    s.put(head.data(), int64_t(head.size()));    // 16 bytes either way; the place of the first directory follows in commit()
  });
}

TiffWriter::~TiffWriter() = default;

void TiffWriter::write_planes(const void* voxels, int64_t planes, ThreadPool* pool) {
  State& s = *state_;
  with_context(text("writing '", s.path, "'"), [&] {
    if (planes < 0 || s.planes + planes > s.size.z) fail_failure(text(s.planes, " planes are written; ", planes, " more were given of ", s.size.z));
    const int64_t row = s.size.x * voxel_bytes(s.type), plane = s.size.y * row;
    const auto* from = static_cast<const unsigned char*>(voxels);
    if (s.options.compression == TiffCompression::none) {
      for (int64_t p = 0; p < planes; ++p) s.keep_strip(from + p * plane, plane);
    } else {
      std::vector<std::vector<unsigned char>> strips(size_t(planes * s.strips_per_plane));
      auto encode = [&](int64_t i) {
        int64_t strip = i % s.strips_per_plane;
        strips[size_t(i)] = encode_tiff_segment(s.segment(strip), from + i / s.strips_per_plane * plane + strip * s.strip_rows * row);
      };
      if (pool) pool->for_each(int64_t(strips.size()), encode);
      else
        for (int64_t i = 0; i < int64_t(strips.size()); ++i) encode(i);
      for (const auto& strip : strips) s.keep_strip(strip.data(), int64_t(strip.size()));
    }
    s.planes += planes;
  });
}

void TiffWriter::commit() {
  State& s = *state_;
  with_context(text("writing '", s.path, "'"), [&] {
    if (s.planes != s.size.z) fail_failure(text(s.planes, " of ", s.size.z, " planes were written"));
    std::string padding(size_t(round_up(s.position, 8) - s.position), '\0');
    s.put(padding.data(), int64_t(padding.size()));
    std::string first = s.number(uint64_t(s.position));
    for (int64_t p = 0; p < s.size.z; ++p) {
      std::string one = s.directory(p);
      s.put(one.data(), int64_t(one.size()));
    }
    if (!s.big && s.position > 0xFFFFFFFF) fail_failure(text("the file has ", s.position, " bytes, too many for a classic TIFF"),
        "write it as BigTIFF");
    s.publication->file().write_at(s.big ? 8 : 4, first.data(), int64_t(first.size()));
    s.publication->commit();
  });
}

namespace {

void with_spacing_of(TiffWriteOptions& options, const Geometry& geometry) {
  if (options.spacing[0] == 0) options.spacing = geometry.spacing();
}

}  // namespace

void write_tiff(Env& env, const std::string& path, const Volume& volume, TiffWriteOptions options) {
  with_spacing_of(options, volume.geometry);
  TiffWriter writer(env, path, volume.geometry.size, VoxelType::f32, options);
  writer.write_planes(volume.voxels.data(), volume.geometry.size.z);
  writer.commit();
}

void write_tiff_labels(Env& env, const std::string& path, const LabelVolume& labels, TiffWriteOptions options) {
  with_spacing_of(options, labels.geometry);
  uint16_t largest = 0;
  for (uint16_t v : labels.voxels) largest = std::max(largest, v);
  TiffWriter writer(env, path, labels.geometry.size, largest > 255 ? VoxelType::u16 : VoxelType::u8, options);
  Buffer<uint8_t> plane(largest > 255 ? 0 : labels.geometry.size.y * labels.geometry.size.x);
  for (int64_t z = 0, i = 0; z < labels.geometry.size.z; ++z) {
    int64_t n = labels.geometry.size.y * labels.geometry.size.x;
    if (largest > 255) writer.write_planes(labels.voxels.data() + z * n, 1);
    else {
      for (int64_t k = 0; k < n; ++k) plane[k] = uint8_t(labels.voxels[i++]);
      writer.write_planes(plane.data(), 1);
    }
  }
  writer.commit();
}

}  // namespace tomograd
