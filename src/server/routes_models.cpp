// Networks while somebody designs them: numbers and drawing from the architecture graph, without a weight.
#include <algorithm>
#include <set>

#include "arch/describe.h"
#include "arch/diagram.h"
#include "arch/draw.h"
#include "base/error.h"
#include "planning/trial_memory.h"
#include "server/page_routes.h"
#include "server/spec_schema.h"
#include "spec/extent_value.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t most_side = 1024, most_nodes = 20'000;

constexpr const char* model_shapes = R"(
SchemaNames { schemas: text[] }
JsonSchema = object
DiagramBox { node: text, op: text, does: text, text: [text, text, text], x: number, y: number, width: number, height: number, level: integer, aside: boolean, head: boolean,
  channels: integer, size: Zyx, parameters: integer, flop: number, receptive_field: Zyx }
DiagramArrow { from: integer, to: integer, points: [number, number][], label: text, label_x: number, label_y: number, label_centred: boolean }
Diagram { width: number, height: number, boxes: DiagramBox[], arrows: DiagramArrow[], svg?: text }
ModelNode { name: text, op: text, does: text, inputs: text[], channels: integer, size: Zyx, parameters: integer }
ModelStack { name: text, depth: integer, width: integer, dims: integer, dilations: integer[], border: 'reflect' | 'zero', does: text }
ModelMemory { precision: 'f32' | 'bf16' | 'f16', training_bytes: number, training_on_cpu_bytes: number, inference_bytes: number }
ModelFacts { format: 'tomograd.model/1', title: text, in_channels: integer, out_channels: integer, patch: Zyx, batch: integer, parameters: integer, weight_bytes: integer, stacks: ModelStack[],
  receptive_field_voxels: Zyx, flop_per_voxel: number, forward_flop: number, activation_bytes_training: number, activation_bytes_inference: number,
  legal_sizes: { smallest: Zyx, step: Zyx }, output_size: Zyx, margin: { before: Zyx, after: Zyx }, output_stride: Zyx, heads: { name: text, size: Zyx, loss_weight: number }[],
  warnings: text[], nodes?: ModelNode[], assumed: text[], memory: ModelMemory[], largest_patch: { device_bytes: integer, patch: Zyx | null }[], exact_halo: Zyx,
  toml: text, command: text, diagram?: Diagram }
)";

struct Asked {
  ModelSpec given, spec;                         // as it came; with what was assumed
  RunSpec run;
  int64_t batch = 1;
  std::vector<std::string> assumed;
};

Asked asked_model(const Call& call) {
  call.check_body({"spec", "toml", "patch", "batch", "nodes", "diagram", "svg"});
  Value table = Value::table();
  if (const std::string toml = call.field("toml"); !toml.empty()) table = parse_toml(toml, "the spec");
  else if (const Value* spec = call.body.find("spec"); spec && !spec->is_nothing()) table["model"] = *spec;
  else fail_input("there is no network", "\"spec\": the fields of [model], or \"toml\": a text with a table [model]");
  Asked asked;
  asked.run = spec_from<RunSpec>(table);
  asked.given = asked.spec = asked.run.model;
  if (asked.spec.kind == "graph" && asked.spec.block.empty()) fail_input("a graph has no built-in blocks", "give [[model.block]] tables");
  auto assume = [&](int64_t& value, int64_t usual, const char* name) {
    if (value == 0) value = usual, asked.assumed.push_back(text(name, " = ", usual));
  };
  assume(asked.spec.in_channels, 1, "in_channels"), assume(asked.spec.out_channels, 2, "out_channels");
  const Value *patch = call.body.find("patch"), *sampling = table.find("sampling");
  if (patch && !patch->is_nothing()) with_context("patch", [&] { spec_detail::read(asked.spec.patch, *patch, between(1, double(most_side), "voxels")); });
  else if (asked.spec.patch == cube(0) && sampling && sampling->find("patch")) asked.spec.patch = asked.run.sampling.patch;
  if (asked.spec.patch == cube(0)) asked.spec.patch = default_patch(asked.spec), asked.assumed.push_back(text("patch = ", to_string(asked.spec.patch)));
  asked.batch = call.field("batch", sampling && sampling->find("batch") ? std::max<int64_t>(1, asked.run.sampling.batch) : 1, 1, 4096);
  return asked;
}

