// `predict MODEL IN... --out DIR`: parses the options and hands them to the engine. What is not given stays as the model's own
// [predict] table says.
#include "base/error.h"
#include "base/memory.h"
#include "cli/predict_store.h"
#include "cli/verb.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct PredictOptions {
  std::string model, roi, out, tile, blend;
  std::vector<std::string> inputs, more_models;
  double overlap = -1;
  bool mirror = false, no_mirror = false;
  ComputeOptions compute;
  StorePrediction store;
};

// "96" or "64,96,96" (also with x between) as the value of [predict] tile.
Value tile_of(std::string given) {
  for (char& c : given)
    if (c == 'x') c = ',';
  Value list = with_context("--tile", [&] { return parse_toml("tile = [" + given + "]", "--tile").at("tile"); });
  return list.as_list().size() == 1 ? list.as_list().front() : list;
}

void predict(const PredictOptions& options, const Output& output) {
  if (predicts_store(options.store, options.inputs)) {
    if (options.overlap >= 0 || !options.blend.empty() || options.mirror || !options.more_models.empty() || !options.roi.empty())
      fail_usage("--overlap, --blend, --tta, --with and --roi are for image files; tiles of a store meet without overlap and read a --halo", "leave them out");
    return predict_store(options.store, options.model, options.inputs[0], options.out, options.tile.empty() ? Value() : tile_of(options.tile), options.compute, output);
  }
  Value settings = Value::table();
  if (!options.tile.empty()) settings["tile"] = tile_of(options.tile);
  if (options.overlap >= 0) settings["overlap"] = options.overlap;
  if (!options.blend.empty()) settings["blend"] = options.blend;
  if (options.mirror && options.no_mirror) fail_usage("--tta and --no-tta cannot be given together");
  if (options.mirror || options.no_mirror) settings["mirror"] = options.mirror;
  with_context("prediction settings", [&] { spec_from<PredictSpec>(settings); });  // wrong values are told before anything is loaded

  std::vector<std::string> models{options.model};
  models.insert(models.end(), options.more_models.begin(), options.more_models.end());
  Value result = engine().predict(models, options.inputs, options.roi, options.out, settings, options.compute, output.talk(stop_on_signals()));
  Value manifest = Value::table();
  manifest["format"] = "tomograd.manifest/1";
  manifest["version"] = TOMOGRAD_VERSION;
  for (const auto& [key, value] : result.at("manifest").as_table()) manifest[key] = value;
  std::erase_if(result.as_table(), [](const auto& entry) { return entry.first == "manifest"; });
  publish_text(system_env(), join_path(options.out, "manifest.json"), to_json(manifest) + "\n");
  for (const auto& item : result.at("cases").as_list()) output.line(item.at("file").as_text());
  output.line(text(result.at("cases").as_list().size(), " cases in ", duration_text(result.at("seconds").as_number()), ", peak memory ", bytes_text(result.at("peak_bytes").as_integer())));
  output.result("predict", std::move(result));
}

}  // namespace

void add_predict(Program& program) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb = program.app.add_subcommand("predict", "Label whole volumes with a trained network, in bounded memory");
  verb->add_option("MODEL", options->model, "run folder or .safetensors file")->required();
  verb->add_option("IN", options->inputs, "a dataset.json, or one image file per channel in the model's order")->required();
  verb->add_option("--roi", options->roi, "region of interest of image files, for models that normalise or crop by it; nothing is labelled outside");
  verb->add_option("--out", options->out, "folder for one label file per case, on the case's own grid, and manifest.json")->required();
  verb->add_option("--with", options->more_models, "further models whose probabilities are averaged with MODEL's")->allow_extra_args(false);
  verb->add_option("--tile", options->tile, "tile size, N or Z,Y,X; fitted to legal sizes, the volume and --max-memory");
  verb->add_option("--overlap", options->overlap, "share of a tile that its neighbour covers too, 0 to 0.9")->check(CLI::Range(0.0, 0.9));
  verb->add_option("--blend", options->blend, "auto (crop where the network's convolutions are valid, which is exact, else gaussian), gaussian, constant or crop")->check(CLI::IsMember({"auto", "gaussian", "constant", "crop"}));
  verb->add_flag("--tta", options->mirror, "average over all eight mirror images");
  verb->add_flag("--no-tta", options->no_mirror, "no mirror images, whatever the model says");
  add_compute_options(*verb, options->compute);
  add_store_options(*verb, options->store);
  verb->callback([&program, options] { program.action = [&program, options] { predict(*options, program.output); }; });
}

}  // namespace tomograd
