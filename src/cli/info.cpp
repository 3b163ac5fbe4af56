// tomograd info: the facts of a dataset or of a volume. Everything that came out of a file is shown escaped.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "cli/box_option.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "dataset/file_pattern.h"
#include "dataset/printable.h"
#include "dataset/stored_case.h"
#include "spec/extent_value.h"
#include "spec/text_formats.h"
#include "volume/box_source.h"
#include "volume/nifti.h"
#include "volume/tiff.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

std::string spacing_text(const std::array<double, 3>& spacing) {
  char shown[96];
  std::snprintf(shown, sizeof shown, "%.4gx%.4gx%.4g", spacing[0], spacing[1], spacing[2]);
  return shown;
}

Value list_of(const std::array<double, 3>& numbers) { return Value(Value::List{numbers[0], numbers[1], numbers[2]}); }

Value affine_of(const Affine& affine) {
  Value::List rows;
  for (const auto& row : affine) rows.push_back(Value(Value::List{row[0], row[1], row[2], row[3]}));
  return Value(std::move(rows));
}

std::string padded(std::string cell, size_t width) {
  size_t shown = 0;  // characters, not bytes
  for (unsigned char c : cell) shown += (c & 0xC0) != 0x80;
  return shown < width ? cell + std::string(width - shown, ' ') : cell;
}

void show_table(const Output& output, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += i + 1 < row.size() ? padded(row[i], widths[i] + 2) : row[i];
    output.line("  " + line);
  }
}

Value case_json(const Dataset& dataset, const Case& item) {
  Value object = Value::table();
  object["id"] = item.id, object["patient"] = item.patient, object["scan"] = item.scan;
  object["shape_zyx"] = extent_value(item.geometry.size);
  object["spacing_zyx_mm"] = list_of(item.geometry.spacing());
  object["orientation"] = item.geometry.orientation();
  std::vector<std::string> missing;
  for (const auto& modality : dataset.modalities)
    if (!item.images.contains(modality)) missing.push_back(modality);
  object["missing"] = Value::list_of(missing);
  object["label"] = !item.label.empty(), object["roi"] = !item.roi.empty();
  object["block_store"] = is_stored(item);
  object["digest"] = item.digest;
  object["warnings"] = Value::list_of(item.warnings);
  return object;
}

void show_dataset(const Output& output, const std::string& path) {
  Dataset dataset = read_dataset(system_env(), path);
  std::string modalities, labels;
  for (const auto& modality : dataset.modalities) modalities += (modalities.empty() ? "" : " ") + printable(modality);
  for (const auto& [name, values] : dataset.labels) {
    std::string list;
    for (int64_t value : values) list += (list.empty() ? "" : "+") + std::to_string(value);
    if (values.size() > 16) list = text(values.size(), " values, ", *std::min_element(values.begin(), values.end()), " to ", *std::max_element(values.begin(), values.end()));
    labels += (labels.empty() ? "" : ", ") + printable(name) + " (" + list + ")";
  }
  auto rois = std::count_if(dataset.cases.begin(), dataset.cases.end(), [](const Case& item) { return !item.roi.empty(); });
  output.line(text(printable(path), ": ", dataset.cases.size(), " cases of ", dataset.patients().size(), " patients"));
  output.line("  modalities: " + modalities);
  output.line("  labels: " + (labels.empty() ? "none" : labels));
  output.line(text("  ROI: ", rois == 0 ? "none" : rois == int64_t(dataset.cases.size()) ? "all cases" : text(rois, " cases")));
  std::vector<std::vector<std::string>> rows = {{"case", "patient", "scan", "size Z,Y,X", "spacing mm", "axes", "label", "ROI", "missing", "files"}};
  Value::List cases;
  for (const auto& item : dataset.cases) {
    std::string missing;
    for (const auto& modality : dataset.modalities)
      if (!item.images.contains(modality)) missing += (missing.empty() ? "" : " ") + printable(modality);
    rows.push_back({item.id, printable(item.patient), item.scan.empty() ? "-" : printable(item.scan), to_string(item.geometry.size),
                    spacing_text(item.geometry.spacing()), item.geometry.orientation(), item.label.empty() ? "no" : "yes",
                    item.roi.empty() ? "no" : "yes", missing.empty() ? "-" : missing, is_stored(item) ? "block store" : "NIfTI"});
    cases.push_back(case_json(dataset, item));
  }
  show_table(output, rows);
  for (const auto& item : dataset.cases)
    for (const auto& warning : item.warnings) output.line("  warning: " + item.id + ": " + printable(warning));

  Value result = Value::table();
  result["kind"] = "dataset", result["path"] = path;
  result["patients"] = int64_t(dataset.patients().size());
  result["modalities"] = Value::list_of(dataset.modalities);
  Value& table = result["labels"];
  table = Value::table();
  for (const auto& [name, values] : dataset.labels) {
    Value::List list;
    for (int64_t value : values) list.emplace_back(value);
    table[name] = std::move(list);
  }
  result["roi_cases"] = int64_t(rois);
  result["cases"] = std::move(cases);
  output.result("info", std::move(result));
}