TrialMemory memory_of(const Asked& asked, Extent patch, const char* precision) {
  TrialNetwork network;
  network.run = asked.run, network.run.model = asked.spec;
  network.run.model.patch = patch, network.run.sampling.patch = patch;
  network.run.sampling.batch = asked.batch, network.run.precision = precision;
  return trial_memory(network);
}

Value memory_list(const Asked& asked, const Graph& graph) {
  Value::List list;
  for (const char* precision : {"f32", "bf16", "f16"}) {
    TrialMemory memory = memory_of(asked, asked.spec.patch, precision);
    Value item = Value::table();
    const bool half = std::string(precision) != "f32";
    item["precision"] = precision, item["training_bytes"] = memory.gpu_bytes, item["training_on_cpu_bytes"] = memory.cpu_bytes;
    item["inference_bytes"] = memory.parameters * (half ? 2 : 4) + activation_bytes(graph, asked.spec.patch, asked.batch, half ? 2 : 4, false);
    list.push_back(std::move(item));
  }
  return list;
}

// The largest legal cube, or the patch's own proportions where it is flat, that trains in so many bytes.
Value largest_patches(const Asked& asked, const Graph& graph) {
  Value::List list;
  for (int64_t gib : {8, 16, 24, 80}) {
    const int64_t bytes = gib << 30;
    auto fits_in = [&](Extent patch) {
      try {
        return memory_of(asked, patch, asked.run.precision == "auto" ? "f32" : asked.run.precision.c_str()).gpu_bytes <= bytes * 92 / 100;
      } catch (const Error&) {                   // a network whose strides follow the patch may be none for it
        return false;
      }
    };
    Extent best = cube(0);
    const int64_t longest = std::max({asked.spec.patch.z, asked.spec.patch.y, asked.spec.patch.x});
    int64_t low = 8, high = 640;                 // of the longest side; memory grows with it
    while (low + 8 <= high) {
      const int64_t side = (low + high) / 2;
      Extent wanted;
      for (int axis = 0; axis < 3; ++axis) wanted[axis] = std::max<int64_t>(1, asked.spec.patch[axis] * side / longest);
      const Extent patch = nearest_legal(graph, wanted, cube(most_side));
      if (fits_in(patch)) best = patch, low = side;
      else high = side;
    }
    Value item = Value::table();
    item["device_bytes"] = bytes, item["patch"] = best == cube(0) ? Value() : extent_value(best);
    list.push_back(std::move(item));
  }
  return list;
}

std::string shape_words(const NodeShape& shape) { return text(shape.channels, " x ", to_string(shape.size)); }

Value box_value(const Graph& graph, const DiagramBox& box, const std::vector<NodeShape>& all, const std::vector<int64_t>& trained, double flop) {
  Value v = Value::table();
  const int node = box.node < 0 ? box.first : box.node;
  const BoxText words = box_text(graph, box);
  v["node"] = graph.nodes[size_t(node)].name, v["op"] = op_name(graph.nodes[size_t(node)].op), v["does"] = node_sentence(graph, graph.nodes[size_t(node)]);
  v["text"] = Value(Value::List{words.before, words.operation, words.after});
  v["x"] = box.place.left(), v["y"] = box.place.y, v["width"] = box.place.width, v["height"] = box.place.height;
  v["level"] = int64_t(box.level), v["aside"] = box.aside, v["head"] = box.head;
  const NodeShape& shape = all[size_t(box.last)];
  v["channels"] = shape.channels, v["size"] = extent_value(shape.size);
  std::set<int> nodes{node};
  nodes.insert(box.before.begin(), box.before.end()), nodes.insert(box.after.begin(), box.after.end());
  int64_t parameters = 0;
  for (int one : nodes) parameters += trained[size_t(one)];
  v["parameters"] = parameters, v["flop"] = flop;
  v["receptive_field"] = extent_value(receptive_field(graph, box.last));
  return v;
}

