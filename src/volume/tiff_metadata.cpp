#include "volume/tiff_metadata.h"

#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace tomograd {
namespace {

double number_of(const std::string& text) {      // 0 when it is no number
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && std::isfinite(value) ? value : 0;
}

bool plausible(double mm) { return mm >= 1e-9 && mm <= 1e6; }

void take_spacing(TiffTexts& texts, std::array<double, 3> spacing, const std::string& source) {
  if (!plausible(spacing[0]) || !plausible(spacing[1]) || !plausible(spacing[2])) {
    texts.warnings.push_back(text(source, " gives a voxel of ", spacing[0], " x ", spacing[1], " x ", spacing[2], " mm; it is ignored"));
    return;
  }
  texts.spacing = spacing;
  texts.spacing_source = source;
}

std::map<std::string, std::string> lines_of(const std::string& description) {
  std::map<std::string, std::string> values;
  for (size_t at = 0; at < description.size();) {
    size_t end = std::min(description.find('\n', at), description.size()), equals = description.find('=', at);
    if (equals < end) {
      std::string value = description.substr(equals + 1, end - equals - 1);
      if (value.ends_with('\r')) value.pop_back();
      values.emplace(description.substr(at, equals - at), value);
    }
    at = end + 1;
  }
  return values;
}

[[noreturn]] void fail_axes(const std::string& kind, int64_t slices, int64_t channels, int64_t times) {
  fail_input(text(kind, " describes ", slices, " planes of ", channels, " channels at ", times, " times; a stack of z planes alone is read"),
             "save each channel and time as a TIFF of its own");
}

void read_imagej(const std::string& description, const TiffDirectory& first, TiffTexts& texts) {
  auto values = lines_of(description);
  auto count = [&](const char* key) { return values.contains(key) ? int64_t(std::min(1e9, std::max(1.0, number_of(values[key])))) : 1; };
  texts.kind = "ImageJ";
  int64_t slices = count("slices"), channels = count("channels"), frames = count("frames");
  if (channels > 1 || (frames > 1 && slices > 1)) fail_axes("the ImageJ description", slices, channels, frames);
  if (frames > 1) texts.warnings.push_back(text("the ImageJ description calls the ", frames, " planes times; they are read as z"));
  texts.images = values.contains("images") && number_of(values["images"]) >= 1 ? count("images") : 0;
  texts.one_directory = true;
  double unit = millimetres_per(values["unit"]);
  if (unit > 0 && first.x_resolution > 0 && first.y_resolution > 0) {
    double z = std::abs(number_of(values["spacing"]));
    take_spacing(texts, {unit * (z > 0 ? z : 1), unit / first.y_resolution, unit / first.x_resolution}, "ImageJ");
  }
}

// Attributes of the first <Pixels ...> element; no general XML: quoted values, the five standard entities left as they are.
std::map<std::string, std::string> pixels_of(const std::string& xml) {
  std::map<std::string, std::string> attributes;
  size_t at = xml.find("Pixels ");
  while (at != std::string::npos && (at == 0 || (xml[at - 1] != '<' && xml[at - 1] != ':'))) at = xml.find("Pixels ", at + 1);
  if (at == std::string::npos) return attributes;
  for (at += 7; at < xml.size();) {
    at = xml.find_first_not_of(" \t\r\n", at);
    if (at == std::string::npos || xml[at] == '>' || xml[at] == '/') break;
    size_t equals = xml.find('=', at);
    if (equals == std::string::npos || equals + 1 >= xml.size() || (xml[equals + 1] != '"' && xml[equals + 1] != '\'')) break;
    size_t end = xml.find(xml[equals + 1], equals + 2);
    if (end == std::string::npos) break;
    attributes.emplace(xml.substr(at, equals - at), xml.substr(equals + 2, end - equals - 2));
    at = end + 1;
  }
  return attributes;
}

void read_ome(const std::string& xml, TiffTexts& texts) {
  auto pixels = pixels_of(xml);
  auto count = [&](const char* key) { return pixels.contains(key) ? int64_t(std::min(1e9, std::max(1.0, number_of(pixels[key])))) : 1; };
  texts.kind = "OME-XML";
  int64_t channels = count("SizeC"), times = count("SizeT");
  if (channels > 1 || (times > 1 && count("SizeZ") > 1)) fail_axes("OME-XML", count("SizeZ"), channels, times);
  if (number_of(pixels["SizeZ"]) >= 1) texts.images = count("SizeZ") * times;
  std::array<double, 3> spacing{};
  for (size_t axis = 0; axis < 3; ++axis) {
    std::string key = std::string("PhysicalSize") + "ZYX"[axis];
    double unit = pixels.contains(key + "Unit") ? millimetres_per(pixels[key + "Unit"]) : 1e-3;
    spacing[axis] = number_of(pixels[key]) * unit;
  }
  if (spacing[1] > 0 && spacing[2] > 0) {
    if (spacing[0] == 0 && texts.images <= 1) spacing[0] = spacing[1];  // one plane has no distance to a next
    take_spacing(texts, spacing, "OME-XML");
  }
}

// {"shape": [...]}: the array that was written; trailing axes of 1 behind the two of a page are dropped.
void read_shaped(const std::string& description, const TiffDirectory& first, TiffTexts& texts) {
  auto json = nlohmann::json::parse(description, nullptr, false);
  if (!json.is_object() || !json.contains("shape") || !json["shape"].is_array()) return;
  std::vector<int64_t> shape;
  for (const auto& n : json["shape"]) {
    if (!n.is_number_integer() || n.get<int64_t>() < 1 || n.get<int64_t>() > (int64_t{1} << 40) || shape.size() == 16) return;
    shape.push_back(n.get<int64_t>());
  }
  auto ends_in_page = [&] { return shape.size() >= 2 && shape[shape.size() - 2] == int64_t(first.height) && shape.back() == int64_t(first.width); };
  while (shape.size() > 2 && shape.back() == 1 && !ends_in_page()) shape.pop_back();
  if (!ends_in_page()) return;                   // the file was changed since
  int64_t images = 1, axes = 0;
  for (size_t i = 0; i + 2 < shape.size(); ++i) {
    if (images > (int64_t{1} << 40) / shape[i]) return;
    images *= shape[i], axes += shape[i] > 1;
  }
  if (axes > 1) fail_input(text("the file holds an array of ", shape.size(), " axes, ", description.substr(0, 100),
      "; a stack of z planes alone is read"), "save each channel and time as a TIFF of its own");
  texts.kind = "tifffile";
  texts.images = images;
  texts.one_directory = json.contains("truncated") && json["truncated"].is_boolean() && json["truncated"].get<bool>();
}

}  // namespace

