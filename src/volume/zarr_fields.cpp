#include "volume/zarr_fields.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

int64_t product(const ZarrIndex& numbers) {
  int64_t result = 1;
  for (int64_t n : numbers) result *= n;         // checked by check_zarr_info
  return result;
}

std::string list_text(const ZarrIndex& numbers) {
  std::string all = "[";
  for (int64_t n : numbers) all += (all.size() > 1 ? "," : "") + std::to_string(n);
  return all + "]";
}

// Error(input) when numbers[0] * numbers[1] * ... * unit exceeds `most`.
void check_product(const ZarrIndex& numbers, int64_t unit, int64_t most, const char* what, const char* hint = "") {
  int64_t total = unit;
  for (int64_t n : numbers)
    if (__builtin_mul_overflow(total, n, &total) || total > most)
      fail_input(text(what, " ", list_text(numbers), " of ", unit, " bytes each takes more than ", most, " bytes"), hint);
}

constexpr const char* codec_names[] = {"gzip", "zlib", "zstd", "blosc", "lz4", "crc32c"};
constexpr const char* shuffle_names[] = {"noshuffle", "shuffle", "bitshuffle"};

template <class T>
std::array<unsigned char, 8> bytes_of(T value) {
  std::array<unsigned char, 8> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
T value_of(const std::array<unsigned char, 8>& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class T>
std::array<unsigned char, 8> parse_float_fill(const Json& value) {
  if (value.is_number()) return bytes_of(T(value.get<double>()));
  if (value == "NaN") return bytes_of(std::numeric_limits<T>::quiet_NaN());
  if (value == "Infinity") return bytes_of(std::numeric_limits<T>::infinity());
  if (value == "-Infinity") return bytes_of(-std::numeric_limits<T>::infinity());
  if (value.is_string()) {                       // "0x7fc00000": the bits
    const auto& raw = value.get_ref<const std::string&>();
    uint64_t bits = 0;
    if (raw.size() == 2 + 2 * sizeof(T) && raw.starts_with("0x") && std::from_chars(raw.data() + 2, raw.data() + raw.size(), bits, 16).ptr == raw.data() + raw.size())
      return bytes_of(bits);                     // little endian: the low bytes come first
  }
  fail_input(text("fill_value is ", shown(value), "; a number, \"NaN\", \"Infinity\", \"-Infinity\" or \"0x\" and ", 2 * sizeof(T), " hexadecimal digits are expected"));
}

template <class T>
std::array<unsigned char, 8> parse_integer_fill(const Json& value) {
  bool inside = value.is_number_integer();
  if (inside && value.is_number_unsigned()) inside = value.get<uint64_t>() <= uint64_t(std::numeric_limits<T>::max());
  else if (inside) inside = value.get<int64_t>() >= int64_t(std::numeric_limits<T>::min());
  if (value.is_number_float() && value.get<double>() == 0) return bytes_of(T(0));
  if (!inside) fail_input(text("fill_value is ", shown(value), "; a whole number of the array's type is expected"));
  return bytes_of(value.is_number_unsigned() ? T(value.get<uint64_t>()) : T(value.get<int64_t>()));
}

int level_of(const Json& settings, const char* key, int least, int most, const std::string& where) {
  return int(whole_number(member(settings, key, where), least, most, where + "." + key));
}

}  // namespace

int64_t ZarrChunkFormat::voxels() const { return product(shape); }
int64_t ZarrChunkFormat::bytes() const { return product(shape) * voxel_bytes(type); }

ZarrIndex ZarrArrayInfo::chunk_grid() const {
  ZarrIndex grid(shape.size());
  for (size_t d = 0; d < shape.size(); ++d) grid[d] = ceil_div(shape[d], chunk.shape[d]);
  return grid;
}

ZarrIndex ZarrArrayInfo::shard_grid() const {
  ZarrIndex grid(shape.size());
  for (size_t d = 0; d < shape.size(); ++d) grid[d] = ceil_div(shape[d], shard[d]);
  return grid;
}

int64_t ZarrArrayInfo::chunks_per_shard() const {
  int64_t count = 1;
  for (size_t d = 0; d < shape.size(); ++d) count *= shard[d] / chunk.shape[d];
  return count;
}

void check_zarr_info(const ZarrArrayInfo& info) {
  size_t rank = info.shape.size();
  if (rank < 1 || rank > zarr_most_dimensions) fail_input(text("shape has ", rank, " dimensions; 1 to ", zarr_most_dimensions, " are read"));
  for (auto [what, numbers] : {std::pair{"shape", &info.shape}, {"the chunk shape", &info.chunk.shape}, {"the shard shape", &info.shard}}) {
    if (numbers->size() != rank) fail_input(text(what, " ", list_text(*numbers), " has ", numbers->size(), " numbers, shape ", list_text(info.shape), " has ", rank));
    for (int64_t n : *numbers)
      if (n < 1 || n > zarr_longest_side) fail_input(text(what, " ", list_text(*numbers), " has a ", n, "; whole numbers from 1 to 2^48 are expected"));
  }
  int64_t unit = voxel_bytes(info.chunk.type);
  check_product(info.shape, unit, int64_t{1} << 62, "an array of shape");
  check_product(info.chunk.shape, unit, zarr_chunk_limit, "a chunk of shape", "arrays with smaller chunks can be read");
  ZarrIndex inner(rank), padded(rank);
  for (size_t d = 0; d < rank; ++d) {
    if (info.shard[d] % info.chunk.shape[d] != 0)
      fail_input(text("the shard shape ", list_text(info.shard), " is no multiple of the inner chunk shape ", list_text(info.chunk.shape)));
    inner[d] = info.shard[d] / info.chunk.shape[d];
    padded[d] = ceil_div(info.shape[d], info.shard[d]);
  }
  check_product(inner, 1, zarr_inner_chunk_limit, "a shard of chunks");
  check_product(info.shard, unit, int64_t{1} << 62, "a shard of shape");
  check_product(padded, 1, int64_t{1} << 62, "a grid of files");
  std::vector<bool> seen(rank, false);
  bool permutation = info.chunk.order.size() == rank;
  for (int d : info.chunk.order) {
    permutation = permutation && d >= 0 && size_t(d) < rank && !seen[size_t(d)];
    if (permutation) seen[size_t(d)] = true;
  }
  if (!permutation) fail_input(text("the order of the stored dimensions is no permutation of 0 to ", rank - 1));
  if (!info.dimension_names.empty() && info.dimension_names.size() != rank)
    fail_input(text("dimension_names has ", info.dimension_names.size(), " entries, shape has ", rank));
}

std::array<unsigned char, 8> parse_zarr_fill(const Json& value, VoxelType type, bool boolean) {
  if (boolean) {
    if (!value.is_boolean()) fail_input(text("fill_value is ", shown(value), "; true or false is expected"));
    return bytes_of(uint8_t(value.get<bool>()));
  }
  return with_voxel_type(type, [&](auto v) {
    using T = decltype(v);
    if constexpr (std::is_floating_point_v<T>) return parse_float_fill<T>(value);
    else return parse_integer_fill<T>(value);
  });
}

Json zarr_fill_json(const ZarrArrayInfo& info) {
  if (info.boolean) return Json(info.fill[0] != 0);
  return with_voxel_type(info.chunk.type, [&](auto v) -> Json {
    using T = decltype(v);
    T value = value_of<T>(info.fill);
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    }
    return value;
  });
}

