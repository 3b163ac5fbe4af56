// tomograd montage: the same slice of every modality, the truth, and results beside each other, in one picture.
#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "cli/box_option.h"
#include "cli/label_map.h"
#include "cli/slice_choice.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "pictures/montage.h"
#include "pictures/overlay.h"
#include "pictures/png.h"
#include "volume/box_source.h"

namespace tomograd {
namespace {

struct MontageArguments {
  std::vector<std::string> inputs, results;
  std::string case_id, label, out, box;
  int columns = 0;
  bool whole = false;
  SliceOptions slice;
};

constexpr int64_t whole_voxels = int64_t{1} << 29;  // 2 GB as floats
constexpr size_t most_in_a_row = 6;              // of results with image and truth, unless --columns says more
constexpr size_t most_dice = 20;                 // label values; more of them are numbered things, which match by no number

struct Source {  // what a montage shows, wherever it was listed
  std::string title, case_id;
  std::vector<std::pair<std::string, std::string>> images;  // name, path; "" = missing
  std::vector<int64_t> frames;
  std::string label;
  std::vector<std::pair<int64_t, std::string>> names;
};

Source from_dataset(Env& env, const MontageArguments& options) {
  Dataset dataset = read_dataset(env, options.inputs[0]);
  if (dataset.cases.empty()) fail_input(text("\"", options.inputs[0], "\" has no cases"));
  if (options.case_id.empty() && dataset.cases.size() > 1) {
    std::string ids;
    for (size_t i = 0; i < std::min<size_t>(5, dataset.cases.size()); ++i) ids += (i ? ", " : "") + dataset.cases[i].id;
    fail_usage(text("which of the ", dataset.cases.size(), " cases?"), "add --case ID; the first are " + ids);
  }
  const Case& item = options.case_id.empty() ? dataset.cases[0] : dataset.find(options.case_id);
  Source source;
  source.title = "Case " + item.id, source.case_id = item.id;
  for (const auto& modality : dataset.modalities) {
    auto image = item.images.find(modality);
    auto frame = item.frames.find(modality);
    source.images.push_back({modality, image == item.images.end() ? "" : image->second});
    source.frames.push_back(frame == item.frames.end() ? 0 : frame->second);
  }
  source.label = options.label.empty() ? item.label : options.label;
  for (const auto& [name, values] : dataset.labels)
    for (int64_t value : values) source.names.push_back({value, name});
  return source;
}

Source from_files(const MontageArguments& options) {
  if (!options.case_id.empty()) fail_usage("--case belongs to a dataset.json, not to image files");
  Source source;
  auto names = short_names(options.inputs);
  for (size_t i = 0; i < names.size(); ++i) source.images.push_back({names[i], options.inputs[i]});
  source.frames.assign(names.size(), 0);
  source.label = options.label;
  return source;
}

struct Maps {                                    // the truth, if there is one, and then the results
  std::vector<std::string> paths;
  std::vector<LabelVolume> labels;
  std::vector<MontageLabels> tiles;
  bool has_truth = false;
};

std::string number_text(double value) {
  char number[16];
  std::snprintf(number, sizeof number, "%.3f", value);
  return number;
}

Maps read_maps(Env& env, const MontageArguments& options, const Source& source, const ShownPart& part) {
  Maps maps;
  maps.has_truth = !source.label.empty();
  if (maps.has_truth) maps.paths.push_back(source.label), maps.tiles.push_back({"truth", "", {}});
  auto names = short_names(options.results);
  for (size_t i = 0; i < names.size(); ++i) maps.paths.push_back(label_map_file(env, options.results[i], source.case_id)), maps.tiles.push_back({names[i], "", {}});
  for (const auto& path : maps.paths) {
    maps.labels.push_back(read_label_map(env, path, part));
    if (options.whole)
      for (auto& value : maps.labels.back().voxels) value = value > 0;
  }
  return maps;
}

// By label value, of every result against the truth; its mean becomes the note of the result's tile.
Value dice_of_results(Maps& maps) {
  Value::List results;
  for (size_t i = maps.has_truth ? 1 : 0; i < maps.labels.size(); ++i) {
    Value result = Value::table(), dice = Value::table();
    result["result"] = maps.paths[i];
    auto values = maps.has_truth ? values_in(maps.labels[0], maps.labels[i]) : std::vector<uint16_t>();
    double sum = 0;
    for (uint16_t value : values)
      if (values.size() <= most_dice) {
        double d = label_dice(maps.labels[0], maps.labels[i], value);
        dice[std::to_string(value)] = d, sum += d;
      }
    if (!dice.as_table().empty()) maps.tiles[i].note = "Dice " + number_text(sum / double(values.size()));
    result["dice"] = dice;
    results.push_back(result);
  }
  return Value(std::move(results));
}

void make_montage(const Output& output, const MontageArguments& options) {
  Env& env = system_env();
  if (!options.out.ends_with(".png")) fail_usage(text("--out is \"", options.out, "\"; a montage is written as .png"));
  bool dataset = options.inputs.size() == 1 && options.inputs[0].ends_with(".json");
  Source source = dataset ? from_dataset(env, options) : from_files(options);
  auto given = label_names(options.slice);
  source.names.insert(source.names.end(), given.begin(), given.end());

  std::vector<MontageTile> tiles;
  Maps maps;
  Geometry grid;
  int axis = axis_number(options.slice);
  int64_t slice = -1;
  bool known = true;
  for (size_t i = 0; i < source.images.size(); ++i) {
    const auto& [name, path] = source.images[i];
    if (path.empty()) {
      tiles.push_back({name, {}});
      continue;
    }
    auto boxes = open_boxes(env, path);
    ShownPart part{boxes->geometry(), boxes->orientation_known(), {}};
    part.box = options.box.empty() ? Box{{0, 0, 0}, part.whole.size} : parse_box(options.box, part.whole.size);
    if (options.box.empty() && part.whole.size.voxels() > whole_voxels)
      fail_usage(text(name, " has ", to_string(part.whole.size), " voxels, too many to show as a whole"), "choose a part: --box z0:z1,y0:y1,x0:x1");
    Volume volume = boxes->volume(source.frames[i], part.box);
    known = known && part.orientation_known;
    std::string reason;
    if (slice < 0) {
      grid = volume.geometry;
      maps = read_maps(env, options, source, part);
      slice = choose_slice(options.slice, grid, maps.labels.empty() ? nullptr : &maps.labels[0]);
    } else if (!same_grid(volume.geometry, grid, 0.01, &reason)) {
      warn(text(name, " is resampled onto the grid of the first image: ", reason));
      volume = resample_linear(volume, grid);
    }
    tiles.push_back({name, cut_slice(volume, axis, slice)});
  }
  if (slice < 0) fail_input(text(source.title, " has no image"));

  Value results = dice_of_results(maps);
  for (size_t i = 0; i < maps.labels.size(); ++i) maps.tiles[i].slice = cut_slice(maps.labels[i], axis, slice);
  MontageOptions look;
  look.columns = options.columns, look.tile_pixels = options.slice.pixels, look.title = source.title, look.marks = known;
  if (size_t all = tiles.size() + maps.tiles.size(); look.columns == 0 && !options.results.empty() && all <= most_in_a_row) look.columns = int(all);
  look.caption = slice_caption(axis, slice, grid, known) + ". Grey values from the 1st to the 99.5th percentile of each slice.";
  if (maps.has_truth && !options.results.empty()) look.caption += options.box.empty() ? " Dice over the whole volume, mean of the label values." : " Dice over the box, mean of the label values.";
  Image image = draw_montage(tiles, maps.tiles, source.names, look);
  write_png(env, options.out, image);
  std::string more = maps.has_truth ? " and the truth" : "";
  if (!options.results.empty()) more = text(maps.has_truth ? ", the truth and " : " and ", options.results.size(), " results");
  output.line(text(options.out, ": ", source.images.size(), " images", more, ", slice ", slice, " along ", options.slice.axis));
  Value result = Value::table();
  result["out"] = options.out;
  result["slice"] = slice;
  result["axis"] = options.slice.axis;
  result["images"] = int64_t(source.images.size());
  if (!options.results.empty()) result["results"] = results;
  result["width"] = image.width;
  result["height"] = image.height;
  output.result("montage", std::move(result));
}

}  // namespace

void add_montage(Program& program) {
  CLI::App* verb = program.app.add_subcommand("montage", "one picture of the same slice of every modality, the truth, and results beside each other");
  auto options = std::make_shared<MontageArguments>();
  verb->add_option("INPUT", options->inputs, "dataset.json, or image files of one scan (NIfTI, TIFF, Zarr)")->required();
  verb->add_option("--case", options->case_id, "which case of the dataset");
  verb->add_option("--label", options->label, "the truth: a label map (NIfTI, TIFF, Zarr); of a dataset, the case's own unless given");
  verb->add_option("--compare", options->results, "results beside each other over the first image: label maps, or folders that predict wrote");
  verb->add_flag("--whole", options->whole, "every label value above 0 is one class, as [classes] whole trains");
  verb->add_option("--box", options->box, "z0:z1,y0:y1,x0:x1: this part of every image, read without the rest; slices count from its first");
  verb->add_option("--columns", options->columns, "tiles per row; 0 = as square as it gets")->check(CLI::Range(0, 100))->capture_default_str();
  add_slice_options(*verb, options->slice, "mid");
  verb->add_option("--out", options->out, "picture to write, .png")->required();
  verb->callback([&program, options] { program.action = [&program, options] { make_montage(program.output, *options); }; });
}

}  // namespace tomograd
