// tomograd overlay: labels over an image, prediction against truth, several results beside each other.
#include <cstdio>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "cli/slice_choice.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "pictures/montage.h"
#include "pictures/overlay.h"
#include "pictures/png.h"

namespace tomograd {
namespace {

struct OverlayArguments {
  std::string image, label, out, case_id, modality;
  std::vector<std::string> predictions;
  bool compare = false, whole = false;
  double opacity = 0.30;
  SliceOptions slice;
};

// IMAGE may be a dataset.json: then --case names the scan, and its first (or --modality's) image and its label are taken.
OverlayArguments with_files_of_case(Env& env, OverlayArguments options) {
  if (!options.image.ends_with(".json")) {
    if (!options.case_id.empty() || !options.modality.empty()) fail_usage("--case and --modality belong to a dataset.json, not to an image file");
    return options;
  }
  Dataset dataset = read_dataset(env, options.image);
  if (options.case_id.empty()) fail_usage("a dataset.json needs --case ID");
  const Case& item = dataset.find(options.case_id);
  auto image = options.modality.empty() ? item.images.begin() : item.images.find(options.modality);
  if (image == item.images.end()) fail_input(text("case '", item.id, "' has no image '", options.modality, "'"));
  options.image = image->second;
  if (options.label.empty()) options.label = item.label;
  return options;
}

LabelVolume read_on_grid(Env& env, const std::string& path, const Geometry& grid, bool whole) {
  LabelVolume labels = read_nifti_labels(env, path);
  if (whole)
    for (auto& value : labels.voxels) value = value > 0;
  std::string reason;
  if (same_grid(labels.geometry, grid, 0.01, &reason)) return labels;
  warn(text("\"", path, "\" is resampled onto the image's grid: ", reason));
  return resample_nearest(labels, grid);
}

void make_overlay(const Output& output, const OverlayArguments& given) {
  Env& env = system_env();
  const OverlayArguments options = with_files_of_case(env, given);
  if (options.label.empty()) fail_usage("--label is missing", "name the truth's label file");
  if (!options.out.ends_with(".png")) fail_usage(text("--out is \"", options.out, "\"; an overlay is written as .png"));
  if (options.predictions.size() > 1 && !options.compare) fail_usage("several --prediction need --compare, which puts them beside each other");
  if (options.compare && options.predictions.empty()) fail_usage("--compare needs at least one --prediction");
  NiftiHeader header;
  Volume volume = read_nifti(env, options.image, 0, &header);
  const Geometry& grid = volume.geometry;
  LabelVolume truth = read_on_grid(env, options.label, grid, options.whole);
  auto names = label_names(options.slice);
  int axis = axis_number(options.slice);
  int64_t index = choose_slice(options.slice, grid, &truth);

  ImageSlice slice = cut_slice(volume, axis, index);
  double scale = pixels_per_mm_for(slice.view, options.slice.pixels);
  Image plain = render(slice, percentile_window(slice.pixels), scale);
  LabelSlice truth_slice = cut_slice(truth, axis, index), big_truth = enlarge(truth_slice, scale);
  OverlayStyle style{options.opacity, 1};

  Sheet sheet;
  sheet.marks = header.orientation_known;
  auto painted = [&](const LabelSlice& labels, bool classes_of_agreement) {
    Image picture = plain;
    if (classes_of_agreement) paint_labels(picture, labels, style, agreement_color);
    else paint_labels(picture, labels, style);
    return picture;
  };
  sheet.panels.push_back({options.predictions.empty() ? short_names({options.label})[0] : "truth", "", painted(big_truth, false), slice.view});

  Value::List results;
  std::vector<LabelSlice> predicted;
  std::vector<Panel> below;
  std::set<std::string> shown;
  auto prediction_names = short_names(options.predictions);
  for (size_t i = 0; i < options.predictions.size(); ++i) {
    LabelVolume prediction = read_on_grid(env, options.predictions[i], grid, options.whole);
    predicted.push_back(cut_slice(prediction, axis, index));
    std::string note = "Dice";
    Value result = Value::table(), dice = Value::table();
    for (uint16_t value : values_in(truth, prediction)) {
      double d = label_dice(truth, prediction, value);
      char number[16];
      std::snprintf(number, sizeof number, " %.3f", d);
      note += number;
      dice[std::to_string(value)] = d;
    }
    result["prediction"] = options.predictions[i];
    result["dice"] = dice;
    results.push_back(result);
    LabelSlice classes = agreement(truth_slice, predicted.back());
    if (options.compare) sheet.panels.push_back({prediction_names[i], note, painted(enlarge(predicted.back(), scale), false), slice.view});
    below.push_back({options.compare ? prediction_names[i] + " against truth" : prediction_names[i], options.compare ? "" : note, painted(enlarge(classes, scale), true), slice.view});
    for (const auto& entry : agreement_legend())
      for (uint16_t value : classes.pixels)
        if (value && agreement_color(value) == entry.color) shown.insert(entry.name);
  }
  if (options.compare) {  // second row: the bare image under the truth, each result's agreement under it
    sheet.columns = int(1 + options.predictions.size());
    sheet.panels.push_back({"image", "", plain, slice.view});
  }
  for (auto& panel : below) sheet.panels.push_back(std::move(panel));

  std::vector<const LabelSlice*> all{&truth_slice};
  if (options.compare)
    for (const auto& p : predicted) all.push_back(&p);
  sheet.legend = label_legend(all, names);
  for (const auto& entry : agreement_legend())
    if (shown.contains(entry.name)) sheet.legend.push_back(entry);
  sheet.caption = slice_caption(axis, index, grid, header.orientation_known) + ".";
  if (!options.predictions.empty()) sheet.caption += " Dice over the whole volume, per label value in ascending order.";
  Image image = draw_sheet(sheet);
  write_png(env, options.out, image);
  output.line(text(options.out, ": slice ", index, " along ", options.slice.axis));
  Value result = Value::table();
  result["out"] = options.out;
  result["slice"] = index;
  result["axis"] = options.slice.axis;
  result["width"] = image.width;
  result["height"] = image.height;
  result["predictions"] = Value(std::move(results));
  output.result("overlay", std::move(result));
}

}  // namespace

void add_overlay(Program& program) {
  CLI::App* verb = program.app.add_subcommand("overlay", "labels over an image; a prediction against the truth; several results side by side");
  auto options = std::make_shared<OverlayArguments>();
  verb->add_option("IMAGE", options->image, "image file, or dataset.json with --case")->required();
  verb->add_option("--case", options->case_id, "which case of the dataset");
  verb->add_option("--modality", options->modality, "which image of the case; default the first");
  verb->add_option("--label", options->label, "label file (the truth); of a dataset, the case's own unless given");
  verb->add_flag("--whole", options->whole, "every label value above 0 is one class, as [classes] whole trains");
  verb->add_option("--prediction", options->predictions, "predicted labels; may be given several times with --compare");
  verb->add_flag("--compare", options->compare, "results beside each other: labels above, agreement with the truth below");
  verb->add_option("--opacity", options->opacity, "of the colours inside outlines")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  add_slice_options(*verb, options->slice, "largest");
  verb->add_option("--out", options->out, "picture to write, .png")->required();
  verb->callback([&program, options] { program.action = [&program, options] { make_overlay(program.output, *options); }; });
}

}  // namespace tomograd