double millimetres_per(const std::string& unit) {
  if (unit == "um" || unit == "\xC2\xB5m" || unit == "\xCE\xBCm" || unit == "\xB5m" || unit == "\\u00B5m" || unit == "micron" || unit == "microns"
      || unit == "micrometer") return 1e-3;
  if (unit == "nm" || unit == "nanometer") return 1e-6;
  if (unit == "mm" || unit == "millimeter") return 1;
  if (unit == "cm") return 10;
  if (unit == "m") return 1000;
  if (unit == "inch" || unit == "in") return 25.4;
  return 0;
}

TiffTexts read_tiff_texts(const std::string& description, const TiffDirectory& first) {
  TiffTexts texts;
  if (description.starts_with("ImageJ=")) read_imagej(description, first, texts);
  else if (description.starts_with("{")) read_shaped(description, first, texts);
  else if (description.starts_with("<") && description.find("OME") != std::string::npos) read_ome(description, texts);
  return texts;
}

void read_spacing_sidecar(Env& env, const std::string& path, TiffTexts& texts) {
  size_t dot = path.rfind('.');
  std::string stem = path.substr(0, dot);
  std::vector<std::string> names = {stem + ".json"};
  if (stem.size() > 5 && stem[stem.size() - 5] == '_' && stem.find_first_not_of("0123456789", stem.size() - 4) == std::string::npos)
    names.push_back(stem.substr(0, stem.size() - 5) + ".json");
  for (const auto& name : names) {
    if (env.kind(name) != FileKind::file) continue;
    std::string shown = file_name(name);
    if (env.file_size(name) > (int64_t{64} << 20)) continue;
    auto json = nlohmann::json::parse(read_text(env, name), nullptr, false);
    if (json.is_discarded()) {
      texts.warnings.push_back(text("'", shown, "' beside it is no JSON; it is ignored"));
      continue;
    }
    if (!json.is_object() || !json.contains("spacing")) continue;
    const auto& list = json["spacing"];
    double unit = json.contains("unit") ? json["unit"].is_string() ? millimetres_per(json["unit"].get<std::string>()) : 0 : 1;
    bool good = list.is_array() && list.size() == 3 && list[0].is_number() && list[1].is_number() && list[2].is_number() && unit > 0;
    if (!good) {
      texts.warnings.push_back(text("the spacing in '", shown, "' is ignored; three numbers z, y, x and no unit or a known one are expected"));
      continue;
    }
    return take_spacing(texts, {list[0].get<double>() * unit, list[1].get<double>() * unit, list[2].get<double>() * unit}, shown);
  }
}

void write_spacing_sidecar(Env& env, const std::string& tiff_path, const std::array<double, 3>& spacing_mm) {
  nlohmann::json json{{"spacing", {spacing_mm[0], spacing_mm[1], spacing_mm[2]}}};
  publish_text(env, tiff_path.substr(0, tiff_path.rfind('.')) + ".json", json.dump() + "\n");
}

}  // namespace tomograd
