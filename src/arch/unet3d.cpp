// unet, family "unet3d": Cicek et al. 2016 (3D U-Net), as MATLAB's unet3dLayers lays it out, padded.
//
// Level i of `depth` D (default 3) has two 3x3x3 conv-BN-ReLU, the first with filters * 2^i channels, the second with twice
// that, so that channels are doubled before pooling; the bridge at level D likewise. Up: transposed convolution (kernel =
// stride, channels kept, no bias), concat with the skip, two conv-BN-ReLU with the skip's channels; last a 1x1x1 convolution.
//
// Parameters: the paper's 19,069,955 (3 channels in, 3 out, 32 filters) are 19,067,616 convolution weights and 2,339 biases;
// transposed convolutions have none there, and batch norm's gamma and beta are not in that number. We train exactly those
// numbers: a bias before a batch norm is cancelled by the mean it subtracts, so the 2,336 biases act after the
// normalisation (as its shift, beta), and there is no gamma, which a ReLU hands on to the next convolution anyway.
//
// An axis is halved while it has at least 4 voxels of the patch. Sizes that the strides do not divide are legal: pooling keeps
// the cut window at the border, and what an up-sampling has too much is cut at the end.
#include "arch/builder.h"

namespace tomograd {

Graph build_unet3d(const ModelSpec& spec) {
  int64_t depth = spec.depth ? spec.depth : 3, filters = spec.filters ? spec.filters : 32;
  auto strides = fitted_strides(spec, depth);
  auto kernels = level_kernels(spec, depth + 1);
  check_odd_kernels(kernels);
  Builder build("unet (unet3d)", spec.in_channels);

  auto conv = [&](const std::string& name, int x, int64_t channels, Extent kernel) {
    ConvOptions options;
    options.bias = false;
    x = build.conv(name + ".conv", x, channels, kernel, options);
    x = build.norm(name + ".norm", x, Norm::batch, false, true);
    return build.activation(name + ".act", x, Activation::relu);
  };
  auto drop = [&](const std::string& name, int x) { return spec.dropout > 0 ? build.dropout(name, x, spec.dropout, true) : x; };

  std::vector<int> skips;
  int x = 0;
  for (int64_t level = 0; level < depth; ++level) {
    std::string name = text("down", level);
    x = conv(name + ".a", x, filters << level, kernels[size_t(level)]);
    x = conv(name + ".b", x, filters << (level + 1), kernels[size_t(level)]);
    skips.push_back(x);
    x = build.max_pool(name + ".pool", x, strides[size_t(level)], Padding::same);
  }
  x = conv("bridge.a", x, filters << depth, kernels.back());
  x = drop("bridge.dropout", conv("bridge.b", x, filters << (depth + 1), kernels.back()));
  for (int64_t level = depth - 1; level >= 0; --level) {
    std::string name = text("up", level);
    Extent stride = strides[size_t(level)];
    int skip = skips[size_t(level)];
    x = build.transposed_conv(name + ".transposed", x, build.channels(x), stride, stride, false);
    x = build.crop_like(name + ".crop", x, skip, "first");
    x = build.concat(name + ".concat", {skip, x});
    x = conv(name + ".a", x, build.channels(skip), kernels[size_t(level)]);
    x = conv(name + ".b", x, build.channels(skip), kernels[size_t(level)]);
  }
  x = build.conv("classes", x, spec.out_channels, cube(1));
  return build.finish({{x, 1.0}});
}

}  // namespace tomograd
