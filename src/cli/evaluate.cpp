// tomograd evaluate PRED TRUTH: Dice, HD95, ASSD and volume error per case and class.
// Predictions hold label values like the truth; a class is a set of values that counts as one mask. `predict` leaves beside its
// label maps what their values stand for (manifest.json): a class that merges labels holds one value there, several in the truth.
// --cells: evaluate_cells.cpp.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "cli/evaluate_cells.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "evaluation/overlap.h"
#include "evaluation/surface.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

struct EvaluateOptions {
  std::string prediction, truth;
  std::vector<std::string> labels, classes;
  bool numbered = false, by_cells = false;
  CellEvaluation cells;
};

struct Pair { std::string id, prediction, truth; };
struct LabelClass { std::string name; std::vector<int64_t> truth, prediction; };  // values; empty = every value above 0
struct Score { Overlap overlap; SurfaceDistances distance; };
struct CaseScores { std::string id; std::map<std::string, Score> classes; };

constexpr const char* hd95_definition = "max of the two directed 95th percentiles, linear interpolation";

std::string stem(const std::string& name) { return name.substr(0, name.size() - (name.ends_with(".gz") ? 7 : 4)); }

// Files of a folder by name without .nii or .nii.gz.
std::map<std::string, std::string> images_of(Env& env, const std::string& folder) {
  std::map<std::string, std::string> images;
  for (const auto& name : env.list(folder)) {
    if (!is_nifti_volume(name)) continue;
    auto [at, is_new] = images.emplace(stem(name), join_path(folder, name));
    if (!is_new) fail_input(text("'", folder, "' holds both ", stem(name), ".nii and ", stem(name), ".nii.gz"), "keep one of them");
  }
  if (images.empty()) fail_input(text("'", folder, "' holds no .nii or .nii.gz file"));
  return images;
}

std::vector<Pair> match(const std::map<std::string, std::string>& predictions, const std::map<std::string, std::string>& truths, const std::string& what,
                        std::vector<std::string>* missing) {
  std::vector<Pair> pairs;
  for (const auto& [id, path] : predictions) {
    auto found = truths.find(id);
    if (found == truths.end()) fail_input(text("prediction '", path, "' matches no ", what), text("predictions are matched by name: ", id, ".nii.gz belongs to '", id, "'"));
    pairs.push_back({id, path, found->second});
  }
  for (const auto& [id, path] : truths)
    if (!predictions.contains(id)) missing->push_back(id);
  return pairs;
}

std::vector<Pair> find_pairs(Env& env, const EvaluateOptions& options, const Dataset* dataset, std::vector<std::string>* missing) {
  FileKind kind = env.kind(options.prediction);
  if (kind == FileKind::missing) fail_input(text("prediction '", options.prediction, "' does not exist"));
  if (dataset) {
    if (kind != FileKind::directory) fail_input(text("prediction '", options.prediction, "' must be a folder with one NIfTI file per case id when the truth is a dataset"));
    std::map<std::string, std::string> truths;
    for (const auto& item : dataset->cases)
      if (!item.label.empty()) truths[item.id] = item.label;
    return match(images_of(env, options.prediction), truths, "case with a label file of the dataset", missing);
  }
  FileKind truth = env.kind(options.truth);
  if (truth == FileKind::missing) fail_input(text("truth '", options.truth, "' does not exist"));
  if (kind != truth) fail_input(text("'", options.prediction, "' and '", options.truth, "' must both be files or both folders"));
  if (kind == FileKind::directory) return match(images_of(env, options.prediction), images_of(env, options.truth), text("file of '", options.truth, "'"), missing);
  std::string name = file_name(options.prediction);
  return {{is_nifti_volume(name) ? stem(name) : name, options.prediction, options.truth}};
}

LabelClass parse_class(const std::string& given) {
  size_t equals = given.find('=');
  LabelClass result{given.substr(0, equals), {}, {}};
  std::string list = equals == std::string::npos ? given : given.substr(equals + 1), item;
  std::istringstream in(list);
  while (std::getline(in, item, ',')) {
    size_t used = 0;
    int64_t value = -1;
    try { value = std::stoll(item, &used); } catch (const std::exception&) {}
    if (used != item.size() || value < 0 || value > 65535) fail_usage(text("--labels '", given, "': '", item, "' is no label value from 0 to 65535"), "write NAME=VALUE,VALUE as in core=1,3");
    result.truth.push_back(value);
  }
  if (result.name.empty() || result.truth.empty()) fail_usage(text("--labels '", given, "' needs a name and at least one value"), "write NAME=VALUE,VALUE as in core=1,3");
  result.prediction = result.truth;
  return result;
}

