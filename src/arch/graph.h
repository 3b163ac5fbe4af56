// The architecture graph: what a network is, without torch. nn builds its modules from it; describe, draw, planning,
// tiles and export walk it. Nodes are in topological order; node 0 is the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/extent.h"
#include "spec/model_spec.h"

namespace tomograd {

enum class Op { input, conv, transposed_conv, norm, activation, dropout, pool, subsample, upsample, crop, concat, add };
enum class Padding { valid, same, mirror };      // per axis; same = zeros, mirror = edge repeated (DeepMedic's)
enum class Activation { none, relu, leaky_relu, prelu, elu, swish };
enum class Norm { none, batch, instance };
const char* op_name(Op op);

struct Node {
  std::string name;                              // unique; parameters are "<name>.weight", "<name>.bias", "<name>.slope", ...
  Op op = Op::input;
  std::vector<int> inputs;                       // indices of earlier nodes
  int64_t channels = 0;                          // output channels
  Extent kernel = cube(1), stride = cube(1), dilation = cube(1), factor = cube(1);
  Padding padding[3] = {Padding::same, Padding::same, Padding::same};  // z, y, x
  bool bias = true;
  Norm norm = Norm::none;
  Activation activation = Activation::none;
  double slope = 0.01;                           // leaky_relu, start of prelu
  double dropout = 0, epsilon = 1e-5;
  bool max_pool = true, linear_upsample = false;
  bool drops_channels = true;                    // dropout of whole channels
  bool classic_dropout = false;                  // DeepMedic: train mask without rescale, inference multiplies by the keep share
  bool running_mean_of_60 = false;               // DeepMedic: batch norm's inference statistics = mean of the last 60 batches
  int like = -1;                                 // crop/upsample: node whose spatial size is matched
  std::string crop_anchor = "centre";            // crop: "centre" ((n-1)/2 - (m-1)/2) or "first" (first m voxels)
  bool pad_channels = false;                     // add: missing channels of the second input count as zeros, extra ones are dropped
  // DeepMedic low-resolution input: see subsample_grid in deep_medic.cpp for phase and origin.
  Extent crop_begin = cube(-1), crop_size = cube(0);  // crop at a fixed place when crop_size > 0
};

struct Output {                                  // a head; the first is the network's result, the rest deep supervision
  int node = 0;
  double loss_weight = 1;
};

struct Graph {
  std::string title;
  std::vector<Node> nodes;
  std::vector<Output> outputs;
  int64_t in_channels() const { return nodes.front().channels; }
  int64_t out_channels() const { return nodes[size_t(outputs.front().node)].channels; }
};

// Builds the network of a spec; in_channels, out_channels and patch must be set (> 0).
Graph build_graph(const ModelSpec& spec);

// ---- what follows from a graph ----
struct NodeShape { int64_t channels = 0; Extent size; };

// Shapes of all nodes for an input size; Error(input) naming node, size and the nearest legal input size when one does
// not fit. Never allocates more than the list.
std::vector<NodeShape> shapes(const Graph& graph, Extent input);
bool fits(const Graph& graph, Extent input);
Extent output_size(const Graph& graph, Extent input);

int64_t parameter_count(const Graph& graph);
struct Parameter { std::string name; std::vector<int64_t> shape; bool trained = true; int64_t fan_in = 0; };
std::vector<Parameter> parameters(const Graph& graph);     // in node order: weight, bias, (norm) weight, bias, running stats, slope

Extent receptive_field(const Graph& graph);                // in voxels of the input; per axis
double flop_per_voxel(const Graph& graph, Extent input);   // forward, per output voxel; 2 per multiply-add
double forward_flop(const Graph& graph, Extent input);
int64_t activation_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, bool training);

// Legal input sizes per axis: smallest, and the step between legal ones (all larger legal sizes = smallest + n * step).
struct LegalSizes { Extent smallest, step; };
LegalSizes legal_sizes(const Graph& graph);
Extent nearest_legal(const Graph& graph, Extent wanted, Extent at_most);  // largest legal <= max(wanted) else smallest legal

// Voxels of input border that a valid-convolution network does not predict, per axis and side; 0 for padded ones.
struct Margin { Extent before, after; };
Margin output_margin(const Graph& graph, Extent input);
// Output tiles must start at multiples of this for the result not to depend on the tiling.
Extent output_stride(const Graph& graph);

}  // namespace tomograd
