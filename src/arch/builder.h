// Private to arch: appends nodes to a graph, keeping channels right, so that network files read like the papers' tables.
#pragma once

#include <string>
#include <vector>

#include "arch/graph.h"

namespace tomograd {

struct ConvOptions {
  Extent stride = cube(1), dilation = cube(1);
  std::vector<Padding> padding = {Padding::same, Padding::same, Padding::same};  // z, y, x
  bool bias = true;
};

struct MsdOptions {
  int64_t depth = 100, width = 1;
  std::vector<int64_t> dilations;                // empty = 1, 2, ..., 10
  int64_t dims = 3;
  std::string border = "reflect";                // or "zero"
};

class Builder {  // every function returns the index of the node it appended
 public:
  Builder(std::string title, int64_t in_channels);

  int conv(const std::string& name, int from, int64_t channels, Extent kernel, const ConvOptions& options = {});
  // With kernel = stride the result is n * stride and no kernel voxel is wasted; with an odd kernel it is n * stride too.
  int transposed_conv(const std::string& name, int from, int64_t channels, Extent kernel, Extent stride, bool bias);
  int norm(const std::string& name, int from, Norm kind, bool scale, bool shift, double epsilon = 1e-5);
  int activation(const std::string& name, int from, Activation kind, double slope = 0.01, bool shared_slope = false);
  int dropout(const std::string& name, int from, double share, bool drops_channels);
  int bias(const std::string& name, int from);
  int max_pool(const std::string& name, int from, Extent factor, Padding padding);
  int subsample(const std::string& name, int from, Extent factor);
  int upsample(const std::string& name, int from, Extent factor);
  int lanczos(const std::string& name, int from, Extent factor, int64_t lobes);
  int crop_like(const std::string& name, int from, int like, const std::string& anchor);
  int crop_margin(const std::string& name, int from, Extent before, Extent after);
  int concat(const std::string& name, const std::vector<int>& from);
  int add(const std::string& name, int a, int b, bool pad_channels = false);
  // A mixed-scale dense stack; `next` = output channels of what reads it, which the paper's initial weights depend on (msd.cpp).
  int msd(const std::string& name, int from, const MsdOptions& options, int64_t next);

  int append(Node node);                          // as it stands
  Node& at(int node) { return graph_.nodes[size_t(node)]; }
  int64_t channels(int node) const { return graph_.nodes[size_t(node)].channels; }
  const Graph& peek() const { return graph_; }   // without outputs yet
  Graph finish(const std::vector<Head>& outputs);

 private:
  int append(const std::string& name, Op op, std::vector<int> inputs, int64_t channels, Node node = {});
  Graph graph_;
};

// The networks; build_graph() picks one.
Graph build_residual(const ModelSpec& spec);
Graph build_unet3d(const ModelSpec& spec);
Graph build_nnunet(const ModelSpec& spec);
Graph build_deep_medic(const ModelSpec& spec);
Graph build_msd(const ModelSpec& spec);
Graph build_skip(const ModelSpec& spec);
Graph build_from_blocks(const ModelSpec& spec);

// Output padding with which a transposed convolution padded `same` returns n * stride.
Extent output_padding_for(Extent kernel, Extent stride, Extent dilation);

// Stride of each of `levels` down-samplings: spec.strides where given, else 2 on every axis that still has at least 4 voxels
// (the last stride given is not repeated; a wrong number of them is Error(input)).
std::vector<Extent> fitted_strides(const ModelSpec& spec, int64_t levels);
// Kernel of each of `levels` levels: spec.kernels, one for all or one each; 3x3x3 when empty.
std::vector<Extent> level_kernels(const ModelSpec& spec, int64_t levels);
void check_odd_kernels(const std::vector<Extent>& kernels);

}  // namespace tomograd
