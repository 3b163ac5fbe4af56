// Datasets as a matrix of cases and modalities.
#include <algorithm>

#include "base/error.h"
#include "dataset/prepared_case.h"
#include "server/page_routes.h"
#include "spec/extent_value.h"
#include "spec/text_formats.h"
#include "volume/geometry.h"

namespace tomograd {
namespace {

constexpr const char* data_shapes = R"(
DatasetSummary { id: text, name: text, root: integer, file: text, cases: integer, patients: integer, modalities: text[], error: text | null }
DatasetList { datasets: DatasetSummary[] }
CaseFile { state: 'present' | 'missing' | 'differs' | 'outside' | 'unreadable', volume: text | null, reason: text }
ImageCell { state: 'present' | 'missing' | 'differs' | 'outside' | 'unreadable', volume: text | null, reason: text, frame: integer }
CaseRow { index: integer, id: text, patient: text, scan: text, shape_zyx: Zyx, spacing_zyx_mm: [number, number, number], orientation: text, digest: text, warnings: text[],
  images: ImageCell[], label: CaseFile, roi: CaseFile }
Dataset { format: 'tomograd.dataset_matrix/1', id: text, name: text, modalities: text[], labels: record<integer[]>, patients: text[], cases: CaseRow[] }
LabelCounts { case: integer, id: text, voxels: record<integer>, voxel_ml: number }
ClassShare { class: text, expected_share: number | null, realised_share: number | null, voxel_share: number | null }
PatchPlace { case: integer, corner_zyx: Zyx, centre_zyx: Zyx, class: integer | null }
SamplingPreview { format: 'tomograd.sampling_preview/1', epoch: integer, patches: integer, classes: ClassShare[], cases: { case: text, patches: integer }[],
  min_fraction?: { asked: number, foreground_patches: integer, below: integer, lowest: number | null, redrawn: integer },
  warnings: text[], all_cases: boolean, training_cases: integer, patch_zyx: Zyx, places: PatchPlace[] }
)";

std::string dataset_name(const std::string& path) {
  std::string name = file_name(path);
  name = name.substr(0, name.size() - 5);
  return name == "dataset" ? file_name(parent_path(path)) : name;
}

Value listed_dataset(PageParts& parts, const std::string& path) {
  Value v = Value::table();
  v["id"] = parts.data.id_of(path), v["name"] = dataset_name(path), v["root"] = int64_t(*parts.roots.root_of(path)), v["file"] = parts.roots.relative(path);
  try {
    auto dataset = parts.data.dataset(path);
    v["cases"] = int64_t(dataset->cases.size()), v["patients"] = int64_t(dataset->patients().size()), v["modalities"] = Value::list_of(dataset->modalities), v["error"] = Value();
  } catch (const Error& error) {
    v["cases"] = 0, v["patients"] = 0, v["modalities"] = Value(Value::List{}), v["error"] = parts.roots.masked(error.what());
  }
  return v;
}

// One file of a case. grid: null = not compared.
Value file_value(PageParts& parts, const std::string& path, const Geometry* grid) {
  Value v = Value::table();
  std::string state = "present", reason;
  if (path.empty()) {
    state = "missing";
  } else if (!parts.roots.holds(path)) {
    state = "outside", reason = "lies in no served folder";
  } else if (parts.roots.look(path).kind == FileKind::missing) {
    state = "unreadable", reason = "the file is not there, or a link leads out of the served folders";
  } else if (grid) {
    try {
      if (!same_grid(*grid, parts.volumes.grid(path), grid_tolerance(*grid), &reason)) state = "differs";
    } catch (const Error& error) {
      state = "unreadable", reason = parts.roots.masked(error.message());
    }
  }
  v["state"] = state, v["volume"] = state == "present" || state == "differs" ? Value(parts.data.id_of(path)) : Value(), v["reason"] = reason;
  return v;
}

Value case_value(PageParts& parts, const Dataset& dataset, size_t index, bool grids) {
  const Case& item = dataset.cases[index];
  Value v = Value::table();
  v["index"] = int64_t(index), v["id"] = item.id, v["patient"] = item.patient, v["scan"] = item.scan;
  auto spacing = item.geometry.spacing();
  v["shape_zyx"] = extent_value(item.geometry.size), v["spacing_zyx_mm"] = Value(Value::List{spacing[0], spacing[1], spacing[2]}), v["orientation"] = item.geometry.orientation();
  v["digest"] = item.digest, v["warnings"] = Value::list_of(item.warnings);
  const Geometry* grid = grids ? &item.geometry : nullptr;
  Value::List images;
  for (const auto& modality : dataset.modalities) {
    auto image = item.images.find(modality);
    auto frame = item.frames.find(modality);
    Value file = file_value(parts, image == item.images.end() ? "" : image->second, grid);
    file["frame"] = frame == item.frames.end() ? int64_t{0} : frame->second;
    images.push_back(std::move(file));
  }
  v["images"] = std::move(images), v["label"] = file_value(parts, item.label, grid), v["roi"] = file_value(parts, item.roi, grid);
  return v;
}

std::string dataset_path(PageParts& parts, const Call& call) {
  std::string path = parts.data.dataset_of(call.place("id"));
  if (path.empty()) throw NotThere{"there is no such dataset"};
  return path;
}

ServerAnswer matrix(PageParts& parts, const Call& call) {
  const std::string path = dataset_path(parts, call);
  const bool grids = call.integer("grids", 0, 0, 1) == 1;
  auto dataset = parts.data.dataset(path);
  Value v = Value::table();
  v["format"] = "tomograd.dataset_matrix/1", v["id"] = call.place("id"), v["name"] = dataset_name(path), v["modalities"] = Value::list_of(dataset->modalities);
  Value& labels = v["labels"];
  labels = Value::table();
  for (const auto& [name, values] : dataset->labels) labels[name] = Value::list_of(values);
  v["patients"] = Value::list_of(dataset->patients());
  Value::List cases;
  for (size_t i = 0; i < dataset->cases.size(); ++i) cases.push_back(case_value(parts, *dataset, i, grids));
  v["cases"] = std::move(cases);
  return json_answer(v);
}

ServerAnswer label_counts(PageParts& parts, const Call& call) {
  auto dataset = parts.data.dataset(dataset_path(parts, call));
  auto index = call.integer("case", 0, int64_t{1} << 40);
  if (!index) fail_usage("which case?", "case=0 is the first");
  if (*index >= int64_t(dataset->cases.size())) throw NotThere{text("there is no case ", *index)};
  const Case& item = dataset->cases[size_t(*index)];
  Value v = Value::table(), voxels = Value::table();
  if (!item.label.empty())
    for (const auto& [value, count] : parts.volumes.label_voxels(item.label)) voxels[std::to_string(value)] = count;
  auto spacing = item.geometry.spacing();
  v["case"] = *index, v["id"] = item.id, v["voxels"] = voxels, v["voxel_ml"] = spacing[0] * spacing[1] * spacing[2] / 1000;
  return json_answer(v);
}

ServerAnswer sampling_of(PageParts& parts, const Call& call) {
  call.check_body({"toml", "patches", "cases"});
  const std::string path = dataset_path(parts, call);
  const Value run = parse_toml(call.field("toml"), "the spec");
  return {200, to_json(parts.volumes.sampling(path, run, call.field("patches", 200, 1, 10'000), call.field("cases", 40, 1, 1000)), false)};
}

}  // namespace

void add_data_routes(RouteTable& table, PageParts& parts) {
  table.shapes.declare(data_shapes);
  table.add({"GET", "/api/datasets", "All datasets below the served folders", {}, false, [&parts](const Call&) {
               Value v = Value::table();
               Value::List list;
               for (const auto& path : parts.data.datasets()) list.push_back(listed_dataset(parts, path));
               v["datasets"] = std::move(list);
               return json_answer(v);
             }}, "DatasetList");
  table.add({"GET", "/api/datasets/{id}", "Cases x modalities", {{"grids", "integer", "1: read every header and compare the grids"}}, false, [&parts](const Call& call) { return matrix(parts, call); }}, "Dataset");
  table.add({"GET", "/api/datasets/{id}/labels", "Voxels of each label value of one case", {{"case", "integer", "index of the case"}}, false, [&parts](const Call& call) { return label_counts(parts, call); }}, "LabelCounts");
  table.add({"POST", "/api/datasets/{id}/sampling", "Where the first patches of a run would fall; reads and changes nothing", {}, false, [&parts](const Call& call) { return sampling_of(parts, call); }}, "SamplingPreview");
}

}  // namespace tomograd
