// model describe | draw: what a network is before anything is trained. model export is in model_export.cpp.
#include "arch/describe.h"
#include "arch/draw.h"
#include "base/env.h"
#include "cli/model_argument.h"
#include "cli/model_verbs.h"
#include "cli/verb.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct ModelOptions {
  std::string model, patch, out;
  std::vector<std::string> settings;
  int64_t batch = 0;
  bool nodes = false;
};

struct Chosen {
  ModelSpec spec;
  int64_t batch = 1;
  std::vector<std::string> assumed;
};

Chosen choose(const ModelOptions& options) {
  Value table = Value::table();
  bool file = model_argument_is_file(system_env(), options.model);
  if (file) table = model_argument_spec(system_env(), options.model);
  Value& model = table["model"];
  if (model.is_nothing()) model = Value::table();
  if (!file) model["kind"] = options.model;
  for (const std::string& setting : options.settings) with_context("--set " + setting, [&] { apply_setting(model, setting); });
  RunSpec run = with_context(options.model, [&] { return spec_from<RunSpec>(table); });

  Chosen chosen;
  chosen.spec = run.model;
  if (chosen.spec.kind == "graph" && chosen.spec.block.empty())
    fail_usage("a graph has no built-in blocks", "give a TOML file with [[model.block]] tables; examples/unet-graph.toml is one");
  auto assume = [&](int64_t& value, int64_t usual, const char* name) {
    if (value != 0) return;
    value = usual;
    chosen.assumed.push_back(text(name, " = ", usual));
  };
  assume(chosen.spec.in_channels, default_in_channels(chosen.spec), "in_channels");
  assume(chosen.spec.out_channels, default_out_channels(chosen.spec), "out_channels");
  const Value* sampling = table.find("sampling");
  if (!options.patch.empty()) chosen.spec.patch = parse_extent(options.patch, "--patch", 1);
  else if (chosen.spec.patch == cube(0) && sampling && sampling->find("patch")) chosen.spec.patch = run.sampling.patch;
  else if (chosen.spec.patch == cube(0)) {
    chosen.spec.patch = default_patch(chosen.spec);
    chosen.assumed.push_back(text("patch = ", to_string(chosen.spec.patch)));
  }
  chosen.batch = options.batch > 0 ? options.batch : sampling && sampling->find("batch") ? run.sampling.batch : 1;
  return chosen;
}

std::string extent_text(const Value& list) {
  return text(list.as_list()[0].as_integer(), " x ", list.as_list()[1].as_integer(), " x ", list.as_list()[2].as_integer());
}

std::string grouped(int64_t number) {  // 19,069,955
  std::string digits = std::to_string(number);
  for (int64_t at = int64_t(digits.size()) - 3; at > 0; at -= 3) digits.insert(size_t(at), ",");
  return digits;
}

std::string scaled(double number, const char* unit) {
  const char* const prefixes[] = {"", "k", "M", "G", "T", "P"};
  int step = 0;
  while (number >= 1000 && step < 5) number /= 1000, ++step;
  std::ostringstream out;
  out.precision(3);
  out << number << " " << prefixes[step] << unit;
  return out.str();
}

