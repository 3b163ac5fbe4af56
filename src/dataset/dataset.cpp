#include "dataset/dataset.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "dataset/printable.h"
#include "spec/field.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr const char* this_format = "tomograd.dataset/1";

struct CaseFields {  // one entry of "cases" as it stands in the file
  std::string id, patient, scan;
  Value images, frames, label, roi;
  Extent shape;
  std::vector<double> spacing;
  std::vector<std::vector<double>> affine;
  std::string digest;
  std::vector<std::string> warnings;
  template <class V> void visit(V&& v) {
    v(id, "id", "safe file name, unique; the only name that artefacts carry");
    v(patient, "patient", "patient");
    v(scan, "scan", "scan event of the patient");
    v(images, "images", "path of each modality, null where it is missing");
    v(frames, "frames", "frame of a 4-D file that holds the modality; absent = 0");
    v(label, "label", "path of the label map, or null");
    v(roi, "roi", "path of the region of interest, or null");
    v(shape, "shape_zyx", "size of the first image", at_least(0, "voxels"));
    v(spacing, "spacing", "voxel spacing Z,Y,X", at_least(0, "mm"));
    v(affine, "affine", "voxel x,y,z to RAS+ millimetres, three or four rows of four");
    v(digest, "digest", "SHA-256 over size, first and last 64 KiB of each of its files; tells a file that was exchanged or cut, not every changed voxel");
    v(warnings, "warnings", "what the importer noticed");
  }
};

struct DatasetFields {
  std::string format = this_format;
  std::vector<std::string> modalities;
  Value labels = Value::table();
  std::vector<CaseFields> cases;
  template <class V> void visit(V&& v) {
    v(format, "format", "kind and version of this file", one_of({this_format}));
    v(modalities, "modalities", "all modalities, in order");
    v(labels, "labels", "label values of each foreground name");
    v(cases, "cases", "the scan events");
  }
};

Geometry geometry_from(const CaseFields& fields) {
  Geometry geometry;
  geometry.size = fields.shape;
  int64_t voxels = 1;
  for (int axis = 0; axis < 3; ++axis)
    if (__builtin_mul_overflow(voxels, std::max<int64_t>(1, fields.shape[axis]), &voxels))
      fail_input(text("shape_zyx is ", to_string(fields.shape), ", more voxels than 64 bits can count"));
  if (fields.affine.empty()) {
    for (int axis = 0; axis < 3 && fields.spacing.size() == 3; ++axis)
      geometry.affine[size_t(axis)][size_t(axis)] = fields.spacing[size_t(2 - axis)];
    return geometry;
  }
  if (fields.affine.size() != 3 && fields.affine.size() != 4) fail_input(text("affine has ", fields.affine.size(), " rows, expected 3 or 4"));
  for (size_t row = 0; row < 3; ++row) {
    if (fields.affine[row].size() != 4) fail_input(text("affine row ", row, " has ", fields.affine[row].size(), " numbers, expected 4"));
    for (size_t column = 0; column < 4; ++column) {
      geometry.affine[row][column] = fields.affine[row][column];
      if (!std::isfinite(geometry.affine[row][column])) fail_input(text("affine row ", row, " holds a number that is not finite"));
    }
  }
  return geometry;
}

std::string path_from(const Value& value, const std::string& folder) {
  if (value.is_nothing()) return {};
  const std::string& path = value.as_text();
  if (path.empty()) return {};
  return absolute_path(join_path(folder, path));
}

Value path_to(const std::string& path, const std::string& folder) { return path.empty() ? Value() : Value(relative_path(path, folder)); }

Case case_from(const CaseFields& fields, const std::vector<std::string>& modalities, const std::set<std::string>& known, const std::string& folder) {
  Case item;
  item.id = fields.id;
  if (!is_safe_name(item.id))
    fail_input(text("id '", printable(item.id), "' is no safe file name"),
               "letters, digits, '_', '-' and '.', not starting with '.', at most 128 of them");
  item.patient = fields.patient.empty() ? fields.id : fields.patient;
  item.scan = fields.scan;
  if (!fields.images.is_nothing()) {
    for (const auto& [modality, path] : fields.images.as_table()) {
      if (!known.contains(modality))
        fail_input(text("modality '", printable(modality), "' is not one of the dataset's modalities"),
                   "did you mean '" + printable(nearest_name(modality, modalities)) + "'?");
      std::string absolute = with_context("images." + printable(modality), [&] { return path_from(path, folder); });
      if (!absolute.empty()) item.images[modality] = absolute;
    }
  }
  if (!fields.frames.is_nothing())
    for (const auto& [modality, frame] : fields.frames.as_table())
      with_context("frames." + printable(modality), [&, &modality = modality, &frame = frame] {
        spec_detail::read(item.frames[modality], frame, at_least(0));
      });
  item.label = with_context("label", [&] { return path_from(fields.label, folder); });
  item.roi = with_context("roi", [&] { return path_from(fields.roi, folder); });
  item.geometry = geometry_from(fields);
  item.digest = fields.digest;
  item.warnings = fields.warnings;
  return item;
}