void show_volume(const Output& output, const std::string& path) {
  NiftiHeader header = read_nifti_header(system_env(), path);
  const Geometry& geometry = header.geometry;
  int64_t bytes = geometry.size.voxels() * header.frames * voxel_bytes(header.type);
  output.line(text(printable(path), ": NIfTI-", header.version, header.pair ? " pair" : "", header.compressed ? ", gzip" : "",
                   header.swapped ? ", foreign byte order" : ""));
  output.line(text("  size      ", to_string(geometry.size), " (Z,Y,X)", header.frames > 1 ? text(", ", header.frames, " frames") : ""));
  output.line(text("  spacing   ", spacing_text(geometry.spacing()), " mm (Z,Y,X)"));
  output.line(text("  axes      ", geometry.orientation(), header.orientation_known ? "" : " assumed; the file does not say", " (sform ",
                   header.sform_code, ", qform ", header.qform_code, ")"));
  for (const auto& row : geometry.affine) {
    char line[128];
    std::snprintf(line, sizeof line, "  %s %11.5f %11.5f %11.5f %11.4f", &row == &geometry.affine[0] ? "affine   " : "         ", row[0],
                  row[1], row[2], row[3]);
    output.line(line);
  }
  output.line(text("  voxels    ", voxel_type_name(header.type), ", ", bytes_text(bytes), ", value = raw * ", header.slope, " + ",
                   header.intercept));
  if (!header.description.empty()) output.line("  text      " + printable(header.description));
  if (!header.extensions.empty()) output.line(text("  extensions ", header.extensions.size(), " (not interpreted)"));
  for (const auto& warning : header.warnings) output.line("  warning: " + printable(warning));

  Value result = Value::table();
  result["kind"] = "volume", result["path"] = path, result["nifti"] = int64_t{header.version};
  result["compressed"] = header.compressed, result["pair"] = header.pair, result["foreign_byte_order"] = header.swapped;
  result["shape_zyx"] = extent_value(geometry.size), result["frames"] = header.frames;
  result["spacing_zyx_mm"] = list_of(geometry.spacing()), result["orientation"] = geometry.orientation(),
  result["orientation_known"] = header.orientation_known;
  result["affine"] = affine_of(geometry.affine);
  result["sform_code"] = int64_t{header.sform_code}, result["qform_code"] = int64_t{header.qform_code};
  result["voxel_type"] = voxel_type_name(header.type), result["slope"] = header.slope, result["intercept"] = header.intercept;
  result["uncompressed_bytes"] = bytes;
  result["description"] = printable(header.description);
  result["extensions"] = int64_t(header.extensions.size());
  std::vector<std::string> warnings;
  for (const auto& warning : header.warnings) warnings.push_back(printable(warning));
  result["warnings"] = Value::list_of(warnings);
  output.result("info", std::move(result));
}

