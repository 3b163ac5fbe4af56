// Volumes: facts, tiles of planes, small copies.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "pictures/png.h"
#include "server/memory_file.h"
#include "server/page_routes.h"
#include "spec/extent_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr const char* volume_shapes = R"(
VolumeFile { id: text, root: integer, file: text, kind: 'nifti' | 'tiff' | 'zarr' }
VolumeList { volumes: VolumeFile[] }
Level { level: integer, size_zyx: Zyx, factor_zyx: Zyx, stored: boolean }
Volume { format: 'tomograd.volume/1', id: text, name: text, kind: 'NIfTI' | 'TIFF' | 'Zarr', size_zyx: Zyx, channels: integer, type: text, spacing_zyx_mm: [number, number, number],
  affine: [number, number, number, number][], orientation: text, orientation_known: boolean, uncompressed_bytes: integer, compressed: boolean,
  levels: Level[], tile: integer, labels: text[], label_volumes: text[] }
Range { low: number, high: number, minimum: number, maximum: number, whole: boolean, integers: boolean }
)";

std::string volume_path(PageParts& parts, const Call& call) {
  std::string path = parts.data.path_of(call.place("id"));
  if (path.empty() || parts.roots.look(path).kind == FileKind::missing) throw NotThere{"there is no such volume"};
  return path;
}

std::string name_without_end(std::string name) {
  for (const char* ending : {".gz", ".nii", ".hdr", ".tif", ".tiff", ".zarr"})
    if (name.ends_with(ending)) name.resize(name.size() - std::string(ending).size());
  return name;
}

const char* kind_by_name(const std::string& name) { return name.ends_with(".zarr") ? "zarr" : name.ends_with(".tif") || name.ends_with(".tiff") ? "tiff" : "nifti"; }

std::string facts_json(PageParts& parts, const std::string& path, const std::string& id) {
  const VolumeFacts facts = parts.volumes.facts(path);
  Value v = Value::table();
  auto spacing = facts.geometry.spacing();
  v["format"] = "tomograd.volume/1", v["id"] = id, v["name"] = name_without_end(file_name(path)), v["kind"] = facts.kind, v["size_zyx"] = extent_value(facts.geometry.size), v["channels"] = facts.channels;
  v["type"] = voxel_type_name(facts.type), v["spacing_zyx_mm"] = Value(Value::List{spacing[0], spacing[1], spacing[2]});
  Value::List rows, levels;
  for (const auto& row : facts.geometry.affine) rows.push_back(Value(Value::List{row[0], row[1], row[2], row[3]}));
  v["affine"] = std::move(rows), v["orientation"] = facts.geometry.orientation(), v["orientation_known"] = facts.orientation_known;
  v["uncompressed_bytes"] = facts.geometry.size.voxels() * facts.channels * voxel_bytes(facts.type), v["compressed"] = facts.compressed;
  for (size_t i = 0; i < facts.levels.size(); ++i) {
    Value level = Value::table();
    level["level"] = int64_t(i), level["size_zyx"] = extent_value(facts.levels[i].size), level["factor_zyx"] = extent_value(facts.levels[i].factor), level["stored"] = facts.levels[i].stored;
    levels.push_back(std::move(level));
  }
  v["levels"] = std::move(levels), v["tile"] = tile_voxels, v["labels"] = Value::list_of(facts.labels);
  Value::List labels;
  for (const auto& label : facts.label_paths) labels.emplace_back(parts.data.id_of(label));
  v["label_volumes"] = std::move(labels);
  return to_json(v, false);
}

std::string range_json(PageParts& parts, const std::string& path, int64_t channel) {
  const ValueRange range = parts.volumes.range(path, channel);
  Value v = Value::table();
  v["low"] = range.low, v["high"] = range.high, v["minimum"] = range.minimum, v["maximum"] = range.maximum, v["whole"] = range.whole, v["integers"] = range.integers;
  return to_json(v, false);
}

struct Shown { double low = 0, high = 1; };

// 0 to `most`; what is no number is black. Of every voxel that is shown, so nothing is called for it.
class Shades {
 public:
  Shades(const Shown& window, double most) : low_(window.low), width_(window.high - window.low), most_(most) {}
  int of(float v) const {
    const double share = (double(v) - low_) / width_ * most_;
    return share > 0 ? int(std::min(most_, share) + 0.5) : 0;
  }

 private:
  double low_, width_, most_;
};

std::string png_of(const PlaneTile& tile, const Shown& window) {
  Image image(tile.width, tile.height);
  const Shades shades(window, 255);
  for (int64_t i = 0; i < tile.voxels.size(); ++i) {
    uint8_t shade = uint8_t(shades.of(tile.voxels[i]));
    for (size_t channel = 0; channel < 3; ++channel) image.rgb[size_t(i) * 3 + channel] = shade;
  }
  return encode_png(image);
}

std::string raw_of(const PlaneTile& tile, const Shown& window) {
  std::string raw(size_t(tile.voxels.size()) * 2, '\0');
  const Shades shades(window, 65535);
  char* into = raw.data();
  for (float v : tile.voxels) {
    const int word = shades.of(v);
    *into++ = char(word & 0xff), *into++ = char(word >> 8);
  }
  return raw;
}