CaseFields fields_of(const Case& item, const std::vector<std::string>& modalities, const std::string& folder) {
  CaseFields fields;
  fields.id = item.id, fields.patient = item.patient, fields.scan = item.scan;
  fields.images = Value::table();
  for (const auto& modality : modalities) {
    auto found = item.images.find(modality);
    fields.images[modality] = found == item.images.end() ? Value() : path_to(found->second, folder);
  }
  fields.frames = Value::table();
  for (const auto& [modality, frame] : item.frames)
    if (frame != 0) fields.frames[modality] = frame;
  fields.label = path_to(item.label, folder), fields.roi = path_to(item.roi, folder);
  fields.shape = item.geometry.size;
  auto spacing = item.geometry.spacing();
  fields.spacing.assign(spacing.begin(), spacing.end());
  for (const auto& row : item.geometry.affine) fields.affine.emplace_back(row.begin(), row.end());
  fields.affine.push_back({0, 0, 0, 1});
  fields.digest = item.digest, fields.warnings = item.warnings;
  return fields;
}

void check_format(const Value& json) {
  const Value* format = json.find("format");
  if (!format || !format->is_text())
    fail_input(text("has no \"format\", so it is no dataset of ours; expected \"", this_format, "\""),
               "tomograd import FILE --out dataset.json reads other layouts");
  const std::string& found = format->as_text();
  if (found == this_format) return;
  if (found.rfind("tomograd.dataset/", 0) == 0)
    fail_input(text("has the format '", printable(found), "', this program reads '", this_format, "'"), "a newer tomograd wrote it");
  fail_input(text("is a '", printable(found), "', expected '", this_format, "'"));
}

}  // namespace

std::vector<std::string> Dataset::patients() const {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const auto& item : cases)
    if (seen.insert(item.patient).second) names.push_back(item.patient);
  return names;
}

const Case& Dataset::find(const std::string& id) const {
  std::vector<std::string> ids;
  for (const auto& item : cases) {
    if (item.id == id) return item;
    ids.push_back(item.id);
  }
  std::string nearest = nearest_name(id, ids);
  fail_input(text("there is no case '", printable(id), "' among the ", cases.size(), " cases of the dataset"),
             nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

Dataset read_dataset(Env& env, const std::string& path) {
  return with_context("reading dataset " + printable(path), [&] {
    Value json = parse_json(read_text(env, path), file_name(path));
    check_format(json);
    auto fields = spec_from<DatasetFields>(json);
    Dataset dataset;
    dataset.path = absolute_path(path);
    dataset.modalities = fields.modalities;
    std::set<std::string> names(fields.modalities.begin(), fields.modalities.end());
    if (names.size() != fields.modalities.size()) fail_input("modalities holds a name twice");
    with_context("labels", [&] {
      for (const auto& [name, values] : fields.labels.as_table()) {
        std::vector<int64_t> list;
        with_context(printable(name), [&] { spec_detail::read(list, values, between(1, 65535)); });
        dataset.labels.emplace_back(name, list);
      }
    });
    std::string folder = parent_path(dataset.path);
    std::set<std::string> ids;
    for (size_t i = 0; i < fields.cases.size(); ++i)
      with_context(text("cases[", i, "]"), [&] {
        dataset.cases.push_back(case_from(fields.cases[i], dataset.modalities, names, folder));
        if (!ids.insert(dataset.cases.back().id).second) fail_input(text("id '", dataset.cases.back().id, "' is there twice"));
      });
    return dataset;
  });
}

void write_dataset(Env& env, const Dataset& dataset, const std::string& path) {
  DatasetFields fields;
  fields.modalities = dataset.modalities;
  for (const auto& [name, values] : dataset.labels) {
    Value::List list;
    for (int64_t value : values) list.emplace_back(value);
    fields.labels[name] = std::move(list);
  }
  std::string folder = parent_path(absolute_path(path));
  for (const auto& item : dataset.cases) fields.cases.push_back(fields_of(item, dataset.modalities, folder));
  publish_text(env, path, to_json(spec_to_value(fields)) + "\n");
}

}  // namespace tomograd
