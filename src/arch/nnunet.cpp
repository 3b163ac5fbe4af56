// unet, family "nnunet": the plain convolutional network that nnU-Net configures (Isensee et al. 2021), from patch and spacing.
//
// Topology: starting at the patch and its spacing, an axis may be halved while it has at least 8 voxels and its spacing is
// within a factor of 2 of the finest axis that may; a lone axis needs 12. A kernel is 3 on an axis from the first level on at
// which its spacing is within a factor of 2 of the finest, 1 before; the bottom has 3 everywhere.
// Each stage is two conv (with bias) - instance norm (with scale and shift) - leaky ReLU 0.01, the first one strided; stage i has
// min(32 * 2^i, 320) channels. Up: transposed convolution with kernel = stride, concat(up, skip), two convs. Every stage on the
// way up has a 1x1x1 head; the loss weighs the finest 1, then 1/2, 1/4, ..., normalised. nnU-Net gives its coarsest head the
// weight 0 (it is never trained), so that head is left out here, like the others without deep_supervision.
// Sizes that the strides do not divide are legal: what an up-sampling has too much is cut at the end.
#include <algorithm>

#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

struct Topology { std::vector<Extent> strides, kernels; };  // strides[i] leads to level i + 1; kernels has one more

Topology configure(const ModelSpec& spec) {
  Topology topology;
  double spacing[3] = {1, 1, 1};
  if (!spec.spacing.empty()) {
    if (spec.spacing.size() != 3) fail_input(text("spacing has ", spec.spacing.size(), " numbers, expected 3 (Z, Y, X)"));
    std::copy(spec.spacing.begin(), spec.spacing.end(), spacing);
  }
  Extent size = spec.patch, kernel = cube(1);
  int64_t limit = spec.depth ? spec.depth : 8;
  while (int64_t(topology.strides.size()) < limit) {
    double finest = *std::min_element(spacing, spacing + 3), finest_large = 0;
    for (int axis = 0; axis < 3; ++axis)
      if (size[axis] >= 8 && (finest_large == 0 || spacing[axis] < finest_large)) finest_large = spacing[axis];
    Extent stride = cube(1);
    int halved = 0, last = 0;
    for (int axis = 0; axis < 3; ++axis)
      if (size[axis] >= 8 && spacing[axis] < 2 * finest_large) stride[axis] = 2, ++halved, last = axis;
    if (halved == 0 || (halved == 1 && size[last] < 12)) break;
    for (int axis = 0; axis < 3; ++axis)
      if (spacing[axis] < 2 * finest) kernel[axis] = 3;
    topology.strides.push_back(stride);
    topology.kernels.push_back(kernel);
    for (int axis = 0; axis < 3; ++axis) size[axis] = ceil_div(size[axis], stride[axis]), spacing[axis] *= double(stride[axis]);
  }
  topology.kernels.push_back(cube(3));
  if (topology.strides.empty())
    fail_input(text("patch ", to_string(spec.patch), " is too small for nnunet: it needs two axes of 8 voxels or one of 12"));
  return topology;
}

}  // namespace

Graph build_nnunet(const ModelSpec& spec) {
  Topology topology = configure(spec);
  if (!spec.strides.empty()) {
    topology.strides = spec.strides;
    topology.kernels.assign(spec.strides.size() + 1, cube(3));
  }
  size_t bottom = topology.strides.size();
  if (!spec.kernels.empty()) topology.kernels = level_kernels(spec, int64_t(bottom) + 1);
  check_odd_kernels(topology.kernels);
  int64_t filters = spec.filters ? spec.filters : 32;
  Builder build("unet (nnunet)", spec.in_channels);

  auto stage = [&](const std::string& name, int x, int64_t channels, Extent kernel, Extent stride) {
    for (const char* part : {".a", ".b"}) {
      ConvOptions options;
      if (part[1] == 'a') options.stride = stride;
      x = build.conv(name + part + ".conv", x, channels, kernel, options);
      x = build.norm(name + part + ".norm", x, Norm::instance, true, true);
      if (spec.dropout > 0) x = build.dropout(name + part + ".dropout", x, spec.dropout, true);
      x = build.activation(name + part + ".act", x, Activation::leaky_relu, 0.01);
    }
    return x;
  };
  std::vector<int> skips;
  int x = 0;
  for (size_t level = 0; level <= bottom; ++level) {
    int64_t channels = std::min<int64_t>(filters << level, std::max<int64_t>(320, filters));
    x = stage(level == bottom ? "bottom" : text("down", level), x, channels, topology.kernels[level], level == 0 ? cube(1) : topology.strides[level - 1]);
    skips.push_back(x);
  }
  std::vector<Head> outputs;
  for (size_t level = bottom; level-- > 0;) {
    std::string name = text("up", level);
    Extent stride = topology.strides[level];
    x = build.transposed_conv(name + ".transposed", x, build.channels(skips[level]), stride, stride, true);
    x = build.crop_like(name + ".crop", x, skips[level], "first");
    x = build.concat(name + ".concat", {x, skips[level]});
    x = stage(name, x, build.channels(skips[level]), topology.kernels[level], cube(1));
    bool coarsest = level + 1 == bottom;
    if (level == 0 || (spec.deep_supervision && !coarsest))
      outputs.insert(outputs.begin(), {build.conv(text("classes", level), x, spec.out_channels, cube(1)), 0});
  }
  double sum = 0;
  for (size_t i = 0; i < outputs.size(); ++i) sum += outputs[i].loss_weight = 1.0 / double(int64_t{1} << i);
  for (Head& output : outputs) output.loss_weight /= sum;
  return build.finish(outputs);
}

}  // namespace tomograd