ServerAnswer plane(PageParts& parts, const Call& call) {
  const std::string path = volume_path(parts, call), as = call.words("as", "png"), axis = call.words("axis", "z");
  if (as != "png" && as != "raw16") fail_usage("as is '" + as + "', expected png or raw16");
  if (axis != "z" && axis != "y" && axis != "x") fail_usage("axis is '" + axis + "', expected z, y or x");
  const int64_t level = call.integer("level", 0, 0, 62), channel = call.integer("channel", 0, 0, int64_t{1} << 40), index = call.integer("index", 0, 0, int64_t{1} << 40);
  const int64_t row = call.integer("tile_y", 0, 0, 1 << 24), column = call.integer("tile_x", 0, 0, 1 << 24);
  auto low = call.number("low"), high = call.number("high");
  if (low.has_value() != high.has_value()) fail_usage("low and high come together");
  if (low && !(*low < *high)) fail_usage(text("low is ", *low, " and high ", *high, ", expected low below high"));
  int64_t width = 0, height = 0;
  ServerAnswer answer = versioned(call, parts.volumes.version(path), [&] {
    PlaneTile tile = parts.volumes.tile(path, level, channel, axis == "z" ? 0 : axis == "y" ? 1 : 2, index, row, column);
    Shown window{low.value_or(0), high.value_or(1)};
    if (!low) {
      ValueRange range = parts.volumes.range(path, channel);
      window = {range.low, std::max(range.high, std::nextafter(range.low, INFINITY))};
    }
    width = tile.width, height = tile.height;
    return as == "png" ? png_of(tile, window) : raw_of(tile, window);
  }, as == "png" ? "image/png" : "application/octet-stream");
  if (answer.status == 200) answer.headers.push_back({"X-Width", std::to_string(width)}), answer.headers.push_back({"X-Height", std::to_string(height)});
  return answer;
}

std::string nifti_of(const Volume& volume) {
  MemoryFiles files;
  bool labels = true;
  for (float v : volume.voxels)
    if (!(v >= 0 && v <= 65535 && v == std::rint(v))) {
      labels = false;
      break;
    }
  if (!labels) {
    write_nifti(files, "/v.nii.gz", volume);
  } else {                                       // small whole numbers need no floats
    LabelVolume whole{volume.geometry, Buffer<uint16_t>(volume.voxels.size())};
    for (int64_t i = 0; i < volume.voxels.size(); ++i) whole.voxels[i] = uint16_t(volume.voxels[i]);
    write_nifti_labels(files, "/v.nii.gz", whole);
  }
  return files.take("/v.nii.gz");
}

ServerAnswer small_nifti(PageParts& parts, const Call& call) {
  const std::string path = volume_path(parts, call);
  const int64_t most = call.integer("most", 256, 8, 512), channel = call.integer("channel", 0, 0, int64_t{1} << 40);
  Extent factor = cube(1);
  ServerAnswer answer = versioned(call, parts.volumes.version(path), [&] { return nifti_of(parts.volumes.small_copy(path, channel, most, &factor)); }, "application/gzip");
  if (answer.status == 200) answer.headers.push_back({"X-Factor-Zyx", text(factor.z, ",", factor.y, ",", factor.x)});
  return answer;
}

}  // namespace

void add_volume_routes(RouteTable& table, PageParts& parts) {
  table.shapes.declare(volume_shapes);
  const std::string one = "/api/volumes/{id}";
  const RouteParameter channel{"channel", "integer", "frame or channel, from 0"};
  table.add({"GET", "/api/volumes", "Volumes found below the served folders", {}, false, [&parts](const Call&) {
               Value v = Value::table();
               Value::List list;
               for (const auto& path : parts.data.volumes()) {
                 Value item = Value::table();
                 item["id"] = parts.data.id_of(path), item["root"] = int64_t(*parts.roots.root_of(path)), item["file"] = parts.roots.relative(path), item["kind"] = kind_by_name(path);
                 list.push_back(std::move(item));
               }
               v["volumes"] = std::move(list);
               return json_answer(v);
             }}, "VolumeList");
  table.add({"GET", one, "Size, type, geometry, levels", {}, false, [&parts](const Call& call) {
               const std::string path = volume_path(parts, call);
               return versioned(call, parts.volumes.version(path), [&] { return facts_json(parts, path, call.place("id")); });
             }}, "Volume");
  table.add({"GET", one + "/range", "Percentiles for a first window", {channel}, false, [&parts](const Call& call) {
               const std::string path = volume_path(parts, call);
               return versioned(call, parts.volumes.version(path), [&] { return range_json(parts, path, call.integer("channel", 0, 0, int64_t{1} << 40)); });
             }}, "Range");
  table.add({"GET", one + "/plane", "One tile of one plane",
             {{"axis", "z|y|x", "as the file stores them"}, {"index", "integer", "of the plane, in voxels of the level"}, {"level", "integer", "of `levels`"}, channel, {"tile_y", "integer", "row of tiles"}, {"tile_x", "integer", "column of tiles"},
              {"low", "number", "value shown black"}, {"high", "number", "value shown white"}, {"as", "png|raw16", "8-bit picture, or 16-bit numbers"}},
             false, [&parts](const Call& call) { return plane(parts, call); }, "image/png"});
  table.add({"GET", one + "/nifti", "A small copy of the whole volume as .nii.gz", {{"most", "integer", "voxels along an axis, 8 to 512; default 256"}, channel}, false, [&parts](const Call& call) { return small_nifti(parts, call); }, "application/gzip"});
}

}  // namespace tomograd
