// Small networks and cases for the tests of this room.
#pragma once

#include "arch/graph.h"
#include "dataset/prepared_case.h"

namespace tomograd {

inline BlockSpec conv_block(std::string name, int64_t channels, Extent kernel, std::string padding, std::string activation = "none") {
  BlockSpec block;
  block.name = std::move(name);
  block.op = "conv";
  block.channels = channels;
  block.kernel = kernel;
  block.padding = {std::move(padding)};
  block.activation = std::move(activation);
  return block;
}

inline BlockSpec scale_block(std::string name, std::string op, int64_t factor, std::string mode) {
  BlockSpec block;
  block.name = std::move(name);
  block.op = std::move(op);
  block.factor = cube(factor);
  block.mode = std::move(mode);
  return block;
}

inline Graph graph_of(std::vector<BlockSpec> blocks, int64_t channels, int64_t classes) {
  ModelSpec spec;
  spec.kind = "graph";
  spec.in_channels = channels;
  spec.out_channels = classes;
  spec.patch = cube(16);
  spec.block = std::move(blocks);
  return build_graph(spec);
}

// Valid convolutions; the second with an even kernel, so that the margins differ before and after.
inline Graph valid_graph(int64_t channels = 2, int64_t classes = 3) {
  return graph_of({conv_block("a", 5, {3, 3, 3}, "valid", "relu"), conv_block("b", 4, {2, 3, 4}, "valid", "relu"), conv_block("c", 0, {1, 1, 1}, "valid")}, channels, classes);
}

// Padded, with one halving: legal sizes are even.
inline Graph padded_graph(int64_t channels = 2, int64_t classes = 3) {
  return graph_of({conv_block("a", 4, {3, 3, 3}, "same", "relu"), scale_block("down", "pool", 2, "max"), conv_block("b", 4, {3, 3, 3}, "same", "relu"),
                   scale_block("up", "upsample", 2, "nearest"), conv_block("c", 0, {3, 3, 3}, "same")}, channels, classes);
}

// Padded along z, valid along y and x.
inline Graph half_padded_graph(int64_t channels = 2, int64_t classes = 3) {
  BlockSpec a = conv_block("a", 4, {3, 3, 3}, "valid", "relu");
  a.padding = {"same", "valid", "valid"};
  return graph_of({a, conv_block("b", 0, {1, 3, 2}, "valid")}, channels, classes);
}

// Two paths, one sub-sampled by 3: output_stride is 3.
inline Graph two_path_graph(int64_t channels = 1, int64_t classes = 2) {
  ModelSpec spec;
  spec.kind = "deepmedic";
  spec.variant = "original";
  spec.in_channels = channels;
  spec.out_channels = classes;
  spec.patch = cube(57);
  spec.padding = "valid";
  spec.path_channels = {3, 3, 3, 3, 4, 4, 4, 4};
  spec.fc_channels = {6};
  return build_graph(spec);
}

inline PreparedCase random_case(Extent size, int64_t channels, uint64_t seed = 1) {
  PreparedCase prepared;
  prepared.id = prepared.patient = "case";
  prepared.geometry.size = size;
  for (int64_t c = 0; c < channels; ++c) {
    prepared.channels.push_back("channel" + std::to_string(c));
    prepared.present.push_back(true);
    prepared.outside.push_back(-0.5f - float(c));
    Buffer<float> image(size.voxels());
    for (int64_t i = 0; i < image.size(); ++i) image[i] = float((uint64_t(i + 1) * 2654435761u + seed * 40503u + uint64_t(c) * 977u) % 4093) / 1024 - 2;
    prepared.images.push_back(std::move(image));
  }
  return prepared;
}

}  // namespace tomograd
