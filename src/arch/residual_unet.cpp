// unet, family "residual": the layout of MONAI's UNet (Kerfoot et al. 2018), parameter for parameter.
//
// Levels 0..L-1 go down by a strided residual unit each, level L is the bottom (stride 1). A residual unit of u
// sub-units is u times conv-norm-dropout-PReLU, the first conv strided, plus the unit's input through one convolution where
// stride or channels change (kernel as the unit's when strided, 1x1x1 otherwise). On the way up: concat(skip, below),
// transposed conv-norm-PReLU, one residual unit of one conv; the topmost unit ends in the bare convolution plus its input.
// Instance norm has no parameters, PReLU one slope per layer that starts at 0.25; convolutions keep their (idle) bias.
// With residual_units = 0 units are single convolutions and the topmost transposed convolution stands alone.
// Other than MONAI's, sizes that the strides do not divide are legal: what an up-sampling has too much is cut at the end.
#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

class Residual {
 public:
  Residual(const ModelSpec& spec) : spec_(spec), build_("unet (residual)", spec.in_channels) {
    channels_ = spec.channels;
    if (channels_.empty()) {
      int64_t depth = spec.depth ? spec.depth : 4, filters = spec.filters ? spec.filters : 16;
      for (int64_t level = 0; level <= depth; ++level) channels_.push_back(filters << level);
    }
    if (channels_.size() < 2) fail_input(text("channels has ", channels_.size(), " entry, the residual U-Net needs one for each of at least 2 levels"));
    strides_ = fitted_strides(spec, int64_t(channels_.size()) - 1);
    kernels_ = level_kernels(spec, int64_t(channels_.size()));
    check_odd_kernels(kernels_);
  }

  Graph build() {
    size_t bottom = channels_.size() - 1;
    std::vector<int> skips;
    int x = 0;
    for (size_t level = 0; level < bottom; ++level) {
      x = down(text("down", level), x, channels_[level], kernels_[level], strides_[level], spec_.residual_units, false);
      skips.push_back(x);
    }
    x = down("bottom", x, channels_[bottom], kernels_[bottom], cube(1), spec_.residual_units, false);
    for (size_t level = bottom; level-- > 0;) {
      bool top = level == 0;
      std::string name = text("up", level);
      x = build_.concat(name + ".concat", {skips[level], x});
      x = build_.transposed_conv(name + ".transposed", x, top ? spec_.out_channels : channels_[level - 1], kernels_[level], strides_[level], true);
      x = build_.crop_like(name + ".crop", x, top ? 0 : skips[level - 1], "first");
      if (spec_.residual_units == 0) {
        if (!top) x = norm_activation(name, x);
      } else {
        x = norm_activation(name, x);
        x = down(name + ".unit", x, build_.channels(x), kernels_[level], cube(1), 1, top);
      }
    }
    return build_.finish({{x, 1.0}});
  }

 private:
  int norm_activation(const std::string& name, int x) {
    x = build_.norm(name + ".norm", x, Norm::instance, false, false);
    if (spec_.dropout > 0) x = build_.dropout(name + ".dropout", x, spec_.dropout, false);
    return build_.activation(name + ".act", x, Activation::prelu, 0.25, true);
  }

  int down(const std::string& name, int from, int64_t channels, Extent kernel, Extent stride, int64_t units, bool bare_end) {
    ConvOptions strided;
    strided.stride = stride;
    int x = from;
    for (int64_t unit = 0; unit < std::max<int64_t>(units, 1); ++unit) {
      std::string part = units > 1 ? text(name, ".", unit) : name;
      x = build_.conv(part + ".conv", x, channels, kernel, unit == 0 ? strided : ConvOptions{});
      if (!bare_end) x = norm_activation(part, x);
    }
    if (units == 0) return x;
    int shortcut = from;
    if (stride != cube(1)) shortcut = build_.conv(name + ".shortcut", from, channels, kernel, strided);
    else if (build_.channels(from) != channels) shortcut = build_.conv(name + ".shortcut", from, channels, cube(1));
    return build_.add(name + ".add", x, shortcut);
  }

  const ModelSpec& spec_;
  Builder build_;
  std::vector<int64_t> channels_;
  std::vector<Extent> strides_, kernels_;
};

}  // namespace

Graph build_residual(const ModelSpec& spec) { return Residual(spec).build(); }

}  // namespace tomograd
