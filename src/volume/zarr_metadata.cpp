#include "volume/zarr_metadata.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"
#include "volume/zarr_fields.h"

namespace tomograd {
namespace {

const std::pair<const char*, VoxelType> types3[] = {
    {"uint8", VoxelType::u8}, {"int8", VoxelType::i8}, {"uint16", VoxelType::u16}, {"int16", VoxelType::i16}, {"uint32", VoxelType::u32}, {"int32", VoxelType::i32},
    {"uint64", VoxelType::u64}, {"int64", VoxelType::i64}, {"float32", VoxelType::f32}, {"float64", VoxelType::f64}};
const std::pair<const char*, VoxelType> types2[] = {
    {"u1", VoxelType::u8}, {"i1", VoxelType::i8}, {"u2", VoxelType::u16}, {"i2", VoxelType::i16}, {"u4", VoxelType::u32}, {"i4", VoxelType::i32},
    {"u8", VoxelType::u64}, {"i8", VoxelType::i64}, {"f4", VoxelType::f32}, {"f8", VoxelType::f64}};

const Json empty_object = Json::object();

std::vector<int> c_order(size_t rank) {
  std::vector<int> order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// "x" or {"name": "x", "configuration": {...}}; other keys of the object are refused unless must_understand is false.
struct Extension {
  std::string name;
  const Json& settings;
};

Extension extension(const Json& value, const std::string& where) {
  if (value.is_string()) return {value.get<std::string>(), empty_object};
  std::string name = word(member(value, "name", where), where + ".name");
  for (const auto& [key, ignored] : value.items())
    if (key != "name" && key != "configuration" && key != "must_understand") fail_input(text(where, " has the unknown key ", shown(Json(key))));
  auto found = value.find("configuration");
  if (found == value.end()) return {name, empty_object};
  if (!found->is_object()) fail_input(text(where, ".configuration is ", shown(*found), "; an object is expected"));
  return {name, *found};
}

bool big_endian_of(const Json& settings, VoxelType type, const std::string& where) {
  auto found = settings.find("endian");
  if (found == settings.end()) {
    if (voxel_bytes(type) > 1) fail_input(text(where, " (bytes) lacks \"endian\", which a type of ", voxel_bytes(type), " bytes needs"));
    return false;
  }
  if (*found != "little" && *found != "big") fail_input(text(where, ".endian is ", shown(*found), "; \"little\" or \"big\" is expected"));
  return *found == "big";
}

// [transpose...] bytes [gzip | zstd | blosc | crc32c ...]
void parse_codec_chain(const Json& list, ZarrChunkFormat& chunk, const std::string& where) {
  if (!list.is_array() || list.empty() || list.size() > 8) fail_input(text(where, " is ", shown(list), "; a list of 1 to 8 codecs is expected"));
  size_t rank = chunk.shape.size();
  bool as_bytes = false;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string here = text(where, "[", i, "]");
    Extension codec = extension(list[i], here);
    if (codec.name == "transpose" && !as_bytes) {
      auto order = whole_numbers(member(codec.settings, "order", here), 0, int64_t(rank) - 1, here + ".order");
      if (order.size() != rank) fail_input(text(here, ".order has ", order.size(), " numbers, the array ", rank, " dimensions"));
      std::vector<int> combined(rank);
      for (size_t d = 0; d < rank; ++d) combined[d] = chunk.order[size_t(order[d])];
      chunk.order = combined;
    } else if (codec.name == "bytes" && !as_bytes) {
      chunk.big_endian = big_endian_of(codec.settings, chunk.type, here);
      as_bytes = true;
    } else if (codec.name == "sharding_indexed") {
      fail_input(text(here, " is a shard inside a shard, or behind another codec; one level of sharding as the only codec is read"));
    } else if (codec.name == "bytes" || codec.name == "transpose") {
      fail_input(text(here, " (", codec.name, ") stands behind \"bytes\""));
    } else {
      ZarrCodec parsed = parse_zarr_codec(codec.name, codec.settings, 3, chunk.type, here);
      if (!as_bytes) fail_input(text(here, " (", codec.name, ") stands before \"bytes\""));
      chunk.codecs.push_back(parsed);
    }
  }
  if (!as_bytes) fail_input(text(where, " lacks the codec \"bytes\""));
}

void parse_sharding(const Json& settings, ZarrArrayInfo& info, const std::string& where) {
  info.sharded = true;
  info.chunk.shape = whole_numbers(member(settings, "chunk_shape", where), 1, zarr_longest_side, where + ".chunk_shape");
  if (info.chunk.shape.size() != info.shape.size()) fail_input(text(where, ".chunk_shape has ", info.chunk.shape.size(), " numbers, shape has ", info.shape.size()));
  parse_codec_chain(member(settings, "codecs", where), info.chunk, where + ".codecs");
  ZarrChunkFormat index;
  index.type = VoxelType::u64, index.shape = {1}, index.order = {0};
  parse_codec_chain(member(settings, "index_codecs", where), index, where + ".index_codecs");
  info.index_big_endian = index.big_endian;
  info.index_checksum = !index.codecs.empty();
  if (index.codecs.size() > 1 || (info.index_checksum && index.codecs[0].kind != ZarrCodec::Kind::crc32c))
    fail_input(text(where, ".index_codecs is ", shown(settings["index_codecs"]), "; bytes, alone or with crc32c, is read"));
  if (auto place = settings.find("index_location"); place != settings.end()) {
    if (*place != "start" && *place != "end") fail_input(text(where, ".index_location is ", shown(*place), "; \"start\" or \"end\" is expected"));
    info.index_at_start = *place == "start";
  }
}

char separator_of(const Json& settings, const char* key, char usual) {
  auto found = settings.find(key);
  if (found == settings.end()) return usual;
  if (*found != "/" && *found != ".") fail_input(text(key, " is ", shown(*found), "; \"/\" or \".\" is expected"));
  return found->get_ref<const std::string&>()[0];
}

void refuse_unknown_keys(const Json& root) {
  static const char* known[] = {"zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs", "attributes",
      "storage_transformers", "dimension_names", "consolidated_metadata"};
  for (const auto& [key, value] : root.items()) {
    bool fine = value.is_object() && value.contains("must_understand") && value["must_understand"] == false;
    for (const char* name : known) fine = fine || key == name;
    if (!fine) fail_input(text("the key ", shown(Json(key)), " is unknown and not marked \"must_understand\": false"));
  }
  if (root.contains("storage_transformers") && !root["storage_transformers"].empty())
    fail_input(text("storage_transformers is ", shown(root["storage_transformers"]), "; none is read"));
}

std::string attributes_of(const Json& root, const char* key) {
  auto found = root.find(key);
  if (found == root.end()) return "{}";
  if (!found->is_object()) fail_input(text(key, " is ", shown(*found), "; an object is expected"));
  return found->dump();
}

Json bytes_codec(bool big_endian, int64_t unit) {
  Json codec = Json::object();
  codec["name"] = "bytes";
  if (unit > 1) codec["configuration"]["endian"] = big_endian ? "big" : "little";
  return codec;
}

Json codec_chain(const ZarrChunkFormat& chunk) {
  Json list = Json::array();
  if (chunk.order != c_order(chunk.shape.size())) {
    Json transpose = Json::object();
    transpose["name"] = "transpose", transpose["configuration"]["order"] = chunk.order;
    list.push_back(transpose);
  }
  list.push_back(bytes_codec(chunk.big_endian, voxel_bytes(chunk.type)));
  for (const ZarrCodec& codec : chunk.codecs) list.push_back(zarr_codec_json(codec, 3));
  return list;
}

Json named(const char* name, const char* key, Json value) {
  Json extension = Json::object();
  extension["name"] = name, extension["configuration"][key] = std::move(value);
  return extension;
}

std::string zarr3_text(const ZarrArrayInfo& info) {
  Json root = Json::object();
  root["zarr_format"] = 3, root["node_type"] = "array", root["shape"] = info.shape;
  for (auto [name, type] : types3)
    if (type == info.chunk.type) root["data_type"] = info.boolean ? "bool" : name;
  root["chunk_grid"] = named("regular", "chunk_shape", info.shard);
  root["chunk_key_encoding"] = named(info.v2_keys ? "v2" : "default", "separator", std::string(1, info.separator));
  root["fill_value"] = zarr_fill_json(info);
  if (info.sharded) {
    Json index = Json::array({bytes_codec(info.index_big_endian, 8)});
    if (info.index_checksum) index.push_back(Json::object({{"name", "crc32c"}}));
    Json sharding = named("sharding_indexed", "chunk_shape", info.chunk.shape);
    sharding["configuration"]["codecs"] = codec_chain(info.chunk);
    sharding["configuration"]["index_codecs"] = index;
    sharding["configuration"]["index_location"] = info.index_at_start ? "start" : "end";
    root["codecs"] = Json::array({sharding});
  } else {
    root["codecs"] = codec_chain(info.chunk);
  }
  root["attributes"] = Json::parse(info.attributes);
  if (!info.dimension_names.empty()) root["dimension_names"] = info.dimension_names;
  return root.dump(2) + "\n";
}

std::string zarr2_text(const ZarrArrayInfo& info) {
  if (info.sharded || info.chunk.codecs.size() > 1) fail_failure("Zarr v2 has neither shards nor chains of codecs");
  size_t rank = info.shape.size();
  std::vector<int> reversed(rank);
  for (size_t d = 0; d < rank; ++d) reversed[d] = int(rank - 1 - d);
  bool c = info.chunk.order == c_order(rank);
  if (!c && info.chunk.order != reversed) fail_failure("Zarr v2 stores dimensions in C or F order only");
  Json root = Json::object();
  root["zarr_format"] = 2, root["shape"] = info.shape, root["chunks"] = info.chunk.shape;
  for (auto [name, type] : types2)
    if (type == info.chunk.type) root["dtype"] = info.boolean ? "|b1" : std::string(voxel_bytes(type) == 1 ? "|" : info.chunk.big_endian ? ">" : "<") + name;
  root["compressor"] = info.chunk.codecs.empty() ? Json() : zarr_codec_json(info.chunk.codecs[0], 2);
  root["fill_value"] = zarr_fill_json(info), root["order"] = c ? "C" : "F", root["filters"] = Json();
  root["dimension_separator"] = std::string(1, info.separator);
  return root.dump(2) + "\n";
}

}  // namespace

ZarrArrayInfo parse_zarr3_array(const std::string& json, const std::string& name) {
  Json root = parse_bounded_json(json, name);
  return with_context(text("reading '", name, "'"), [&] {
    ZarrArrayInfo info;
    whole_number(member(root, "zarr_format", "the file"), 3, 3, "zarr_format");
    if (member(root, "node_type", "the file") != "array") fail_input(text("node_type is ", shown(root["node_type"]), "; \"array\" is expected"));
    refuse_unknown_keys(root);
    info.shape = whole_numbers(member(root, "shape", "the file"), 1, zarr_longest_side, "shape");
    if (info.shape.empty() || info.shape.size() > zarr_most_dimensions) fail_input(text("shape has ", info.shape.size(), " dimensions; 1 to ", zarr_most_dimensions, " are read"));

    std::string type = extension(member(root, "data_type", "the file"), "data_type").name;
    info.boolean = type == "bool";
    bool known = info.boolean;
    if (info.boolean) info.chunk.type = VoxelType::u8;
    for (auto [word, value] : types3)
      if (type == word) info.chunk.type = value, known = true;
    if (!known) fail_input(text("data_type is ", shown(root["data_type"]), "; bool, int8 to int64, uint8 to uint64, float32 and float64 are read"));

    Extension grid = extension(member(root, "chunk_grid", "the file"), "chunk_grid");
    if (grid.name != "regular") fail_input(text("chunk_grid is ", shown(Json(grid.name)), "; \"regular\" is read"));
    info.shard = whole_numbers(member(grid.settings, "chunk_shape", "chunk_grid"), 1, zarr_longest_side, "chunk_shape");
    if (info.shard.size() != info.shape.size()) fail_input(text("chunk_shape has ", info.shard.size(), " numbers, shape has ", info.shape.size()));

    Extension keys = extension(member(root, "chunk_key_encoding", "the file"), "chunk_key_encoding");
    if (keys.name != "default" && keys.name != "v2") fail_input(text("chunk_key_encoding is ", shown(Json(keys.name)), "; \"default\" or \"v2\" is read"));
    info.v2_keys = keys.name == "v2";
    info.separator = separator_of(keys.settings, "separator", info.v2_keys ? '.' : '/');

    info.fill = parse_zarr_fill(member(root, "fill_value", "the file"), info.chunk.type, info.boolean);
    info.chunk.order = c_order(info.shape.size());
    const Json& codecs = member(root, "codecs", "the file");
    bool sharding = codecs.is_array() && codecs.size() == 1 && extension(codecs[0], "codecs[0]").name == "sharding_indexed";
    if (sharding) {
      parse_sharding(extension(codecs[0], "codecs[0]").settings, info, "codecs[0]");
    } else {
      info.chunk.shape = info.shard;
      parse_codec_chain(codecs, info.chunk, "codecs");
    }
    if (auto names = root.find("dimension_names"); names != root.end() && !names->is_null()) {
      if (!names->is_array()) fail_input(text("dimension_names is ", shown(*names), "; a list is expected"));
      for (const Json& one : *names) info.dimension_names.push_back(one.is_null() ? "" : word(one, "dimension_names"));
    }
    info.attributes = attributes_of(root, "attributes");
    check_zarr_info(info);
    return info;
  });
}

ZarrArrayInfo parse_zarr2_array(const std::string& zarray, const std::string& zattrs, const std::string& name) {
  Json root = parse_bounded_json(zarray, name), attributes = zattrs.empty() ? Json::object() : parse_bounded_json(zattrs, ".zattrs beside " + name);
  return with_context(text("reading '", name, "'"), [&] {
    ZarrArrayInfo info;
    info.version = 2, info.v2_keys = true;
    whole_number(member(root, "zarr_format", "the file"), 2, 2, "zarr_format");
    info.shape = whole_numbers(member(root, "shape", "the file"), 1, zarr_longest_side, "shape");
    info.chunk.shape = info.shard = whole_numbers(member(root, "chunks", "the file"), 1, zarr_longest_side, "chunks");

    const Json& dtype = member(root, "dtype", "the file");
    std::string type = dtype.is_string() ? dtype.get<std::string>() : "";
    bool known = type == "|b1";
    info.boolean = known;
    if (known) info.chunk.type = VoxelType::u8;
    for (auto [word, value] : types2)
      if (type.size() == 3 && type.substr(1) == word && (type[0] == '<' || type[0] == '>' || (type[0] == '|' && voxel_bytes(value) == 1)))
        info.chunk.type = value, info.chunk.big_endian = type[0] == '>' && voxel_bytes(value) > 1, known = true;
    if (!known) fail_input(text("dtype is ", shown(dtype), "; |b1, |u1, <i2, >f4 and their like (1 to 8 bytes of integer, 4 or 8 of float) are read"));

    const Json& order = member(root, "order", "the file");
    if (order != "C" && order != "F") fail_input(text("order is ", shown(order), "; \"C\" or \"F\" is expected"));
    info.chunk.order = c_order(info.shape.size());
    if (order == "F") std::reverse(info.chunk.order.begin(), info.chunk.order.end());

    if (const Json& filters = member(root, "filters", "the file"); !filters.is_null() && !(filters.is_array() && filters.empty()))
      fail_input(text("filters is ", shown(filters), "; none is read"));
    if (const Json& compressor = member(root, "compressor", "the file"); !compressor.is_null())
      info.chunk.codecs = {parse_zarr_codec(word(member(compressor, "id", "compressor"), "compressor.id"), compressor, 2, info.chunk.type, "compressor")};
    info.separator = separator_of(root, "dimension_separator", '.');
    if (const Json& fill = member(root, "fill_value", "the file"); !fill.is_null()) info.fill = parse_zarr_fill(fill, info.chunk.type, info.boolean);
    if (!attributes.is_object()) fail_input(text(".zattrs is ", shown(attributes), "; an object is expected"));
    info.attributes = attributes.dump();
    if (auto names = attributes.find("_ARRAY_DIMENSIONS"); names != attributes.end() && names->is_array() && names->size() == info.shape.size())
      for (const Json& one : *names) info.dimension_names.push_back(word(one, "_ARRAY_DIMENSIONS"));
    check_zarr_info(info);
    return info;
  });
}

bool is_zarr(Env& env, const std::string& path) {
  if ((is_nifti_name(path) || is_tiff_name(path)) && env.kind(path) != FileKind::directory) return false;
  return zarr_node(env, path) != ZarrNode::none;
}

ZarrNode zarr_node(Env& env, const std::string& directory) {
  std::string unreadable;
  auto has = [&](const char* name) {
    std::string path = join_path(directory, name);
    FileKind kind = env.kind(path);
    if (kind == FileKind::other) unreadable = path;
    return kind == FileKind::file;
  };
  bool v3 = has("zarr.json"), array = has(".zarray"), group = has(".zgroup");
  if (int(v3) + int(array) + int(group) > 1)
    fail_input(text("'", directory, "' holds ", v3 ? "zarr.json" : ".zarray", " and ", group ? ".zgroup" : ".zarray", ": two descriptions of one folder"),
               "remove the one that is out of date");
  if (array) return ZarrNode::array;
  if (group) return ZarrNode::group;
  if (!v3 && !unreadable.empty()) env.open_input(unreadable);  // says why
  if (!v3) return ZarrNode::none;
  std::string path = join_path(directory, "zarr.json");
  const Json root = parse_bounded_json(read_text(env, path, zarr_text_limit), path);
  const Json& type = member(root, "node_type", "'" + path + "'");
  if (type != "array" && type != "group") fail_input(text("'", path, "': node_type is ", shown(type), "; \"array\" or \"group\" is expected"));
  return type == "array" ? ZarrNode::array : ZarrNode::group;
}

ZarrArrayInfo read_zarr_array_info(Env& env, const std::string& directory) {
  if (zarr_node(env, directory) != ZarrNode::array) fail_input(text("'", directory, "' is no Zarr array: it holds neither .zarray nor a zarr.json of an array"));
  std::string v3 = join_path(directory, "zarr.json"), v2 = join_path(directory, ".zarray"), attributes = join_path(directory, ".zattrs");
  if (env.kind(v3) == FileKind::file) return parse_zarr3_array(read_text(env, v3, zarr_text_limit), v3);
  return parse_zarr2_array(read_text(env, v2, zarr_text_limit), env.kind(attributes) == FileKind::file ? read_text(env, attributes, zarr_text_limit) : "", v2);
}

std::vector<std::pair<std::string, std::string>> zarr_array_files(const ZarrArrayInfo& info) {
  check_zarr_info(info);
  if (info.version == 3) return {{"zarr.json", zarr3_text(info)}};
  return {{".zarray", zarr2_text(info)}, {".zattrs", Json::parse(info.attributes).dump(2) + "\n"}};
}

std::string zarr_chunk_key(const ZarrArrayInfo& info, const ZarrIndex& place) {
  std::string key = info.v2_keys ? "" : "c";
  for (size_t d = 0; d < place.size(); ++d) {
    if (!key.empty()) key += info.separator;
    key += std::to_string(place[d]);
  }
  return key;
}

}  // namespace tomograd