Value diagram_value(const Graph& graph, Extent patch, bool svg) {
  const auto all = shapes(graph, patch);
  const Diagram diagram = lay_out(graph, all);
  std::vector<int64_t> trained(graph.nodes.size(), 0);
  for (const Parameter& parameter : parameters(graph))
    if (parameter.trained) trained[size_t(parameter.node)] += element_count(parameter.shape);
  const std::vector<double> flop = node_flop(graph, patch);
  Value v = Value::table();
  v["width"] = diagram.width, v["height"] = diagram.height;
  Value::List boxes, arrows;
  for (const auto& box : diagram.boxes) boxes.push_back(box_value(graph, box, all, trained, flop[size_t(box.node < 0 ? box.first : box.node)]));
  for (const auto& arrow : diagram.arrows) {
    Value item = Value::table();
    Value::List points;
    for (const auto& [x, y] : arrow.points) points.push_back(Value(Value::List{x, y}));
    item["from"] = int64_t(arrow.from), item["to"] = int64_t(arrow.to), item["points"] = std::move(points);
    item["label"] = arrow.label ? shape_words(all[size_t(diagram.boxes[size_t(arrow.from)].last)]) : "";
    item["label_x"] = arrow.label_x, item["label_y"] = arrow.label_y, item["label_centred"] = arrow.label_centred;
    arrows.push_back(std::move(item));
  }
  v["boxes"] = std::move(boxes), v["arrows"] = std::move(arrows);
  if (svg) v["svg"] = draw_graph(graph, patch);
  return v;
}

// What differs from the usual network, as a spec and as a command.
void add_ways_back(Value& v, const Asked& asked) {
  ModelSpec given = asked.given, usual;
  Value all = spec_to_value(given), defaults = spec_to_value(usual), kept = Value::table();
  kept["kind"] = given.kind;
  std::string settings;
  for (const auto& [key, value] : all.as_table()) {
    if (key == "kind" || value == defaults.at(key)) continue;
    kept[key] = value;
    if (key != "block") settings += " --set '" + key + "=" + to_toml_value(value) + "'";
  }
  Value table = Value::table();
  table["model"] = kept;
  v["toml"] = to_toml(table);
  v["command"] = given.kind == "graph" ? "" : text("tomograd model describe ", given.kind, settings, " --patch ", asked.spec.patch.z, ",", asked.spec.patch.y, ",", asked.spec.patch.x, " --batch ", asked.batch);
}

ServerAnswer describe_model(const Call& call) {
  const Asked asked = asked_model(call);
  auto flag = [&](const char* name, bool otherwise) {
    const Value* value = call.body.find(name);
    return !value || value->is_nothing() ? otherwise : with_context(name, [&] { return value->as_bool(); });
  };
  const Graph graph = build_graph(asked.spec);
  if (int64_t(graph.nodes.size()) > most_nodes) fail_input(text("the network has ", graph.nodes.size(), " nodes, at most ", most_nodes, " are shown"));
  Value v = Value::table(), described = describe_graph(graph, asked.spec.patch, asked.batch, flag("nodes", false));
  v["format"] = "tomograd.model/1";
  for (auto& [key, value] : described.as_table()) v[key] = std::move(value);
  v["assumed"] = Value::list_of(asked.assumed);
  v["memory"] = memory_list(asked, graph), v["largest_patch"] = largest_patches(asked, graph);
  const Extent field = receptive_field(graph);
  v["exact_halo"] = extent_value({(field.z - 1) / 2, (field.y - 1) / 2, (field.x - 1) / 2});
  add_ways_back(v, asked);
  if (flag("diagram", true)) v["diagram"] = diagram_value(graph, asked.spec.patch, flag("svg", false));
  return json_answer(v);
}

}  // namespace

void add_model_routes(RouteTable& table) {
  table.shapes.declare(model_shapes);
  table.add({"GET", "/api/schema", "The names of all schemas", {}, false, [](const Call&) {
               Value v = Value::table();
               v["schemas"] = Value::list_of(schema_names());
               return json_answer(v);
             }}, "SchemaNames");
  table.add({"GET", "/api/schema/{name}", "JSON Schema of a spec, for forms", {}, false, [](const Call& call) {
               Value schema = schema_of(call.place("name"));
               if (schema.is_nothing()) throw NotThere{"there is no such schema"};
               return json_answer(schema);
             }}, "JsonSchema");
  table.add({"POST", "/api/models/describe", "Numbers and drawing of a network; reads and changes nothing", {}, false, describe_model}, "ModelFacts");
}

}  // namespace tomograd