ZarrCodec parse_zarr_codec(const std::string& name, const Json& settings, int version, VoxelType type, const std::string& where) {
  ZarrCodec codec;
  using Kind = ZarrCodec::Kind;
  if (name == "crc32c" && version == 3) return codec.kind = Kind::crc32c, codec;
  if (name == "gzip" || (name == "zlib" && version == 2)) {
    codec.kind = name == "gzip" ? Kind::gzip : Kind::zlib;
    codec.level = level_of(settings, "level", -1, 9, where);
  } else if (name == "zstd") {
    codec.kind = Kind::zstd;
    codec.level = level_of(settings, "level", -131072, 22, where);
    codec.checksum = settings.contains("checksum") && settings["checksum"] == true;
  } else if (name == "lz4" && version == 2) {
    codec.kind = Kind::lz4;
  } else if (name == "blosc") {
    codec.kind = Kind::blosc;
    codec.level = level_of(settings, "clevel", 0, 9, where);
    codec.compressor = word(member(settings, "cname", where), where + ".cname");
    codec.block_bytes = settings.contains("blocksize") ? whole_number(settings["blocksize"], 0, INT32_MAX, where + ".blocksize") : 0;
    codec.type_bytes = voxel_bytes(type);
    const Json& shuffle = member(settings, "shuffle", where);
    if (version == 2) {
      codec.shuffle = int(whole_number(shuffle, -1, 2, where + ".shuffle"));
      if (codec.shuffle < 0) codec.shuffle = codec.type_bytes == 1 ? 2 : 1;
    } else {
      codec.shuffle = -1;
      for (int i = 0; i < 3; ++i)
        if (shuffle == shuffle_names[i]) codec.shuffle = i;
      if (codec.shuffle < 0) fail_input(text(where, ".shuffle is ", shown(shuffle), "; \"noshuffle\", \"shuffle\" or \"bitshuffle\" is expected"));
      if (settings.contains("typesize")) codec.type_bytes = whole_number(settings["typesize"], 1, 255, where + ".typesize");
      else if (codec.shuffle != 0) fail_input(text(where, " lacks \"typesize\", which \"", shuffle_names[codec.shuffle], "\" needs"));
    }
  } else {
    fail_input(text(where, " is the codec ", shown(Json(name)), ", which is not read here"),
               version == 2 ? "null, zstd, blosc, zlib, gzip and lz4 are" : "bytes, transpose, zstd, gzip, blosc, crc32c and sharding_indexed are");
  }
  return codec;
}

Json zarr_codec_json(const ZarrCodec& codec, int version) {
  std::string name = codec_names[size_t(codec.kind)];
  Json settings = Json::object();
  switch (codec.kind) {
    case ZarrCodec::Kind::gzip: case ZarrCodec::Kind::zlib: settings["level"] = codec.level; break;
    case ZarrCodec::Kind::zstd: settings["level"] = codec.level; if (version == 3) settings["checksum"] = codec.checksum; break;
    case ZarrCodec::Kind::lz4: settings["acceleration"] = 1; break;
    case ZarrCodec::Kind::crc32c: break;
    case ZarrCodec::Kind::blosc:
      settings["cname"] = codec.compressor, settings["clevel"] = codec.level;
      if (version == 3) settings["shuffle"] = shuffle_names[codec.shuffle], settings["typesize"] = codec.type_bytes;
      else settings["shuffle"] = codec.shuffle;
      settings["blocksize"] = codec.block_bytes;
  }
  if (version == 3) {
    Json codec_json = Json::object();
    codec_json["name"] = name;
    if (!settings.empty()) codec_json["configuration"] = settings;
    return codec_json;
  }
  Json flat = Json::object();
  flat["id"] = name;
  flat.update(settings);
  return flat;
}

}  // namespace tomograd
