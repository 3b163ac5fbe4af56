// One stack in place is not something ONNX can say: here every layer is Pad and Conv of all channels so far (once per dilation
// among its channels), Relu, and a Concat that makes the next stack.
#include "arch/onnx_msd.h"

#include "arch/onnx_pad.h"
#include "base/error.h"

namespace tomograd {

std::string export_msd(OnnxNodes& nodes, const std::string& x, Extent size, const OnnxMsd& msd) {
  std::string stack = x;
  int64_t layers = int64_t(msd.dilations.size()) / msd.width;
  for (int64_t layer = 0; layer < layers; ++layer) {
    std::string name = text(msd.name, ".", layer);
    int64_t from = msd.channels + layer * msd.width, per_channel = from * msd.kernel.voxels();
    std::vector<std::string> parts = {stack};
    for (int64_t first = 0, end; first < msd.width; first = end) {  // runs of channels with one dilation
      auto dilation_of = [&](int64_t channel) { return msd.dilations[size_t(layer * msd.width + channel)]; };
      for (end = first + 1; end < msd.width && dilation_of(end) == dilation_of(first);) ++end;
      Extent dilation = cube(1), before = cube(0), after = cube(0);
      std::vector<int64_t> pads(6, 0);
      for (int axis = 0; axis < 3; ++axis) {
        if (msd.kernel[axis] > 1) dilation[axis] = dilation_of(first);
        int64_t reach = dilation[axis] * (msd.kernel[axis] - 1);
        before[axis] = reach / 2, after[axis] = reach - reach / 2;
        if (!msd.reflect) pads[size_t(axis)] = before[axis], pads[size_t(axis) + 3] = after[axis];
      }
      std::string padded_stack = msd.reflect ? padded(nodes, stack, size, before, after, Border::reflect, x, name + "/reflected") : stack;
      int64_t count = end - first;
      std::string weight = nodes.weight(name + ".weight", {count, from, msd.kernel.z, msd.kernel.y, msd.kernel.x}, first * per_channel, msd.width * per_channel);
      std::string bias = nodes.weight(name + ".bias", {count}, first, msd.width);
      std::string sum = nodes.node("Conv", {padded_stack, weight, bias}, name + "/conv",
                                   {{"kernel_shape", std::vector<int64_t>{msd.kernel.z, msd.kernel.y, msd.kernel.x}},
                                    {"dilations", std::vector<int64_t>{dilation.z, dilation.y, dilation.x}}, {"pads", pads}});
      parts.push_back(nodes.node("Relu", {sum}, name));
    }
    bool last = layer + 1 == layers;
    stack = nodes.node("Concat", parts, last ? msd.name : name + "/stack", {{"axis", int64_t{1}}});
  }
  return stack;
}

}  // namespace tomograd
