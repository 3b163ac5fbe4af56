// model export: a trained model in another program's format, without loading libtorch.
#include <limits>

#include "arch/onnx_export.h"
#include "base/error.h"
#include "cli/model_verbs.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct ExportOptions {
  std::string model, format = "onnx", out, size;
  int64_t batch = 0;
  bool softmax = false, all_heads = false;
};

Value sizes(Extent e) { return Value(Value::List{e.z, e.y, e.x}); }

// What the reader of the file must know about the images around the network: the tables of the run spec that say it.
Value tables_for_use(const RunSpec& spec) {
  Value whole = spec_to_value(spec), kept = Value::table();
  for (const char* key : {"format", "model", "classes", "preprocess", "predict", "postprocess"}) kept[key] = whole.at(key);
  return kept;
}

bool is_kind(const std::string& name) {
  Value table = Value::table();
  table["kind"] = name;
  try {
    spec_from<ModelSpec>(table);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string model_file(Env& env, const std::string& given) {
  const char* hint = "MODEL is a finished run's folder or a .safetensors file";
  FileKind kind = env.kind(given);
  if (given.ends_with(".toml") || (kind == FileKind::missing && is_kind(given)))
    fail_usage(text("'", given, "' is an architecture without trained weights, and only a trained model can be exported"), text("train it first; ", hint));
  std::string path = kind == FileKind::directory ? join_path(given, "model.safetensors") : given;
  if (env.kind(path) != FileKind::file) fail_input(text("there is no model at '", path, "'"), text(hint, "; an unfinished run goes on with train --resume"));
  return path;
}

std::string margin_json(const Graph& graph, Extent size) {
  Margin margin = output_margin(graph, size);
  Value object = Value::table();
  object["before"] = sizes(margin.before);
  object["after"] = sizes(margin.after);
  return to_json(object, false);
}

void run(const ExportOptions& options, const Output& output) {
  Env& env = system_env();
  std::string path = model_file(env, options.model);
  WeightsFile weights(env, path);
  OnnxOptions onnx;
  Graph graph;
  RunSpec spec;
  with_context("model '" + options.model + "'", [&] {
    auto metadata = [&](const std::string& key) {
      auto found = weights.metadata().find(key);
      if (found == weights.metadata().end()) fail_input(text("its metadata lack '", key, "'"), "only models written by tomograd can be used");
      return found->second;
    };
    if (metadata("format") != "tomograd.model/1") fail_input("it is of format '" + metadata("format") + "', this program reads tomograd.model/1");
    spec = spec_from<RunSpec>(parse_toml(metadata("spec"), "spec of the model"));
    graph = build_graph(spec.model);
    weights.check(graph);
    onnx.metadata = {{"format", "tomograd.onnx/1"}, {"spec", to_toml(tables_for_use(spec))}, {"channels", metadata("channels")}, {"classes", metadata("classes")}};
  });
  if (!options.size.empty()) onnx.size = parse_extent(options.size, "--size", 0);
  onnx.batch = options.batch;
  onnx.softmax = options.softmax;
  onnx.all_heads = options.all_heads;
  onnx.producer_version = TOMOGRAD_VERSION;

  LegalSizes legal = legal_sizes(graph);
  Extent shown = nearest_legal(graph, spec.model.patch, cube(std::numeric_limits<int32_t>::max()));
  Value legal_object = Value::table();
  legal_object["smallest"] = sizes(legal.smallest);
  legal_object["step"] = sizes(legal.step);
  onnx.metadata["layout"] = "[batch][channel][z][y][x]";
  onnx.metadata["output"] = options.softmax ? "probabilities" : "logits";
  onnx.metadata["outside_roi"] = "background";  // where a case has a region of interest
  onnx.metadata["legal_sizes"] = to_json(legal_object, false);
  onnx.metadata["margin"] = margin_json(graph, shown);
  onnx.metadata["output_stride"] = to_json(sizes(output_stride(graph)), false);

  with_context("writing " + options.out, [&] {
    Publication file(env, options.out);
    export_onnx(graph, [&](const std::string& name) { return weights.read(name); }, onnx, file.file());
    file.commit();
  });
  Value object = Value::table();
  object["out"] = options.out;
  object["file_format"] = "onnx";
  object["opset"] = 17;
  object["size_bytes"] = env.file_size(options.out);
  object["parameters"] = parameter_count(graph);
  object["in_channels"] = graph.in_channels();
  object["out_channels"] = graph.out_channels();
  object["size"] = sizes(onnx.size);
  object["batch"] = onnx.batch;
  Value::List outputs{"output"};
  for (size_t h = 1; h < graph.outputs.size() && options.all_heads; ++h) outputs.push_back(graph.nodes[size_t(graph.outputs[h].node)].name);
  object["outputs"] = Value(std::move(outputs));
  output.result("export", object);
  output.line(text("wrote ", options.out, ": ", graph.title, ", ", graph.in_channels(), " channels in, ", graph.out_channels(), " classes out, ", env.file_size(options.out), " bytes"));
}

}  // namespace

void add_model_export(CLI::App& model, Program& program) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* verb = model.add_subcommand("export", "A trained model as an ONNX file for other programs");
  verb->add_option("model", options->model, "folder of a finished run, or a .safetensors file")->required();
  verb->add_option("--format", options->format, "format to write")->check(CLI::IsMember({"onnx"}))->capture_default_str();
  verb->add_option("--out", options->out, "file to write")->required();
  verb->add_option("--size", options->size, "fixed input size Z,Y,X, 0 on axes that stay free; without it all stay free");
  verb->add_option("--batch", options->batch, "fixed number of images per call; 0 = any")->check(CLI::NonNegativeNumber);
  verb->add_flag("--softmax", options->softmax, "end in class probabilities instead of logits");
  verb->add_flag("--all-heads", options->all_heads, "outputs of deep supervision too");
  verb->callback([options, &program] { program.action = [options, &program] { run(*options, program.output); }; });
}

}  // namespace tomograd
