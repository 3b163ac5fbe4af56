// The architecture graph: what a network is, without torch. nn builds its modules from it; describe, draw, planning,
// tiles and export walk it. Nodes are in topological order; node 0 is the input.
//
// What each op computes, per axis (n = size of the first input, k kernel, s stride, d dilation, f factor, reach = d(k-1)):
//   conv             same, mirror, reflect: floor(reach/2) voxels before and the rest of `reach` after, size ceil(n/s); reflect needs
//                    n >= 2 where reach > 0;
//                    valid: size floor((n - reach - 1)/s) + 1.
//   transposed_conv  p = floor(reach/2) for same, 0 for valid: size (n-1)s - 2p + reach + 1 + output_padding. No mirror, no reflect.
//   norm             (x - mean)/sqrt(variance + epsilon), times .weight when `scale`, plus .bias when `shift`.
//                    instance: per case and channel, biased variance, 0 for a single voxel; batch: per channel.
//   bias             adds one trained number per channel.
//   pool             windows of f voxels at multiples of f; valid: whole windows, size floor(n/f); same: the last window is
//                    cut by the border (an average divides by the voxels inside), size ceil(n/f).
//   subsample        voxels 0, f, 2f, ...; size ceil(n/f). No averaging.
//   lanczos          the Lanczos filter of `lobes` lobes at every f voxels (lanczos.h), edge repeated; size ceil(n/f).
//   upsample         nearest: every voxel f times; linear: half-voxel centres, edges repeated (align_corners false); size n f.
//   crop             by `like`, `crop_size` or `crop_before` + `crop_after`, see there; cropping to the own size does nothing.
//   concat           channels of all inputs in order; add: sum of two inputs. Both need equal sizes.
//   msd              a mixed-scale dense stack (msd.cpp): the input's channels, then those of its layers; layer i begins at channel
//                    c_in + i width, and its channel j is ReLU(bias + sum over all channels before the layer of a convolution
//                    dilated by layer_dilations[i width + j]). Size kept; borders `reflect` (edge not repeated, period 2n - 2,
//                    so n >= 2) or zero. Nothing is copied: the output is the one feature stack, in place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/extent.h"
#include "spec/model_spec.h"

