// tomograd montage: the same slice of every modality, and the truth, in one picture.
#include "base/error.h"
#include "base/log.h"
#include "cli/box_option.h"
#include "cli/slice_choice.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "pictures/montage.h"
#include "pictures/png.h"
#include "volume/box_source.h"

namespace tomograd {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string case_id, label, out, box;
  int columns = 0;
  SliceOptions slice;
};

constexpr int64_t whole_voxels = int64_t{1} << 29;  // 2 GB as floats

struct Source {  // what a montage shows, wherever it was listed
  std::string title;
  std::vector<std::pair<std::string, std::string>> images;  // name, path; "" = missing
  std::vector<int64_t> frames;
  std::string label;
  std::vector<std::pair<int64_t, std::string>> names;
};

Source from_dataset(Env& env, const Options& options) {
  Dataset dataset = read_dataset(env, options.inputs[0]);
  if (dataset.cases.empty()) fail_input(text("\"", options.inputs[0], "\" has no cases"));
  if (options.case_id.empty() && dataset.cases.size() > 1) {
    std::string ids;
    for (size_t i = 0; i < std::min<size_t>(5, dataset.cases.size()); ++i) ids += (i ? ", " : "") + dataset.cases[i].id;
    fail_usage(text("which of the ", dataset.cases.size(), " cases?"), "add --case ID; the first are " + ids);
  }
  const Case& item = options.case_id.empty() ? dataset.cases[0] : dataset.find(options.case_id);
  Source source;
  source.title = "Case " + item.id;
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

Source from_files(const Options& options) {
  if (!options.case_id.empty()) fail_usage("--case belongs to a dataset.json, not to image files");
  Source source;
  auto names = short_names(options.inputs);
  for (size_t i = 0; i < names.size(); ++i) source.images.push_back({names[i], options.inputs[i]});
  source.frames.assign(names.size(), 0);
  source.label = options.label;
  return source;
}

void make_montage(const Output& output, const Options& options) {
  Env& env = system_env();
  if (!options.out.ends_with(".png")) fail_usage(text("--out is \"", options.out, "\"; a montage is written as .png"));
  bool dataset = options.inputs.size() == 1 && options.inputs[0].ends_with(".json");
  Source source = dataset ? from_dataset(env, options) : from_files(options);
  auto given = label_names(options.slice);
  source.names.insert(source.names.end(), given.begin(), given.end());
  LabelVolume labels;
  if (!source.label.empty() && !options.box.empty()) fail_usage("--box and labels cannot be shown together yet", "leave --label out, or crop both with tomograd crop");
  if (!source.label.empty()) labels = read_nifti_labels(env, source.label);

  std::vector<MontageTile> tiles;
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
    Geometry whole = boxes->geometry();
    Box box = options.box.empty() ? Box{{0, 0, 0}, whole.size} : parse_box(options.box, whole.size);
    if (options.box.empty() && whole.size.voxels() > whole_voxels)
      fail_usage(text(name, " has ", to_string(whole.size), " voxels, too many to show as a whole"), "choose a part: --box z0:z1,y0:y1,x0:x1");
    Volume volume = boxes->volume(source.frames[i], box);
    known = known && boxes->orientation_known();
    std::string reason;
    if (slice < 0) {
      grid = volume.geometry;
      if (!source.label.empty() && !same_grid(labels.geometry, grid, 0.01, &reason)) {
        warn(text("the labels are resampled onto the grid of ", name, ": ", reason));
        labels = resample_nearest(labels, grid);
      }
      slice = choose_slice(options.slice, grid, source.label.empty() ? nullptr : &labels);
    } else if (!same_grid(volume.geometry, grid, 0.01, &reason)) {
      warn(text(name, " is resampled onto the grid of the first image: ", reason));
      volume = resample_linear(volume, grid);
    }
    tiles.push_back({name, cut_slice(volume, axis, slice)});
  }
  if (slice < 0) fail_input(text(source.title, " has no image"));

  MontageOptions look;
  look.columns = options.columns, look.tile_pixels = options.slice.pixels, look.title = source.title, look.marks = known;
  look.caption = slice_caption(axis, slice, grid, known) + ". Grey values from the 1st to the 99.5th percentile of each slice.";
  LabelSlice truth;
  if (!source.label.empty()) truth = cut_slice(labels, axis, slice);
  Image image = draw_montage(tiles, source.label.empty() ? nullptr : &truth, source.names, look);
  write_png(env, options.out, image);
  output.line(text(options.out, ": ", source.images.size(), " images", source.label.empty() ? "" : " and the truth", ", slice ", slice, " along ", options.slice.axis));
  Value result = Value::table();
  result["out"] = options.out;
  result["slice"] = slice;
  result["axis"] = options.slice.axis;
  result["images"] = int64_t(source.images.size());
  result["width"] = image.width;
  result["height"] = image.height;
  output.result("montage", std::move(result));
}

}  // namespace

void add_montage(Program& program) {
  CLI::App* verb = program.app.add_subcommand("montage", "one picture of the same slice of every modality, and the truth");
  auto options = std::make_shared<Options>();
  verb->add_option("INPUT", options->inputs, "dataset.json, or image files of one scan (NIfTI, TIFF, Zarr)")->required();
  verb->add_option("--case", options->case_id, "which case of the dataset");
  verb->add_option("--label", options->label, "label file; of a dataset, the case's own unless given");
  verb->add_option("--box", options->box, "z0:z1,y0:y1,x0:x1: this part of every image, read without the rest; slices count from its first");
  verb->add_option("--columns", options->columns, "tiles per row; 0 = as square as it gets")->check(CLI::Range(0, 100))->capture_default_str();
  add_slice_options(*verb, options->slice, "mid");
  verb->add_option("--out", options->out, "picture to write, .png")->required();
  verb->callback([&program, options] { program.action = [&program, options] { make_montage(program.output, *options); }; });
}

}  // namespace tomograd
