#include "volume/zarr_ome.h"

#include "base/error.h"
#include "volume/zarr_fields.h"

namespace tomograd {
namespace {

const std::pair<const char*, double> millimetres[] = {{"angstrom", 1e-7}, {"nanometer", 1e-6}, {"micrometer", 1e-3}, {"millimeter", 1}, {"centimeter", 10}, {"meter", 1000}};

double unit_in_mm(const std::string& unit) {
  for (auto [name, factor] : millimetres)
    if (unit == name) return factor;
  return 1;                                      // no unit: taken as mm
}

// The group's attributes, which v2 keeps in a file of their own.
Json group_attributes(Env& env, const std::string& group, std::string& path) {
  if (zarr_node(env, group) != ZarrNode::group) fail_input(text("'", group, "' is no Zarr group"));
  path = join_path(group, "zarr.json");
  if (env.kind(path) == FileKind::file) {
    Json root = parse_bounded_json(read_text(env, path, zarr_text_limit), path);
    return root.contains("attributes") ? root["attributes"] : Json::object();
  }
  path = join_path(group, ".zattrs");
  return env.kind(path) == FileKind::file ? parse_bounded_json(read_text(env, path, zarr_text_limit), path) : Json::object();
}

std::vector<ZarrAxis> parse_axes(const Json& list) {
  if (!list.is_array() || list.size() < 3 || list.size() > 5) fail_input(text("axes is ", shown(list), "; a list of 3 to 5 axes that ends with z, y, x is read"));
  std::vector<ZarrAxis> axes;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string where = text("axes[", i, "]");
    ZarrAxis axis{word(member(list[i], "name", where), where + ".name"), "", ""};
    if (list[i].contains("type")) axis.type = word(list[i]["type"], where + ".type");
    if (list[i].contains("unit")) axis.unit = word(list[i]["unit"], where + ".unit");
    axes.push_back(axis);
  }
  for (size_t i = 0; i < 3; ++i)
    if (const ZarrAxis& axis = axes[axes.size() - 3 + i]; axis.name != std::string(1, "zyx"[i]) || axis.type != "space")
      fail_input(text("the axes end with ", shown(Json(axis.name)), " (type ", shown(Json(axis.type)), ") where ", "zyx"[i], " (space) is expected"));
  return axes;
}

std::vector<double> parse_vector(const Json& list, size_t rank, const std::string& where) {
  if (!list.is_array() || list.size() != rank) fail_input(text(where, " is ", shown(list), "; ", rank, " numbers are expected"));
  std::vector<double> numbers;
  for (const Json& one : list) numbers.push_back(finite_number(one, where));
  return numbers;
}

ZarrLevel parse_level(const Json& entry, size_t rank, const std::string& where) {
  ZarrLevel level;
  level.path = word(member(entry, "path", where), where + ".path");
  check_path_below(level.path, where + ".path");
  level.scale.assign(rank, 1), level.translation.assign(rank, 0);
  const Json& steps = member(entry, "coordinateTransformations", where);
  if (!steps.is_array() || steps.size() > 2) fail_input(text(where, ".coordinateTransformations is ", shown(steps), "; a scale, and then perhaps a translation, is expected"));
  for (const Json& step : steps) {
    std::string type = word(member(step, "type", where), where + ".type");
    if (type == "scale") level.scale = parse_vector(member(step, "scale", where), rank, where + ".scale");
    else if (type == "translation") level.translation = parse_vector(member(step, "translation", where), rank, where + ".translation");
    else if (type != "identity") fail_input(text(where, " has a coordinate transformation of type ", shown(Json(type)), "; scale and translation are read"));
  }
  for (double s : level.scale)
    if (!(s > 0)) fail_input(text(where, ".scale holds ", s, "; positive numbers are expected"));
  return level;
}

Json level_json(const ZarrLevel& level) {
  Json scale = Json::object(), translation = Json::object(), entry = Json::object();
  scale["type"] = "scale", scale["scale"] = level.scale;
  translation["type"] = "translation", translation["translation"] = level.translation;
  entry["path"] = level.path, entry["coordinateTransformations"] = Json::array({scale, translation});
  return entry;
}

void parse_own_attribute(const Json& own, ZarrImage& image) {
  const Json& rows = member(own, "affine", "tomograd");
  if (!rows.is_array() || rows.size() != 3) fail_input(text("tomograd.affine is ", shown(rows), "; 3 rows of 4 numbers are expected"));
  Affine affine;
  for (size_t row = 0; row < 3; ++row) {
    auto numbers = parse_vector(rows[row], 4, text("tomograd.affine[", row, "]"));
    std::copy(numbers.begin(), numbers.end(), affine[row].begin());
  }
  image.affine = affine;
  image.orientation_known = own.contains("orientation_known") && own["orientation_known"] == true;
}

}  // namespace

void check_path_below(const std::string& path, const std::string& where) {
  bool fine = !path.empty() && path.size() <= 255 && path.find('\\') == std::string::npos && path.find('\0') == std::string::npos;
  for (size_t at = 0; fine && at <= path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string part = path.substr(at, end - at);
    fine = !part.empty() && part != "." && part != "..";
    at = end + 1;
  }
  if (!fine) fail_input(text(where, " is ", shown(Json(path)), "; a path below the group's folder is expected"));
}