void print(const Output& output, const Value& object) {
  auto integers = [&](const char* key) { return object.at(key).as_integer(); };
  auto numbers = [&](const char* key) { return object.at(key).as_number(); };
  output.line(object.at("title").as_text());
  output.line(text("  channels          ", integers("in_channels"), " in, ", integers("out_channels"), " out"));
  for (const Value& stack : object.at("stacks").as_list()) output.line("  layers            " + stack.at("does").as_text());
  output.line("  parameters        " + grouped(integers("parameters")) + " (" + scaled(numbers("weight_bytes"), "B") + ")");
  output.line("  receptive field   " + extent_text(object.at("receptive_field_voxels")) + " voxels (Z, Y, X)");
  output.line("  input             " + extent_text(object.at("patch")) + ", any of " + extent_text(object.at("legal_sizes").at("smallest")) + " + n * " +
              extent_text(object.at("legal_sizes").at("step")));
  output.line("  output            " + extent_text(object.at("output_size")) + ", margin " + extent_text(object.at("margin").at("before")) + " before, " +
              extent_text(object.at("margin").at("after")) + " after; tiles start at multiples of " + extent_text(object.at("output_stride")));
  output.line("  forward pass      " + scaled(numbers("forward_flop"), "FLOP") + ", " + scaled(numbers("flop_per_voxel"), "FLOP") + " per predicted voxel");
  output.line(text("  activations       ", scaled(numbers("activation_bytes_training"), "B"), " in training, ", scaled(numbers("activation_bytes_inference"), "B"),
                   " at inference (32-bit, batch ", integers("batch"), ")"));
  const Value* nodes = object.find("nodes");
  if (nodes)
    for (const Value& node : nodes->as_list()) {
      std::string from;
      for (const Value& input : node.at("inputs").as_list()) from += (from.empty() ? " <- " : ", ") + input.as_text();
      output.line(text("  ", node.at("name").as_text(), ": ", node.at("does").as_text(), from, "  [", node.at("channels").as_integer(), " x ", extent_text(node.at("size")), "]"));
    }
}

void describe(const ModelOptions& options, const Output& output) {
  Chosen chosen = choose(options);
  Graph graph = build_graph(chosen.spec);
  Value object = describe_graph(graph, chosen.spec.patch, chosen.batch, options.nodes);
  object["assumed"] = Value::list_of(chosen.assumed);
  output.result("model", object);
  if (output.json) return;
  print(output, object);
  for (const std::string& item : chosen.assumed) output.line("  assumed           " + item);
  for (const Value& warning : object.at("warnings").as_list()) output.line("  warning           " + warning.as_text());
}

void draw(const ModelOptions& options, const Output& output) {
  Chosen chosen = choose(options);
  publish_text(system_env(), options.out, draw_graph(build_graph(chosen.spec), chosen.spec.patch));
  Value object = Value::table();
  object["out"] = options.out;
  object["patch"] = Value(Value::List{chosen.spec.patch.z, chosen.spec.patch.y, chosen.spec.patch.x});
  output.result("drawing", object);
  output.line("wrote " + options.out);
}

}  // namespace

Extent parse_extent(const std::string& given, const std::string& option, int64_t least) {
  std::string list = given;
  for (char& c : list)
    if (c == 'x') c = ',';
  return with_context(option, [&] {
    Value value = parse_toml("v = [" + list + "]", option).at("v");
    Extent extent;
    spec_detail::read(extent, value.as_list().size() == 1 ? value.as_list().front() : value, at_least(double(least), "voxels"));
    return extent;
  });
}

void add_model(Program& program) {
  CLI::App* model = program.app.add_subcommand("model", "Parameters, receptive field, cost and picture of a network");
  model->require_subcommand(1);
  auto add = [&](const char* name, const char* sentence, void (*body)(const ModelOptions&, const Output&)) {
    auto options = std::make_shared<ModelOptions>();
    CLI::App* verb = model->add_subcommand(name, sentence);
    verb->add_option("model", options->model, "unet, deepmedic, msd, skip, a TOML file with a [model] table (a run spec too), a run folder or a .safetensors file")->required();
    verb->add_option("--set", options->settings, "key=value below [model], for example family=nnunet")->take_all()->allow_extra_args(false);
    verb->add_option("--patch", options->patch, "input size Z,Y,X the network is configured for");
    verb->callback([options, body, &program] { program.action = [options, body, &program] { body(*options, program.output); }; });
    return std::pair(verb, options);
  };
  auto [describing, describe_options] = add("describe", "Numbers that follow from the architecture", describe);
  describing->add_option("--batch", describe_options->batch, "patches per step, for the activation bytes")->check(CLI::PositiveNumber);
  describing->add_flag("--nodes", describe_options->nodes, "list every node with its shape");
  auto [drawing, draw_options] = add("draw", "A block diagram as SVG, with the shapes for one input size", draw);
  drawing->add_option("--out", draw_options->out, "SVG file")->required();
  add_model_export(*model, program);
}

}  // namespace tomograd