// TIFF stacks and Zarr; with a box also what its voxels are.
void show_boxes(const Output& output, const std::string& path, const std::string& box_given) {
  auto source = open_boxes(system_env(), path);
  Geometry geometry = source->geometry();
  Value result = Value::table();
  result["kind"] = "volume", result["path"] = path, result["file_format"] = source->format();
  result["shape_zyx"] = extent_value(geometry.size), result["channels"] = source->channels(), result["voxel_type"] = voxel_type_name(source->type());
  result["spacing_zyx_mm"] = list_of(geometry.spacing()), result["orientation_known"] = source->orientation_known();
  int64_t bytes = geometry.size.voxels() * source->channels() * voxel_bytes(source->type());
  result["uncompressed_bytes"] = bytes;
  output.line(text(printable(path), ": ", source->format()));
  output.line(text("  size      ", to_string(geometry.size), " (Z,Y,X)", source->channels() > 1 ? text(", ", source->channels(), " channels") : ""));
  output.line(text("  spacing   ", spacing_text(geometry.spacing()), " mm (Z,Y,X)"));
  output.line(text("  axes      ", source->orientation_known() ? geometry.orientation() : "unknown"));
  output.line(text("  voxels    ", voxel_type_name(source->type()), ", ", bytes_text(bytes)));
  if (is_zarr(system_env(), path)) {
    bool array = zarr_node(system_env(), path) == ZarrNode::array;
    Value::List levels;
    ZarrImage image;
    if (!array) image = read_zarr_image(system_env(), path);
    for (size_t i = 0; i < std::max<size_t>(1, image.levels.size()); ++i) {
      std::string name = array ? "" : image.levels[i].path;
      ZarrArray level(system_env(), array ? path : join_path(path, name));
      result["zarr_version"] = int64_t{level.info().version};
      Value entry = Value::table();
      entry["path"] = name, entry["shape_zyx"] = extent_value(level.size()), entry["block_zyx"] = extent_value(level.block()), entry["shard_zyx"] = extent_value(level.shard());
      output.line(text("  ", array ? "array" : printable(name), "  ", to_string(level.size()), " in blocks of ", to_string(level.block()), level.info().sharded ? text(", shards of ", to_string(level.shard())) : ", a file each"));
      levels.push_back(entry);
    }
    result["levels"] = std::move(levels);
    std::vector<std::string> labels = array ? std::vector<std::string>{} : zarr_label_names(system_env(), path);
    result["labels"] = Value::list_of(labels);
    for (const auto& label : labels) output.line("  labels    " + printable(label));
  }
  if (!box_given.empty()) {
    Box box = parse_box(box_given, geometry.size);
    Value::List channels;
    for (int64_t c = 0; c < source->channels(); ++c) {
      Volume volume = source->volume(c, box);
      double sum = 0;
      float low = volume.voxels[0], high = low;
      for (float v : volume.voxels) low = std::min(low, v), high = std::max(high, v), sum += v;
      Value entry = Value::table();
      entry["minimum"] = double(low), entry["maximum"] = double(high), entry["mean"] = sum / double(volume.voxels.size());
      output.line(text("  ", box_text(box), source->channels() > 1 ? text(" channel ", c) : "", ": ", low, " to ", high, ", mean ", sum / double(volume.voxels.size())));
      channels.push_back(entry);
    }
    result["box"] = box_text(box), result["box_channels"] = std::move(channels);
    if (source->bytes_read() >= 0) result["bytes_read"] = source->bytes_read();
  }
  output.result("info", std::move(result));
}

void run(const Output& output, const std::string& path, const std::string& box) {
  FileKind kind = system_env().kind(path);
  auto ends_with = [&](const std::string& end) { return path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0; };
  if (!(kind == FileKind::file && ends_with(".json")) && is_zarr(system_env(), path)) return show_boxes(output, path, box);
  if (kind == FileKind::missing) fail_input("there is no '" + printable(path) + "'");
  if (kind == FileKind::directory) {
    if (system_env().kind(join_path(path, "model.safetensors")) != FileKind::missing ||
        system_env().kind(join_path(path, "spec.toml")) != FileKind::missing)
      fail_input("'" + printable(path) + "' is a run folder", "tomograd model describe " + printable(path) + " shows its network");
    fail_input("'" + printable(path) + "' is a folder", "tomograd import makes a dataset of a folder of scans");
  }
  if (ends_with(".safetensors")) fail_input("'" + printable(path) + "' is a model", "tomograd model describe " + printable(path) + " shows its network");
  if (ends_with(".json")) return show_dataset(output, path);
  if (is_tiff_name(path) || (!box.empty() && holds_boxes(system_env(), path))) return show_boxes(output, path, box);
  if (!box.empty()) fail_usage("--box is for volumes");
  if (is_volume_name(path) || ends_with(".img") || ends_with(".img.gz")) return show_volume(output, path);
  fail_input("'" + printable(path) + "' is no file we know the facts of", "expected a dataset .json, a NIfTI volume (.nii, .nii.gz, .hdr), a TIFF stack or a Zarr folder");
}

}  // namespace

void add_info(Program& program) {
  auto path = std::make_shared<std::string>(), box = std::make_shared<std::string>();
  CLI::App* verb = program.app.add_subcommand("info", "facts of a dataset or a volume");
  verb->add_option("path", *path, "dataset.json, a NIfTI file, a TIFF stack or a Zarr folder; also behind http://, https:// and s3://")->required();
  verb->add_option("--box", *box, "z0:z1,y0:y1,x0:x1: also the range and mean of these voxels, read without the rest");
  verb->callback([&program, path, box] { program.action = [&program, path, box] { run(program.output, *path, *box); }; });
}

}  // namespace tomograd