// The classes that predictions were made of, by the manifest in their folder; empty when there is none that says so.
std::vector<LabelClass> classes_of_predictions(Env& env, const std::string& prediction) {
  std::string path = join_path(env.kind(prediction) == FileKind::directory ? prediction : parent_path(prediction), "manifest.json");
  if (env.kind(path) != FileKind::file) return {};
  return with_context(text("'", path, "'"), [&] {
    std::vector<LabelClass> classes;
    Value manifest = parse_json(read_text(env, path), path);
    const Value *format = manifest.find("format"), *kind = manifest.find("kind");
    if (!format || !(*format == Value("tomograd.manifest/1")) || !kind || !(*kind == Value("prediction"))) return classes;
    auto value = [](const Value& given) {
      if (given.as_integer() < 1 || given.as_integer() > 65535) fail_input(text("a class has the label value ", given.as_integer(), ", expected 1 to 65535"));
      return given.as_integer();
    };
    for (const Value& entry : manifest.at("classes").as_list()) {
      LabelClass cls{entry.at("name").as_text(), {}, {value(entry.at("prediction"))}};
      for (const Value& v : entry.at("values").as_list()) cls.truth.push_back(value(v));
      if (const Value* from = entry.find("values_from"))
        for (int64_t v = value(*from); v <= 65535; ++v) cls.truth.push_back(v);
      if (cls.truth.empty()) fail_input(text("class '", cls.name, "' stands for no label value"));
      classes.push_back(std::move(cls));
    }
    std::string names;
    for (const auto& cls : classes) names += (names.empty() ? "" : ", ") + cls.name;
    info(text("classes of the predictions, by '", path, "': ", names, " (--labels or --classes choose others)"));
    return classes;
  });
}

// Classes to score. Empty when neither the predictions, the dataset nor --labels name any: then every value is a class of its own.
std::vector<LabelClass> find_classes(Env& env, const EvaluateOptions& options, const Dataset* dataset) {
  std::vector<LabelClass> classes;
  if (options.labels.empty() && options.classes.empty() && !options.numbered) classes = classes_of_predictions(env, options.prediction);
  if (!classes.empty()) return classes;
  if (dataset && options.labels.empty())
    for (const auto& [name, values] : dataset->labels) classes.push_back({name, values, values});
  for (const auto& given : options.labels) classes.push_back(parse_class(given));
  if (options.numbered) {
    if (classes.empty()) fail_usage("--numbered needs labels: a dataset.json as truth, or --labels");
    for (size_t i = 0; i < classes.size(); ++i) classes[i].prediction = {int64_t(i) + 1};
  }
  return classes;
}

std::vector<LabelClass> chosen(std::vector<LabelClass> classes, const std::vector<std::string>& names) {
  if (names.empty()) return classes;
  std::vector<LabelClass> result;
  for (const auto& name : names) {
    if (name == "whole") {
      result.push_back({name, {}, {}});
      continue;
    }
    auto found = std::find_if(classes.begin(), classes.end(), [&](const LabelClass& c) { return c.name == name; });
    if (found == classes.end()) {
      std::string known;
      for (const auto& c : classes) known += c.name + ", ";
      fail_usage(text("--classes '", name, "' is not one of the classes"), text("there are ", known, "whole"));
    }
    result.push_back(*found);
  }
  return result;
}

std::vector<LabelClass> values_as_classes(const LabelVolume& a, const LabelVolume& b, const std::vector<std::string>& names) {
  std::set<int64_t> values;
  for (uint16_t v : a.voxels) values.insert(v);
  for (uint16_t v : b.voxels) values.insert(v);
  for (const auto& name : names)  // a class that this case lacks still gets its row
    if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos && name.size() < 6) values.insert(std::stoll(name));
  std::vector<LabelClass> classes;
  for (int64_t v : values)
    if (v != 0) classes.push_back({std::to_string(v), {v}, {v}});
  return classes;
}

