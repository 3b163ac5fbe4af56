// The table of precision.h against what the executor does: autograd records of every operation in which number format it made
// its result, and the chain of records of a small graph is walked.
#include "nn/precision.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "base/error.h"
#include "nn/golden_test_support.h"
#include "nn/loss.h"

namespace tomograd {
namespace {

// Formats of the results of all operations whose name in autograd contains `name`, among those that `y` was made from.
std::set<at::ScalarType> formats_of(const at::Tensor& y, const std::string& name) {
  std::set<at::ScalarType> found;
  std::set<torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> left = {y.grad_fn().get()};
  while (!left.empty()) {
    torch::autograd::Node* here = left.back();
    left.pop_back();
    if (!here || !seen.insert(here).second) continue;
    if (here->name().find(name) != std::string::npos) found.insert(here->input_metadata(0).dtype().toScalarType());
    for (const auto& edge : here->next_edges()) left.push_back(edge.function.get());
  }
  return found;
}

using Formats = std::set<at::ScalarType>;

Node graph_node(const std::string& name, Op op, std::vector<int> inputs, int64_t channels) {
  Node node;
  node.name = name, node.op = op, node.inputs = std::move(inputs), node.channels = channels;
  if (op == Op::conv || op == Op::transposed_conv) node.kernel = cube(3);
  return node;
}

Node swish_of(int input, int64_t channels) {     // fused with nothing, computes in the format that it gets
  Node node = graph_node("probe", Op::activation, {input}, channels);
  node.activation = Activation::swish;
  return node;
}

constexpr int64_t sixteen = 16;                  // channels; more than few_channels.h takes

// input, a convolution, the node under test (its last input is the convolution), and a swish that shows the format of its result.
Graph graph_around(Node tested) {
  Graph graph;
  graph.nodes = {graph_node("input", Op::input, {}, sixteen), graph_node("before", Op::conv, {0}, sixteen)};
  graph.nodes.push_back(tested);
  graph.nodes.push_back(swish_of(2, tested.channels));
  graph.outputs = {{3, 1}};
  return graph;
}

std::vector<Node> tested_nodes() {
  std::vector<Node> nodes;
  for (Op op : {Op::conv, Op::transposed_conv, Op::norm, Op::activation, Op::dropout, Op::pool, Op::subsample, Op::lanczos, Op::upsample, Op::crop, Op::bias})
    nodes.push_back(graph_node(op_name(op), op, {1}, sixteen));
  for (Node& node : nodes) {
    if (node.op == Op::norm) node.norm = Norm::batch;
    if (node.op == Op::activation) node.activation = Activation::relu;
    if (node.op == Op::dropout) node.dropout = 0.5;
    if (node.op == Op::pool || node.op == Op::subsample || node.op == Op::lanczos || node.op == Op::upsample) node.factor = cube(2);
    if (node.op == Op::crop) node.crop_size = cube(5);
  }
  auto variant = [&](Op op, std::vector<int> inputs, int64_t channels) -> Node& { return nodes.emplace_back(graph_node(std::string(op_name(op)) + " again", op, std::move(inputs), channels)); };
  variant(Op::norm, {1}, sixteen).norm = Norm::instance;
  variant(Op::activation, {1}, sixteen).activation = Activation::elu;
  Node& average = variant(Op::pool, {1}, sixteen);
  average.factor = cube(2), average.max_pool = false;
  Node& linear = variant(Op::upsample, {1}, sixteen);
  linear.factor = cube(2), linear.linear_upsample = true;
  nodes.push_back(graph_node("concat narrow", Op::concat, {1, 1}, 2 * sixteen));
  nodes.push_back(graph_node("concat wide", Op::concat, {0, 1}, 2 * sixteen));
  nodes.push_back(graph_node("add narrow", Op::add, {1, 1}, sixteen));
  nodes.push_back(graph_node("add wide", Op::add, {0, 1}, sixteen));
  Node& stack = nodes.emplace_back(graph_node("msd", Op::msd, {1}, sixteen + 2));
  stack.kernel = cube(3), stack.layer_dilations = {1, 2};
  return nodes;
}

at::ScalarType format_type(Format format, at::ScalarType network, at::ScalarType first, at::ScalarType widest) {
  return format == Format::f32 ? at::kFloat : format == Format::network ? network : format == Format::as_input ? first : widest;
}

TEST(Precision, EveryOperationReturnsWhatTheTableSays) {
  std::set<Op> seen;
  for (Precision precision : {Precision::f32, Precision::bf16})
    for (bool fused : {true, false})
      for (const Node& node : tested_nodes()) {
        Network network(graph_around(node), 1, {});
        network.set_precision(precision);
        network.use_fused(fused);
        at::Tensor y = network.forward(hashed(1, {1, sixteen, 8, 9, 10}), true)[0];
        EXPECT_EQ(y.scalar_type(), at::kFloat) << node.name;
        OpFormats of_conv = op_formats(Op::conv, fused, true), formats = op_formats(node.op, fused, true);
        at::ScalarType network_type = precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
        at::ScalarType before = format_type(of_conv.result, network_type, at::kFloat, at::kFloat);
        // Where the node itself reads the input, something else than a convolution does, so that it is kept in float32.
        at::ScalarType widest = node.inputs[0] == 0 ? at::kFloat : before;
        std::string where = text(node.name, fused ? " fused" : " plain", " in ", precision_name(precision));
        EXPECT_EQ(formats_of(y, "SiluBackward"), Formats{format_type(formats.result, network_type, before, widest)}) << where;
        Formats convolutions = formats_of(y, "ConvolutionBackward");
        EXPECT_EQ(convolutions.count(format_type(of_conv.operands, network_type, before, widest)), 1u) << where;
        EXPECT_EQ(convolutions.size(), node.op == Op::msd && !fused && precision == Precision::bf16 ? 2u : 1u) << where;  // the plain stack is made of convolutions in float32
        if (node.op == Op::norm && (!fused || node.norm == Norm::batch)) {
          EXPECT_EQ(formats_of(y, "BatchNormBackward"), Formats{at::kFloat}) << where;
        }
        seen.insert(node.op);
      }
  EXPECT_EQ(seen.size(), 14u);                   // all but the input
}

TEST(Precision, LossesAndGradientsAreFloat32) {
  ModelSpec spec;
  spec.kind = "unet", spec.family = "residual", spec.in_channels = 2, spec.out_channels = 3, spec.patch = cube(16);
  spec.channels = {16, 32};
  Network network(build_graph(spec), 1, {});
  network.set_precision(Precision::bf16);
  at::Tensor value = loss(LossSpec(), network.forward(hashed(1, {1, 2, 16, 16, 16}), true), {1}, at::ones({1, 16, 16, 16}, at::kByte), nullptr);
  EXPECT_EQ(formats_of(value, "HeadLoss"), Formats{at::kFloat});
  EXPECT_EQ(formats_of(value, "ConvolutionBackward").count(at::kBFloat16), 1u);
  value.backward();
  for (auto& [name, tensor] : network.parameters()) {
    EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
    EXPECT_EQ(tensor.grad().scalar_type(), at::kFloat) << name;
  }
}

TEST(Precision, TheTablesExceptionsAreInFloat32) {
  Graph few;                                     // from 2 to 4 channels
  few.nodes = {graph_node("input", Op::input, {}, 2), graph_node("conv", Op::conv, {0}, 4), swish_of(1, 4)};
  few.outputs = {{2, 1}};
  Network small(few, 1, {});
  small.set_precision(Precision::bf16);
  EXPECT_EQ(formats_of(small.forward(hashed(1, {1, 2, 8, 8, 8}), true)[0], "SiluBackward"), Formats{at::kFloat});
  Network short_axis(graph_around(graph_node("again", Op::conv, {1}, sixteen)), 1, {});
  short_axis.set_precision(Precision::bf16);
  EXPECT_EQ(formats_of(short_axis.forward(hashed(1, {1, sixteen, 3, 8, 8}), true)[0], "ConvolutionBackward"), Formats{at::kFloat});
}

TEST(Precision, AStackIsNarrowInInferenceAlone) {
  Graph graph;
  graph.nodes = {graph_node("input", Op::input, {}, 2), graph_node("stack", Op::msd, {0}, 6), graph_node("head", Op::conv, {1}, 3)};
  graph.nodes[1].kernel = cube(3), graph.nodes[1].layer_dilations = {1, 2, 3, 4};
  graph.nodes[2].kernel = cube(1);
  graph.outputs = {{2, 1}};
  at::Tensor x = hashed(1, {1, 2, 8, 9, 10});
  std::vector<at::Tensor> training, inference;
  for (Precision precision : {Precision::f32, Precision::bf16}) {
    Network network(graph, 1, {});
    network.set_precision(precision);
    training.push_back(network.forward(x, true)[0]);
    inference.push_back(network.forward(x, false)[0]);
  }
  EXPECT_TRUE(at::equal(training[0], training[1]));
  EXPECT_FALSE(at::equal(inference[0], inference[1]));
  EXPECT_EQ(op_formats(Op::msd, true, true).operands, Format::f32);
  EXPECT_EQ(op_formats(Op::msd, true, false).operands, Format::network);
}

TEST(Precision, NamesAreReadBack) {
  for (Precision precision : {Precision::f32, Precision::bf16, Precision::f16}) EXPECT_EQ(precision_of(precision_name(precision)), precision);
  EXPECT_THROW(precision_of("auto"), Error);
}

}  // namespace
}  // namespace tomograd
