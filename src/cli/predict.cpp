// `predict MODEL IN... --out DIR`: parses the options and hands them to the engine. What is not given stays as the model's own
// [predict] table says.
#include "base/error.h"
#include "base/memory.h"
#include "cli/openvino_loader.h"
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
  BackendChoice backend;
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

BackendChoice backend_of(const PredictOptions& options, bool store) {
  BackendChoice choice = options.backend;
  bool foreign = is_foreign_network(options.model);
  if (foreign && choice.name != "openvino") fail_usage(text("'", options.model, "' is a network of another program"), "add --backend openvino");
  if (foreign && !options.more_models.empty()) fail_usage("--with is for models of tomograd; their probabilities are not averaged with those of another program's network");
  if (foreign && store && !choice.channels.empty()) fail_usage("--channels names modalities of a dataset; a block store holds the network's channels in its order", "leave it out");
  if (!foreign && (!choice.channels.empty() || choice.normalize != "none" || choice.activation != "auto" || choice.axes != "zyx"))
    fail_usage("--channels, --normalize, --activation and --axes are for networks of other programs; a model of tomograd says them itself", "leave them out");
  if (choice.name == "openvino") choice.library = &openvino();
  return choice;
}

void predict(const PredictOptions& options, const Output& output) {
  bool store = predicts_store(options.store, options.inputs);
  BackendChoice backend = backend_of(options, store);
  if (store) {
    if (options.overlap >= 0 || !options.blend.empty() || options.mirror || !options.more_models.empty() || !options.roi.empty())
      fail_usage("--overlap, --blend, --tta, --with and --roi are for image files; tiles of a store meet without overlap and read a --halo", "leave them out");
    return predict_store(options.store, options.model, options.inputs[0], options.out, options.tile.empty() ? Value() : tile_of(options.tile), backend, options.compute, output);
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
  Value result = engine().predict(models, options.inputs, options.roi, options.out, settings, backend, options.compute, output.talk(stop_on_signals()));
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

bool is_foreign_network(const std::string& model) { return model.ends_with(".onnx") || model.ends_with(".xml"); }

void add_predict(Program& program) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb = program.app.add_subcommand("predict", "Label whole volumes with a trained network, in bounded memory");
  verb->add_option("MODEL", options->model, "run folder or .safetensors file; with --backend openvino also a network of another program, .onnx or .xml")->required();
  verb->add_option("IN", options->inputs, "a dataset.json, or one image file per channel in the model's order")->required();
  verb->add_option("--roi", options->roi, "region of interest of image files, for models that normalise or crop by it; nothing is labelled outside");
  verb->add_option("--out", options->out, "folder for one label file per case, on the case's own grid, and manifest.json")->required();
  verb->add_option("--with", options->more_models, "further models whose probabilities are averaged with MODEL's")->allow_extra_args(false);
  verb->add_option("--tile", options->tile, "tile size, N or Z,Y,X; fitted to legal sizes, the volume and --max-memory");
  verb->add_option("--overlap", options->overlap, "share of a tile that its neighbour covers too, 0 to 0.9")->check(CLI::Range(0.0, 0.9));
  verb->add_option("--blend", options->blend, "auto (crop where the network's convolutions are valid, which is exact, else gaussian), gaussian, constant or crop")->check(CLI::IsMember({"auto", "gaussian", "constant", "crop"}));
  verb->add_flag("--tta", options->mirror, "average over all eight mirror images");
  verb->add_flag("--no-tta", options->no_mirror, "no mirror images, whatever the model says");
  verb->add_option("--backend", options->backend.name, "what computes the tiles: our kernels (native), libtorch's plain operations (torch) or OpenVINO")->check(CLI::IsMember({"native", "torch", "openvino"}))->capture_default_str();
  const char* foreign = "Networks of other programs (MODEL is .onnx or .xml: [1][channel][z][y][x] to [1][class][z][y][x], cases in RAS+; what a network of valid convolutions returns lies in the middle)";
  verb->add_option("--channels", options->backend.channels, "modalities of the dataset in the network's order; default all, in the dataset's")->delimiter(',')->allow_extra_args(false)->group(foreign);
  verb->add_option("--normalize", options->backend.normalize, "of each channel and case, as the network was trained: none, or zscore of what is not background")->check(CLI::IsMember({"none", "zscore"}))->capture_default_str()->group(foreign);
  verb->add_option("--activation", options->backend.activation, "softmax: it returns logits; none: it returns shares of 1; auto: as its last operator says")->check(CLI::IsMember({"auto", "softmax", "none"}))->capture_default_str()->group(foreign);
  verb->add_option("--axes", options->backend.axes, "order of its spatial axes: zyx, or xyz as in arrays of nibabel")->check(CLI::IsMember({"zyx", "xyz"}))->capture_default_str()->group(foreign);
  add_compute_options(*verb, options->compute);
  add_store_options(*verb, options->store);
  verb->callback([&program, options] { program.action = [&program, options] { predict(*options, program.output); }; });
}

}  // namespace tomograd