Buffer<uint8_t> mask_of(const LabelVolume& labels, const std::vector<int64_t>& values) {
  std::vector<uint8_t> inside(65536, values.empty());
  if (values.empty()) inside[0] = 0;
  for (int64_t v : values) inside[size_t(v)] = 1;
  Buffer<uint8_t> mask(labels.voxels.size());
  for (int64_t i = 0; i < mask.size(); ++i) mask[i] = inside[labels.voxels[i]];
  return mask;
}

void check_grids(const Geometry& prediction, const Geometry& truth) {
  std::string reason;
  auto spacing = truth.spacing();  // a hundredth of a voxel is far beyond the rounding of float32 headers
  double tolerance = 0.01 * std::min({spacing[0], spacing[1], spacing[2]});
  if (!same_grid(prediction, truth, tolerance, &reason)) fail_input(text("prediction and truth are on different grids: ", reason), "resample the prediction to the truth's grid first");
}

std::string cell(double v, int decimals) {
  char out[32];
  if (std::isnan(v)) return "-";
  if (std::isinf(v)) return "inf";
  std::snprintf(out, sizeof out, "%.*f", decimals, v);
  return out;
}

std::string row(const std::string& a, const std::string& b, const std::string& dice, const std::string& hd95, const std::string& assd, const std::string& volume) {
  char out[512];
  std::snprintf(out, sizeof out, "%-24s %-16s %8s %10s %10s %10s", a.c_str(), b.c_str(), dice.c_str(), hd95.c_str(), assd.c_str(), volume.c_str());
  return out;
}

Value table_of(const Score& score) {
  Value v = Value::table();
  v["dice"] = score.overlap.dice();
  v["hd95_mm"] = score.distance.hd95;
  v["assd_mm"] = score.distance.assd;
  v["volume_error"] = score.overlap.volume_error();
  v["truth_voxels"] = score.overlap.truth;
  v["prediction_voxels"] = score.overlap.prediction;
  return v;
}

// A mean over the values that are finite; `cases` says how many those were.
struct Mean {
  double sum = 0;
  int64_t cases = 0;
  void add(double v) { if (std::isfinite(v)) sum += v, ++cases; }
  double value() const { return cases ? sum / double(cases) : std::numeric_limits<double>::quiet_NaN(); }
};

void report(const Output& output, const std::vector<CaseScores>& scores, const std::vector<std::string>& order, const std::vector<std::string>& missing) {
  output.line(row("case", "class", "Dice", "HD95 mm", "ASSD mm", "volume"));
  Value::List cases;
  for (const auto& item : scores) {
    Value classes = Value::table();
    for (const auto& name : order) {
      auto found = item.classes.find(name);
      if (found == item.classes.end()) continue;
      const Score& s = found->second;
      classes[name] = table_of(s);
      output.line(row(item.id, name, cell(s.overlap.dice(), 4), cell(s.distance.hd95, 2), cell(s.distance.assd, 2), cell(s.overlap.volume_error(), 3)));
    }
    Value entry = Value::table();
    entry["id"] = item.id;
    entry["classes"] = std::move(classes);
    cases.push_back(std::move(entry));
  }
  Value means = Value::table();
  for (const auto& name : order) {
    Mean dice, hd95, assd, volume;
    for (const auto& item : scores)
      if (auto found = item.classes.find(name); found != item.classes.end()) {
        dice.add(found->second.overlap.dice());
        hd95.add(found->second.distance.hd95);
        assd.add(found->second.distance.assd);
        volume.add(found->second.overlap.volume_error());
      }
    Value mean = Value::table();
    mean["dice"] = dice.value();
    mean["hd95_mm"] = hd95.value();
    mean["assd_mm"] = assd.value();
    mean["volume_error"] = volume.value();
    mean["cases"] = dice.cases;
    mean["cases_with_distance"] = hd95.cases;
    mean["cases_with_volume_error"] = volume.cases;
    means[name] = std::move(mean);
    output.line(row(text("mean of ", dice.cases), name, cell(dice.value(), 4), cell(hd95.value(), 2), cell(assd.value(), 2), cell(volume.value(), 3)));
    if (hd95.cases < dice.cases) output.line(text("  distances of ", name, " are means of the ", hd95.cases, " cases where neither mask is empty"));
  }
  Value result = Value::table();
  result["cases"] = std::move(cases);
  result["mean"] = std::move(means);
  result["missing_cases"] = Value::list_of(missing);
  result["hd95_definition"] = hd95_definition;
  output.result("evaluation", std::move(result));
}

