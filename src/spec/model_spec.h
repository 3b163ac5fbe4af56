// The [model] table: which network. arch::build() turns it into the architecture graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/field.h"

namespace tomograd {

struct BlockSpec {  // one named block of kind "graph"
  std::string name, op;
  std::vector<std::string> from;                 // names of the blocks (or "input") it reads; empty = the block before
  int64_t channels = 0;
  Extent kernel = cube(3), stride = cube(1), factor = cube(1), dilation = cube(1);
  std::vector<std::string> padding;              // per axis "same" | "valid" | "mirror"; one entry = all axes
  std::string activation = "relu", norm = "none", mode = "max";
  double slope = 0.01, dropout = 0;
  Extent size = cube(0);                         // crop: target size; 0 = match `like`
  std::string like;
  bool bias = true;
  int64_t repeat = 1;                            // the block this many times in a row
  template <class V> void visit(V&& v) {
    v(name, "name", "name of the block, unique");
    v(op, "op", "what it does", one_of({"conv", "transposed_conv", "crop", "subsample", "upsample", "pool", "concat", "add", "norm", "activation", "dropout", "repeat"}));
    v(from, "from", "blocks it reads ('input' is the network's input); empty = the block before");
    v(channels, "channels", "output channels of a convolution", at_least(0));
    v(kernel, "kernel", "kernel size Z,Y,X", between(1, 31));
    v(stride, "stride", "stride Z,Y,X", between(1, 16));
    v(dilation, "dilation", "dilation Z,Y,X", between(1, 64));
    v(factor, "factor", "factor of subsample, upsample and pool, Z,Y,X", between(1, 16));
    v(padding, "padding", "same (zeros), valid (none) or mirror, one for all axes or one per axis");
    v(activation, "activation", "kind of an activation block", one_of({"relu", "leaky_relu", "prelu", "elu", "swish", "none"}));
    v(norm, "norm", "kind of a norm block", one_of({"none", "batch", "instance"}));
    v(mode, "mode", "pool: max or avg; upsample: nearest or linear", one_of({"max", "avg", "nearest", "linear"}));
    v(slope, "slope", "slope of leaky_relu, start of prelu");
    v(dropout, "dropout", "share of channels dropped in training", between(0, 0.99));
    v(size, "size", "size a crop leaves; 0 = the size of `like`", at_least(0));
    v(like, "like", "block whose size a crop or upsample matches");
    v(bias, "bias", "convolution has a bias");
    v(repeat, "repeat", "this block so many times in a row", between(1, 1000));
  }
};

struct ModelSpec {
  std::string kind = "unet";
  std::string family = "residual";               // unet
  std::string variant = "original";              // deepmedic
  int64_t in_channels = 0, out_channels = 0;     // 0 = from the dataset and the classes
  Extent patch = cube(0);                        // what the network is configured for; 0 = [sampling] patch
  int64_t depth = 0, filters = 0;                // 0 = the family's default
  std::vector<int64_t> channels;                 // residual: channels per level
  int64_t residual_units = 2;
  std::vector<Extent> kernels, strides;          // per level; empty = family's default, fitted to the patch
  std::string padding = "auto";                  // deepmedic: valid | same per axis where valid does not fit
  double dropout = -1;                           // -1 = the family's default
  bool deep_supervision = true;                  // nnunet
  std::vector<Extent> factors;                   // deepmedic: sub-sampling of each path, first is 1
  std::vector<int64_t> path_channels, fc_channels;
  std::vector<BlockSpec> block;                  // graph
  template <class V> void visit(V&& v) {
    v(kind, "kind", "network", one_of({"unet", "deepmedic", "graph"}));
    v(family, "family", "unet: unet3d (Cicek/MATLAB), nnunet (self-configured), residual (MONAI's layout)", one_of({"unet3d", "nnunet", "residual"}));
    v(variant, "variant", "deepmedic: original, default (three paths), wide", one_of({"original", "default", "wide"}));
    v(in_channels, "in_channels", "input channels; 0 = as many as the run uses", between(0, 4096));
    v(out_channels, "out_channels", "output classes with background; 0 = as many as the run has", between(0, 65536));
    v(patch, "patch", "patch size the network is fitted to, Z,Y,X; 0 = that of [sampling]", at_least(0, "voxels"));
    v(depth, "depth", "unet: number of down-samplings; 0 = the family's default", between(0, 8));
    v(filters, "filters", "unet: channels of the first level; 0 = the family's default", between(0, 1024));
    v(channels, "channels", "residual: channels of each level", between(1, 4096));
    v(residual_units, "residual_units", "residual: convolutions per unit", between(0, 8));
    v(kernels, "kernels", "kernel of each level, Z,Y,X; empty = default", between(1, 15));
    v(strides, "strides", "stride of each down-sampling, Z,Y,X; empty = default", between(1, 8));
    v(padding, "padding", "deepmedic: auto keeps valid convolutions on axes where they fit and pads the others", one_of({"auto", "valid", "same"}));
    v(dropout, "dropout", "dropout; -1 = the family's default", between(-1, 0.95));
    v(deep_supervision, "deep_supervision", "nnunet: losses at lower resolutions too");
    v(factors, "factors", "deepmedic: sub-sampling of each path", between(1, 15));
    v(path_channels, "path_channels", "deepmedic: channels of the eight convolutions of a path", between(1, 4096));
    v(fc_channels, "fc_channels", "deepmedic: channels of the hidden 1x1x1 layers", between(1, 4096));
    v(block, "block", "graph: the blocks, in order");
  }
};

}  // namespace tomograd
