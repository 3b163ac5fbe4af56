// A network as an ONNX file, written without protobuf and without libtorch: opset 17, IR 9, standard operators only, as the
// network is at inference (dropout is gone, batch norm uses its stored statistics). Every node of the graph has a value of its
// name in the file, so any of them can be made an output.
#pragma once

#include <map>
#include <string>

#include "arch/graph.h"
#include "arch/weights_file.h"
#include "base/env.h"

namespace tomograd {

struct OnnxOptions {
  Extent size = cube(0);                         // input size; 0 on an axis = any that the network takes
  int64_t batch = 0;                             // 0 = any
  bool softmax = false;                          // ends in probabilities of the classes, else in their logits
  bool all_heads = false;                        // outputs of deep supervision too, called like their nodes
  std::string producer_version;
  std::map<std::string, std::string> metadata;   // metadata_props
};

// Input "input" [batch][channel][z][y][x], first output "output" [batch][class][z][y][x], float. Error(input) when the network
// does not take options.size, a weight is missing or has other numbers than the network needs, or the file would pass 2 GiB.
// What has been written to `to` by then is of no use.
void export_onnx(const Graph& graph, const WeightLookup& weights, const OnnxOptions& options, OutputFile& to);
std::string export_onnx(const Graph& graph, const WeightLookup& weights, const OnnxOptions& options);  // the file's bytes

}  // namespace tomograd