namespace tomograd {

enum class Op { input, conv, transposed_conv, norm, activation, dropout, pool, subsample, upsample, crop, concat, add, bias, msd, lanczos };
// Per axis; same = zeros, mirror = edge repeated (DeepMedic's: c b a | a b c), reflect = edge not repeated (c b | a b c, period 2n - 2).
enum class Padding { valid, same, mirror, reflect };
enum class Activation { none, relu, leaky_relu, prelu, elu, swish, sigmoid };
enum class Norm { none, batch, instance };
const char* op_name(Op op);
const char* activation_name(Activation activation);
const char* norm_name(Norm norm);

struct Node {
  std::string name;                              // unique; parameters are "<name>.weight", "<name>.bias", "<name>.slope", ...
  Op op = Op::input;
  std::vector<int> inputs;                       // indices of earlier nodes
  int64_t channels = 0;                          // output channels
  Extent kernel = cube(1), stride = cube(1), dilation = cube(1);
  Extent factor = cube(1);                       // pool, subsample, upsample, lanczos
  Extent output_padding = cube(0);               // transposed_conv
  Padding padding[3] = {Padding::same, Padding::same, Padding::same};  // z, y, x; conv, transposed_conv, pool
  bool bias = true;                              // conv, transposed_conv: has .bias
  double weight_stddev = -1;                     // conv, transposed_conv, msd: of the initial weights; -1 = sqrt(2 / fan_in)
  Norm norm = Norm::none;
  bool scale = true, shift = true;               // norm: has .weight (starts at 1), .bias (starts at 0)
  Activation activation = Activation::none;
  double slope = 0.01;                           // leaky_relu, start of prelu
  bool shared_slope = false;                     // prelu: one .slope for all channels, else one per channel
  double dropout = 0, epsilon = 1e-5;
  bool max_pool = true, linear_upsample = false;
  int64_t lobes = 2;                             // lanczos: 2 or 3
  bool drops_channels = true;                    // dropout of whole channels, else of single voxels
  bool classic_dropout = false;                  // DeepMedic: train mask without rescale, inference multiplies by the keep share
  bool running_mean_of_60 = false;               // DeepMedic: batch norm's inference statistics = mean of the last 60 batches
  // crop, the first of these that is set: the size of node `like`; `crop_size` voxels; all but `crop_before` and `crop_after`.
  int like = -1;
  Extent crop_size = cube(0);
  Extent crop_before = cube(0), crop_after = cube(0);
  std::string crop_anchor = "centre";            // like, crop_size: "centre" (starts at (n-1)/2 - (m-1)/2) or "first" (at 0)
  bool pad_channels = false;                     // add: missing channels of the second input count as zeros, extra ones are dropped
  // msd; kernel 3x3x3, or 1x3x3 where it works in planes
  int64_t width = 1;                             // channels per layer
  std::vector<int64_t> layer_dilations;          // [layer][channel], depth * width entries
  bool reflect = true;
  int64_t depth() const { return int64_t(layer_dilations.size()) / width; }  // msd: layers
  int dims() const { return kernel.z == 1 ? 2 : 3; }                         // msd
};

struct Head {                                    // the first is the network's result, the rest deep supervision
  int node = 0;
  double loss_weight = 1;
};

struct Graph {
  std::string title;
  std::vector<Node> nodes;
  std::vector<Head> outputs;
  int64_t in_channels() const { return nodes.front().channels; }
  int64_t out_channels() const { return nodes[size_t(outputs.front().node)].channels; }
};

// Builds the network of a spec; in_channels, out_channels and patch must be set (> 0).
Graph build_graph(const ModelSpec& spec);
Extent default_patch(const ModelSpec& spec);     // network input the literature trains with, for a spec without patch
// Channels for a spec without any: 1 in and 2 out, as for one image and its foreground; skip: 32 of its input code, and one image.
int64_t default_in_channels(const ModelSpec& spec);
int64_t default_out_channels(const ModelSpec& spec);

// ---- what follows from a graph ----
struct NodeShape { int64_t channels = 0; Extent size; };

// Shapes of all nodes for an input size; Error(input) naming node, size and the nearest legal input size when one does
// not fit. Never allocates more than the list.
std::vector<NodeShape> shapes(const Graph& graph, Extent input);
bool fits(const Graph& graph, Extent input);
int64_t crop_start(const Node& crop, int axis, int64_t from, int64_t to);  // first voxel that a crop of `from` voxels to `to` keeps
Extent output_size(const Graph& graph, Extent input);

int64_t parameter_count(const Graph& graph);     // trained numbers: convolutions, norms, slopes; no running statistics
struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  bool trained = true;
  int64_t fan_in = 0;                            // weights of convolutions
  double stddev = -1;                            // weights of convolutions start normal with this deviation (0: all zero); -1 = sqrt(2 / fan_in)
  int node = 0;                                  // that it belongs to
};
int64_t element_count(const std::vector<int64_t>& shape);
// In node order. conv: weight [out][in][z][y][x], bias; transposed_conv: weight [in][out][z][y][x], bias; norm: weight, bias;
// batch norm: then running_mean, running_var (mean of 60: both [60][channel], ring_position [1]), not trained; prelu: slope; bias: bias;
// msd: "<name>.<layer>.weight" [width][c_in + layer width][z][y][x] and "<name>.<layer>.bias" [width] for each layer.
std::vector<Parameter> parameters(const Graph& graph);

// Input voxels that can change one output voxel, per axis, united over all places of the output lattice (so a path
// sub-sampled by 3 with 17 samples counts 51); the reach of instance norm's statistics is left out.
Extent receptive_field(const Graph& graph);
Extent receptive_field(const Graph& graph, int node);      // of one node's voxels
double flop_per_voxel(const Graph& graph, Extent input);   // forward, per output voxel; 2 per multiply-add of convolutions and filters
double forward_flop(const Graph& graph, Extent input);
std::vector<double> node_flop(const Graph& graph, Extent input);  // its summands, one per node
// Tensors alive at once at the worst moment, without weights and workspaces. Training: what autograd keeps for the backward
// pass plus the gradients alive with it; inference: outputs that a later node still reads.
int64_t activation_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, bool training);
// The same for training with activation checkpointing (Network::use_recomputing), which keeps the values of these nodes alone.
bool kept_by_recomputing(const Node& node);
int64_t recomputing_activation_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value);

// Legal input sizes per axis: smallest, and the step between legal ones (all larger legal sizes = smallest + n * step).
struct LegalSizes { Extent smallest, step; };
LegalSizes legal_sizes(const Graph& graph);
Extent nearest_legal(const Graph& graph, Extent wanted, Extent at_most);  // per axis: largest legal <= max(wanted), <= at_most; else the smallest legal

// Voxels of input border that a valid-convolution network does not predict, per axis and side; 0 for padded ones.
struct Margin { Extent before, after; };
Margin output_margin(const Graph& graph, Extent input);
// Output tiles must start at multiples of this for the result not to depend on the tiling.
Extent output_stride(const Graph& graph);

}  // namespace tomograd