void evaluate(const Output& output, const EvaluateOptions& options) {
  Env& env = system_env();
  Dataset dataset;
  bool with_dataset = options.truth.ends_with(".json");
  if (with_dataset) dataset = read_dataset(env, options.truth);
  std::vector<std::string> missing;
  std::vector<Pair> pairs = find_pairs(env, options, with_dataset ? &dataset : nullptr, &missing);
  std::vector<LabelClass> named = find_classes(env, options, with_dataset ? &dataset : nullptr);
  if (!named.empty()) named = chosen(named, options.classes);

  std::vector<CaseScores> scores;
  std::vector<std::string> order;
  for (const auto& pair : pairs)
    with_context(text("case '", pair.id, "'"), [&] {
      LabelVolume prediction = read_nifti_labels(env, pair.prediction), truth = read_nifti_labels(env, pair.truth);
      check_grids(prediction.geometry, truth.geometry);
      std::vector<LabelClass> classes = named.empty() ? chosen(values_as_classes(prediction, truth, options.classes), options.classes) : named;
      CaseScores item{pair.id, {}};
      for (const auto& cls : classes) {
        Buffer<uint8_t> p = mask_of(prediction, cls.prediction), t = mask_of(truth, cls.truth);
        item.classes[cls.name] = {overlaps(p.data(), t.data(), t.size(), 2)[1], surface_distances(p.data(), t.data(), truth.geometry.size, truth.geometry.spacing())};
        if (std::find(order.begin(), order.end(), cls.name) == order.end()) order.push_back(cls.name);
      }
      scores.push_back(std::move(item));
    });
  if (!missing.empty()) {
    std::string names;
    for (size_t i = 0; i < missing.size() && i < 10; ++i) names += (i ? ", " : "") + missing[i];
    warn(text(missing.size(), " of ", missing.size() + pairs.size(), " cases have no prediction and are not in the means: ", names, missing.size() > 10 ? ", ..." : ""));
  }
  report(output, scores, order, missing);
}

}  // namespace

void add_evaluate(Program& program) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App* verb = program.app.add_subcommand("evaluate", "Dice, HD95, ASSD and volume error of predictions; or precision and recall of cells");
  verb->add_option("PRED", options->prediction, "prediction: a NIfTI label file, or a folder of them; with --cells a TIFF or NIfTI volume or a list of cells")->required();
  verb->add_option("TRUTH", options->truth, "truth: a file, a folder with files of the same names, or a dataset.json; with --cells a list, instances or centroid voxels")->required();
  verb->add_option("--labels", options->labels, "what the values mean, NAME=VALUE,VALUE ...; default: the classes that predict wrote beside its files, else the labels of the dataset, else every value by itself");
  verb->add_option("--classes", options->classes, "score only these, by name; 'whole' is every value above 0");
  verb->add_flag("--numbered", options->numbered, "predictions hold class numbers 1, 2, ... in the order of the labels, not label values");
  CLI::Option* cells = verb->add_flag("--cells", options->by_cells, "cells instead of voxels: best one-to-one matching within each radius");
  for (const char* other : {"--labels", "--classes", "--numbered"}) cells->excludes(other);
  add_cell_options(*verb, options->cells, cells);
  verb->footer(std::string("HD95 is the ") + hd95_definition + ", in mm.\n"
               "ASSD is the mean of both masks' surface distances together. Both masks empty: Dice 1, distances undefined; one empty: Dice 0, distances infinite.");
  verb->callback([&program, options] { program.action = [&program, options] {
      if (!options->by_cells) return evaluate(program.output, *options);
      options->cells.prediction = options->prediction, options->cells.truth = options->truth;
      evaluate_cells(program.output, options->cells);
    };
  });
}

}  // namespace tomograd
