// The [model] table: which network. arch::build() turns it into the architecture graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/field.h"

namespace tomograd {

struct BlockSpec {  // one named block of kind "graph"; src/arch/block_graph.cpp says what each op does with the fields
  std::string name, op;
  std::vector<std::string> from;                 // names of the blocks (or "input") it reads; empty = the block before
  int64_t channels = 0;
  Extent kernel = cube(3), stride = cube(1), factor = cube(1), dilation = cube(1);
  std::vector<std::string> padding;              // per axis "same" | "valid" | "mirror" | "reflect"; one entry = all axes; empty = same
  std::string activation = "none", norm = "none", mode;
  std::string order = "after";                   // conv: norm, activation and dropout stand after or before it
  double slope = 0.01, dropout = 0, epsilon = 1e-5;
  bool shared_slope = false, scale = true, shift = true, whole_channels = true;
  std::string statistics = "running";
  Extent size = cube(0), margin = cube(0);       // crop: target size, or voxels taken from each side
  std::string like, anchor = "centre";
  bool bias = true, pad_channels = false, starts_at_zero = false;
  int64_t depth = 100, width = 1;                // msd
  std::vector<int64_t> dilations;                // msd
  std::string border = "reflect";                // msd
  int64_t repeat = 1;                            // the block this many times in a row
  template <class V> void visit(V&& v) {
    v(name, "name", "name of the block, unique");
    v(op, "op", "what it does", one_of({"conv", "transposed_conv", "crop", "subsample", "upsample", "pool", "concat", "add", "bias", "norm", "activation", "dropout", "msd", "repeat"}));
    v(from, "from", "blocks it reads ('input' is the network's input); empty = the block before; repeat: first and last block of the run to repeat");
    v(channels, "channels", "output channels of a convolution; 0 = the network's out_channels", between(0, 65536));
    v(kernel, "kernel", "kernel size Z,Y,X", between(1, 31));
    v(stride, "stride", "stride Z,Y,X", between(1, 16));
    v(dilation, "dilation", "dilation Z,Y,X", between(1, 64));
    v(factor, "factor", "factor of subsample, upsample and pool, Z,Y,X", between(1, 16));
    v(padding, "padding", "same (zeros), valid (none), mirror (edge repeated) or reflect (edge not repeated), one for all axes or one per axis");
    v(activation, "activation", "kind of an activation block; of a convolution: the activation that goes with it", one_of({"relu", "leaky_relu", "prelu", "elu", "swish", "sigmoid", "none"}));
    v(norm, "norm", "kind of a norm block; of a convolution: the norm that goes with it", one_of({"none", "batch", "instance"}));
    v(mode, "mode", "pool: max (default) or avg; upsample: nearest (default) or linear", one_of({"", "max", "avg", "nearest", "linear"}));
    v(order, "order", "conv: its norm, activation and dropout come after it or (pre-activation) before it", one_of({"after", "before"}));
    v(slope, "slope", "slope of leaky_relu, start of prelu", between(-10, 10));
    v(shared_slope, "shared_slope", "prelu: one slope for all channels instead of one each");
    v(dropout, "dropout", "share dropped in training", between(0, 0.99));
    v(whole_channels, "whole_channels", "dropout drops whole channels instead of single voxels");
    v(epsilon, "epsilon", "norm: added to the variance", between(0, 1));
    v(scale, "scale", "norm: has a trained factor per channel");
    v(shift, "shift", "norm: has a trained summand per channel");
    v(statistics, "statistics", "batch norm at inference: running average or mean of the last 60 batches", one_of({"running", "last60"}));
    v(size, "size", "size a crop leaves, Z,Y,X; 0 = as `like` or `margin` says", between(0, 1 << 20));
    v(margin, "margin", "voxels a crop takes from both sides of each axis", between(0, 1 << 20));
    v(like, "like", "block whose size a crop matches");
    v(anchor, "anchor", "which voxels a crop by `size` or `like` keeps: those in the centre or the first", one_of({"centre", "first"}));
    v(bias, "bias", "convolution has a bias");
    v(pad_channels, "pad_channels", "add: the second block may have other channels; missing ones count as zero, extra ones are dropped");
    v(starts_at_zero, "starts_at_zero", "convolution's weights start at zero, like its bias, instead of random");
    v(depth, "depth", "msd: number of layers", between(1, 1000));
    v(width, "width", "msd: channels per layer", between(1, 256));
    v(dilations, "dilations", "msd: dilation of each channel, all layers' channels in a row, repeated as often as needed; empty = 1 to 10", between(1, 1000));
    v(border, "border", "msd: what lies outside the image: its mirror image (edge not repeated) or zeros", one_of({"reflect", "zero"}));
    v(repeat, "repeat", "this block (op repeat: a copy of the run of blocks) so many times in a row", between(1, 1000));
  }
};

struct ModelSpec {
  std::string kind = "unet";
  std::string family = "residual";               // unet
  std::string variant = "original";              // deepmedic
  int64_t in_channels = 0, out_channels = 0;     // 0 = from the dataset and the classes
  Extent patch = cube(0);                        // network input it is configured for; 0 = [sampling] patch
  std::vector<double> spacing;                   // nnunet: voxel spacing Z,Y,X its strides are chosen for; empty = the same on all axes
  int64_t depth = 0, filters = 0;                // 0 = the family's default; msd: layers
  std::vector<int64_t> channels;                 // residual: channels per level
  int64_t residual_units = 2;
  std::vector<Extent> kernels, strides;          // per level; empty = family's default, fitted to the patch
  std::string padding = "auto";                  // deepmedic: valid | same per axis where valid does not fit
  double dropout = -1;                           // -1 = the family's default
  bool deep_supervision = true;                  // nnunet
  std::vector<Extent> factors;                   // deepmedic: sub-sampling of each path, first is 1
  std::vector<int64_t> path_channels, fc_channels;
  int64_t dims = 3, width = 1;                   // msd; skip: dims
  std::vector<int64_t> dilations;                // msd
  std::string border = "reflect";                // msd
  // skip; empty and "auto" = what the preset says, without a preset the defaults of src/arch/skip.cpp
  std::string preset;
  std::vector<int64_t> n_down, n_up, n_skip, k_down, k_up, k_skip;  // per scale; one number = all scales, n_down: as many as there are
  std::string activation = "auto", pad = "auto", upsample = "auto", downsample = "auto";
  std::string up_1x1 = "auto", conv_bias = "auto", sigmoid = "auto";  // yes | no
  std::vector<BlockSpec> block;                  // graph
  template <class V> void visit(V&& v) {
    v(kind, "kind", "network", one_of({"unet", "deepmedic", "msd", "skip", "graph"}));
    v(family, "family", "unet: unet3d (Cicek/MATLAB), nnunet (self-configured), residual (MONAI's layout)", one_of({"unet3d", "nnunet", "residual"}));
    v(variant, "variant", "deepmedic: original, default (three paths), wide", one_of({"original", "default", "wide"}));
    v(in_channels, "in_channels", "input channels; 0 = as many as the run uses, 32 for the input code of skip", between(0, 4096));
    v(out_channels, "out_channels", "output classes with background; 0 = as many as the run has", between(0, 65536));
    v(patch, "patch", "network input the network is fitted to, Z,Y,X; 0 = that of [sampling]", between(0, 1 << 20, "voxels"));
    v(spacing, "spacing", "nnunet: voxel spacing Z,Y,X the strides and kernels are chosen for; empty = equal on all axes", between(1e-6, 1e6));
    v(depth, "depth", "unet: number of down-samplings, up to 8; msd: number of layers; 0 = the family's default, 100 for msd", between(0, 1000));
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
    v(dims, "dims", "msd, skip: 3 for kernels of k x k x k, 2 for 1 x k x k (every plane for itself)", between(2, 3));
    v(width, "width", "msd: channels per layer", between(1, 256));
    v(dilations, "dilations", "msd: dilation of each channel, all layers' channels in a row, repeated as often as needed; empty = 1 to 10", between(1, 1000));
    v(border, "border", "msd: what lies outside the image: its mirror image (edge not repeated) or zeros", one_of({"reflect", "zero"}));
    v(preset, "preset", "skip: published settings for a task, which the fields below change; empty = the published code's defaults", one_of({"", "denoise", "superres", "inpaint"}));
    v(n_down, "n_down", "skip: channels of each scale on the way down; empty = the preset's, five scales", between(1, 4096));
    v(n_up, "n_up", "skip: channels of each scale on the way up; empty = n_down", between(1, 4096));
    v(n_skip, "n_skip", "skip: channels of each scale's skip branch, 0 = none; empty = the preset's", between(0, 4096));
    v(k_down, "k_down", "skip: kernel on the way down, odd; empty = 3", between(1, 15));
    v(k_up, "k_up", "skip: kernel on the way up, odd; empty = 3", between(1, 15));
    v(k_skip, "k_skip", "skip: kernel of the skip branches, odd; empty = 1", between(1, 15));
    v(activation, "activation", "skip: activation; auto = leaky_relu (slope 0.2)", one_of({"auto", "leaky_relu", "swish", "elu", "none"}));
    v(pad, "pad", "skip: what convolutions see outside the image: zeros or its reflection (edge not repeated); auto = the preset's, else zero", one_of({"auto", "zero", "reflection"}));
    v(upsample, "upsample", "skip: auto = the preset's, else nearest", one_of({"auto", "nearest", "linear"}));
    v(downsample, "downsample", "skip: strided convolution, or pooling or a fixed filter after it; auto = stride", one_of({"auto", "stride", "avg", "max", "lanczos2", "lanczos3"}));
    v(up_1x1, "up_1x1", "skip: a 1x1x1 convolution after each scale's on the way up; auto = yes", one_of({"auto", "yes", "no"}));
    v(conv_bias, "conv_bias", "skip: convolutions have biases; auto = yes", one_of({"auto", "yes", "no"}));
    v(sigmoid, "sigmoid", "skip: the result goes through a sigmoid, into (0, 1); auto = yes", one_of({"auto", "yes", "no"}));
    v(block, "block", "graph: the blocks, in order");
  }
};

}  // namespace tomograd
