// Private to arch: a mixed-scale dense stack in ONNX.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/onnx_nodes.h"
#include "base/extent.h"

namespace tomograd {

// What a node of the graph says about its stack: `channels` of the input, then width channels per layer, each with a dilation
// of its own; parameters "<name>.<layer>.weight" [width][channels + width * layer][z][y][x] and "<name>.<layer>.bias" [width].
struct OnnxMsd {
  std::string name;
  int64_t channels = 1;
  Extent kernel = cube(3);
  int64_t width = 1;
  std::vector<int64_t> dilations;                // [layer][channel of the layer]
  bool reflect = true;                           // borders without repeated edge, else zeros
};

// The whole stack, input included, as the value `name`; `size` is that of x, 0 on an axis where it is not known.
std::string export_msd(OnnxNodes& nodes, const std::string& x, Extent size, const OnnxMsd& msd);

}  // namespace tomograd