Geometry ZarrImage::geometry(size_t level, Extent size) const {
  Geometry result{size, {}};
  size_t first = axes.size() - 3;
  std::array<double, 3> step, shift;             // z, y, x: level 0's voxels per voxel, and where voxel 0 lies in them
  std::array<double, 3> spacing;
  for (size_t a = 0; a < 3; ++a) {
    double fine = levels[0].scale[first + a];
    step[a] = levels[level].scale[first + a] / fine;
    shift[a] = (levels[level].translation[first + a] - levels[0].translation[first + a]) / fine;
    spacing[a] = fine * unit_in_mm(axes[first + a].unit);
  }
  Affine base{};
  for (size_t row = 0; row < 3; ++row) {
    base[row][row] = spacing[2 - row];
    base[row][3] = levels[0].translation[first + 2 - row] * unit_in_mm(axes[first + 2 - row].unit);
  }
  if (affine) base = *affine;
  for (size_t row = 0; row < 3; ++row) {
    result.affine[row][3] = base[row][3];
    for (size_t column = 0; column < 3; ++column) {
      result.affine[row][column] = base[row][column] * step[2 - column];
      result.affine[row][3] += base[row][column] * shift[2 - column];
    }
  }
  return result;
}

ZarrImage read_zarr_image(Env& env, const std::string& group) {
  std::string path;
  Json attributes = group_attributes(env, group, path);
  return with_context(text("reading '", path, "'"), [&] {
    bool v3 = file_name(path) == "zarr.json";
    const Json& ome = v3 ? member(attributes, "ome", "attributes") : attributes;
    const Json& multiscales = member(ome, "multiscales", v3 ? "ome" : ".zattrs");
    if (!multiscales.is_array() || multiscales.empty()) fail_input(text("multiscales is ", shown(multiscales), "; a list with an image is expected"));
    const Json& first = multiscales[0];
    ZarrImage image;
    image.version = word(member(v3 ? ome : first, "version", v3 ? "ome" : "multiscales[0]"), "version");
    if (image.version != (v3 ? "0.5" : "0.4")) fail_input(text("the OME-Zarr version is ", shown(Json(image.version)), "; 0.4 (Zarr v2) and 0.5 (Zarr v3) are read"));
    if (first.contains("name")) image.name = word(first["name"], "multiscales[0].name");
    image.axes = parse_axes(member(first, "axes", "multiscales[0]"));
    const Json& datasets = member(first, "datasets", "multiscales[0]");
    if (!datasets.is_array() || datasets.empty() || datasets.size() > 64) fail_input(text("datasets is ", shown(datasets), "; a list of 1 to 64 resolutions is expected"));
    for (size_t i = 0; i < datasets.size(); ++i) image.levels.push_back(parse_level(datasets[i], image.axes.size(), text("datasets[", i, "]")));
    if (first.contains("coordinateTransformations")) {  // of all levels together
      Json common = first["coordinateTransformations"];
      Json together = Json::object();
      together["path"] = "all", together["coordinateTransformations"] = common;
      ZarrLevel all = parse_level(together, image.axes.size(), "multiscales[0]");
      for (ZarrLevel& level : image.levels)
        for (size_t d = 0; d < all.scale.size(); ++d) level.scale[d] *= all.scale[d], level.translation[d] = level.translation[d] * all.scale[d] + all.translation[d];
    }
    image.labels = ome.contains("image-label");
    if (attributes.contains("tomograd")) parse_own_attribute(attributes["tomograd"], image);
    return image;
  });
}

std::string zarr_image_text(const ZarrImage& image) {
  Json axes = Json::array(), datasets = Json::array(), multiscale = Json::object(), root = Json::object();
  for (const ZarrAxis& axis : image.axes) {
    Json entry = Json::object();
    entry["name"] = axis.name, entry["type"] = axis.type;
    if (!axis.unit.empty()) entry["unit"] = axis.unit;
    axes.push_back(entry);
  }
  for (const ZarrLevel& level : image.levels) datasets.push_back(level_json(level));
  multiscale["name"] = image.name, multiscale["axes"] = axes, multiscale["datasets"] = datasets;
  multiscale["type"] = image.labels ? "mode" : "mean";
  root["zarr_format"] = 3, root["node_type"] = "group";
  Json& ome = root["attributes"]["ome"];
  ome["version"] = "0.5", ome["multiscales"] = Json::array({multiscale});
  if (image.labels) ome["image-label"]["source"]["image"] = "../../";
  if (image.affine) {
    Json& own = root["attributes"]["tomograd"];
    own["format"] = "tomograd.blocks/1", own["affine"] = *image.affine, own["orientation_known"] = image.orientation_known;
  }
  return root.dump(2) + "\n";
}

std::vector<std::string> zarr_label_names(Env& env, const std::string& group) {
  std::string folder = join_path(group, "labels"), path;
  if (zarr_node(env, folder) == ZarrNode::none) return {};
  Json attributes = group_attributes(env, folder, path);
  return with_context(text("reading '", path, "'"), [&] {
    const Json& holder = file_name(path) == "zarr.json" && attributes.contains("ome") ? attributes["ome"] : attributes;
    const Json& list = member(holder, "labels", "attributes");
    if (!list.is_array()) fail_input(text("labels is ", shown(list), "; a list of names is expected"));
    std::vector<std::string> names;
    for (const Json& one : list) check_path_below(word(one, "labels"), "labels"), names.push_back(one.get<std::string>());
    return names;
  });
}

std::string zarr_labels_text(const std::vector<std::string>& names) {
  Json root = Json::object();
  root["zarr_format"] = 3, root["node_type"] = "group";
  root["attributes"]["ome"]["version"] = "0.5";
  root["attributes"]["ome"]["labels"] = names;
  return root.dump(2) + "\n";
}

}  // namespace tomograd
