#include "cli/evaluate_cells.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "evaluation/cell_matching.h"

namespace tomograd {
namespace {

std::vector<Point> points_of(const std::vector<Detection>& cells, const std::array<double, 3>& spacing) {
  std::vector<Point> points;
  for (const auto& cell : cells) points.push_back({cell.centre[0] * spacing[0], cell.centre[1] * spacing[1], cell.centre[2] * spacing[2]});
  return points;
}

std::array<double, 3> spacing_of(const CellEvaluation& options, const CellList& truth, const CellList& found, std::string* source) {
  if (!options.spacing.empty()) {
    *source = "--spacing";
    return {options.spacing[0], options.spacing[1], options.spacing[2]};
  }
  if (truth.spacing && found.spacing)
    for (size_t axis = 0; axis < 3; ++axis)
      if (std::abs((*truth.spacing)[axis] / (*found.spacing)[axis] - 1) > 0.01) {
        warn(text("the truth has a spacing of ", (*truth.spacing)[axis], " um along ", "zyx"[axis], ", the prediction of ", (*found.spacing)[axis],
            " um; the truth's is used"));
        break;
      }
  *source = truth.spacing ? "truth" : found.spacing ? "prediction" : "none";
  if (truth.spacing) return *truth.spacing;
  if (found.spacing) return *found.spacing;
  warn("neither truth nor prediction says how far voxels are apart; 1 um is assumed (--spacing Z,Y,X)");
  return {1, 1, 1};
}

// The truth inside the predicted volume; a prediction of a part needs its place.
std::vector<Detection> truth_inside(const CellEvaluation& options, const CellList& truth, const CellList& found) {
  if (!found.size) return truth.cells;
  Box box{options.reading.origin, *found.size};
  if (truth.size && options.offset.empty() && *truth.size != *found.size)
    fail_input(text("the prediction has ", to_string(*found.size), " voxels, the truth ", to_string(*truth.size)),
        "--offset Z,Y,X says where in the whole a predicted part lies");
  if (truth.size && intersection(box, Box{{0, 0, 0}, *truth.size}) != box)
    fail_input(text("a part of ", to_string(*found.size), " voxels at ", to_string(box.begin), " is not inside the truth of ", to_string(*truth.size),
        " voxels"));
  std::vector<Detection> inside;
  for (const auto& cell : truth.cells)
    if (box.contains({std::lround(cell.centre[0]), std::lround(cell.centre[1]), std::lround(cell.centre[2])})) inside.push_back(cell);
  return inside;
}

void check(const CellEvaluation& options) {
  for (double r : options.radii)
    if (!(r > 0 && r <= 1e6)) fail_usage(text("--radius ", r, "; um above 0 are expected"));
  if (!options.spacing.empty() && (options.spacing.size() != 3 || !std::all_of(options.spacing.begin(), options.spacing.end(),
      [](double v) { return v > 0 && v <= 1e6; })))
    fail_usage("--spacing needs three numbers Z,Y,X in um, above 0");
  if (!options.offset.empty() && (options.offset.size() != 3 || !std::all_of(options.offset.begin(), options.offset.end(),
      [](int64_t v) { return v >= 0; })))
    fail_usage("--offset needs three numbers Z,Y,X, at least 0");
  if (!(options.reading.min_volume_um3 >= 0) || !(options.reading.split_um >= 0)) fail_usage("--min-volume and --split are at least 0");
}

}  // namespace

void add_cell_options(CLI::App& verb, CellEvaluation& options, CLI::Option* cells) {
  const char* group = "Cells (--cells)";
  verb.add_option("--radius", options.radii, "a found cell this near, in um, may be a true one [1 2 4 6 8]")->delimiter(',')->group(group);
  verb.add_option("--threshold", options.reading.threshold, "cell where the prediction is above; 0.5 suits probabilities and masks, an image takes its own")->capture_default_str()->group(group);
  verb.add_option("--cell-value", options.reading.value, "label volumes: only this value is cell [all above the threshold]")->group(group);
  verb.add_flag("--instances", options.reading.instances, "the prediction's values are numbers of cells")->group(group);
  verb.add_option("--min-volume", options.reading.min_volume_um3, "um^3; smaller components are no cells")->capture_default_str()->group(group);
  verb.add_option("--split", options.reading.split_um, "um: how deep a waist parts two touching cells; 0 = never")->capture_default_str()->group(group);
  verb.add_option("--spacing", options.spacing, "um between voxels, Z,Y,X [truth's, else prediction's, else 1]")->delimiter(',')->group(group);
  verb.add_option("--offset", options.offset, "first voxel of a predicted part in the whole, Z,Y,X")->delimiter(',')->group(group);
  verb.add_option("--save", options.save, "write the cells found as a list (.json)")->group(group);
  for (CLI::Option* option : verb.get_options([&](const CLI::Option* o) { return o->get_group() == group; })) option->needs(cells);
}

void evaluate_cells(const Output& output, CellEvaluation options) {
  Env& env = system_env();
  check(options);
  CellReading& reading = options.reading;
  if (!options.offset.empty()) reading.origin = {options.offset[0], options.offset[1], options.offset[2]};
  CellList truth = read_true_cells(env, options.truth);
  if (!options.spacing.empty()) reading.spacing = {options.spacing[0], options.spacing[1], options.spacing[2]};
  else if (truth.spacing) reading.spacing = *truth.spacing;
  CellList found = read_predicted_cells(env, options.prediction, reading);
  std::string source;
  auto spacing = spacing_of(options, truth, found, &source);
  auto inside = truth_inside(options, truth, found);
  auto predicted = points_of(found.cells, spacing), actual = points_of(inside, spacing);
  if (!options.save.empty()) {
    CellList saved = found;
    saved.spacing = spacing, saved.size = truth.size ? truth.size : found.size;
    write_cell_list(env, options.save, saved);
  }

  std::sort(options.radii.begin(), options.radii.end());
  output.line(text(options.prediction, " (", found.kind, "): ", predicted.size(), " cells; ", options.truth, " (", truth.kind, "): ", actual.size(),
      " cells",
                   inside.size() < truth.cells.size() ? text(" of ", truth.cells.size(), " in the predicted part") : ""));
  output.line("radius um   matched  precision    recall        F1   mean distance um");
  Value::List radii;
  double best = 0;
  for (double radius : options.radii) {
    CellScore s = score_cells(predicted, actual, radius);
    best = std::max(best, s.f1());
    char row[128], distance[32] = "-";
    if (s.matched) std::snprintf(distance, sizeof distance, "%.3f", s.mean_distance_um);
    std::snprintf(row, sizeof row, "%9.4g %9lld %10.4f %9.4f %9.4f %18s", radius, static_cast<long long>(s.matched), s.precision(), s.recall(),
        s.f1(), distance);
    output.line(row);
    Value v = Value::table();
    v["radius_um"] = radius, v["matched"] = s.matched, v["precision"] = s.precision(), v["recall"] = s.recall(), v["f1"] = s.f1(),
        v["mean_distance_um"] = s.mean_distance_um;
    radii.push_back(std::move(v));
  }
  Value result = Value::table();
  result["prediction_kind"] = found.kind, result["truth_kind"] = truth.kind;
  result["predicted_cells"] = int64_t(predicted.size()), result["true_cells"] = int64_t(actual.size());
  result["spacing_um_zyx"] = Value(Value::List{spacing[0], spacing[1], spacing[2]}), result["spacing_source"] = source;
  result["best_f1"] = best;
  result["radii"] = Value(std::move(radii));
  output.result("cell_evaluation", std::move(result));
}

}  // namespace tomograd
