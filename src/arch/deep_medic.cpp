// deepmedic: Kamnitsas et al. 2017 (multi-scale 3-D CNN), the 11-layer network and its two later relatives.
//
// ONE input diverges by crop layers into the paths. Along an axis let R be the sum of (kernel - 1) over a path's eight
// convolutions (16), f the sub-sampling of a path, F the largest of them, n the output size. Then
//   input        n + R F                                (9 + 16*3 = 57 for the paper's segment of 25; 21 + 80 = 101 for 37)
//   normal path  its middle n + R, the "segment" of the papers (25), by cropping R (F - 1)/2 from both sides
//   low path     its middle n + R f, then every f-th voxel from the first: ceil(n/f) + R voxels (19 for f = 3)
//   low output   ceil(n/f) voxels, each repeated f times, cut to the first n
// so the output is the input less R F/2 on both sides, and a low path's sample j lies on output voxel f j - the place where
// DeepMedic's own sampler puts it: hr_start + floor(f/2) - (f-1)/2 * 17 for odd f. Which voxels a low path sees depends on where
// the output starts modulo f, so tiles must start at multiples of output_stride() (3, or 15 for three paths).
//
// Axes on which the patch is too short for that (padding "auto") are padded instead: zeros around every convolution, no crops,
// output = input there. On padded axes a path is sub-sampled only as far as at least nine voxels are left.
//
// A convolution has no bias; before it stand batch norm (without epsilon), PReLU (a slope per channel from 0.01) and, in the
// fully connected part, dropout of single voxels. A path's first convolution sees the raw channels plus a bias each. The
// joined paths pass one hidden 1x1x1 layer after the other and a classifier with a bias.
//   original  paths 1, 3; 30 30 40 40 40 40 50 50; hidden 150 150; no residuals                     659,919 parameters (2 in, 5 out)
//   default   paths 1, 3, 5; the same channels; hidden 250 250, the first kernel 3x3x3, edges mirrored
//             (so the outermost voxel of an output depends on where its tile ends, as in the published program);
//             out_L += input of layer L-1 at layers 4, 6, 8 and hidden 2 (centre crop, missing channels zero)   2,008,901
//   wide      as default with 30 40 50 60 70 80 90 100; hidden 300 300                              5,141,051
// Left out: the paper-era schedule's low-rank kernels (off there too).
#include <limits>

#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

class DeepMedic {
 public:
  explicit DeepMedic(const ModelSpec& spec) : spec_(spec), build_("deepmedic (" + spec.variant + ")", spec.in_channels) {
    bool original = spec.variant == "original", wide = spec.variant == "wide";
    residual_ = !original;
    channels_ = !spec.path_channels.empty() ? spec.path_channels
                : wide ? std::vector<int64_t>{30, 40, 50, 60, 70, 80, 90, 100} : std::vector<int64_t>{30, 30, 40, 40, 40, 40, 50, 50};
    hidden_ = !spec.fc_channels.empty() ? spec.fc_channels
              : original ? std::vector<int64_t>{150, 150} : wide ? std::vector<int64_t>{300, 300} : std::vector<int64_t>{250, 250};
    kernels_ = level_kernels(spec, int64_t(channels_.size()));
    check_odd_kernels(kernels_);
    choose_factors(original ? std::vector<Extent>{cube(1), cube(3)} : std::vector<Extent>{cube(1), cube(3), cube(5)});
  }

  Graph build() {
    std::vector<int> ends;
    for (size_t i = 0; i < factors_.size(); ++i) ends.push_back(path(i));
    for (size_t i = 1; i < ends.size(); ++i) {
      std::string name = text("low", i);
      int x = ends[i];
      if (factors_[i] != cube(1)) {
        x = build_.upsample(name + ".upsample", x, factors_[i]);
        x = build_.crop_like(name + ".crop", x, ends.front(), "first");
      }
      ends[i] = x;
    }
    int joined = ends.size() > 1 ? build_.concat("join", ends) : ends.front(), x = joined;
    double share = spec_.dropout < 0 ? 0.5 : spec_.dropout;
    for (size_t i = 0; i < hidden_.size(); ++i) {
      std::string name = text("hidden", i + 1);
      x = norm_activation(name, x, i > 0 ? share : 0);
      ConvOptions options;
      options.bias = false;
      if (residual_) options.padding = {Padding::mirror, Padding::mirror, Padding::mirror};
      x = build_.conv(name + ".conv", x, hidden_[i], residual_ && i == 0 ? cube(3) : cube(1), options);
      if (residual_ && i == 1) x = build_.add(name + ".add", x, joined, true);
    }
    x = norm_activation("classes", x, hidden_.empty() ? 0 : share);
    x = build_.conv("classes.conv", x, spec_.out_channels, cube(1));
    return build_.finish({{x, 1.0}});
  }

 private:
  void choose_factors(std::vector<Extent> usual) {
    bool given = !spec_.factors.empty();
    factors_ = given ? spec_.factors : usual;
    if (factors_.front() != cube(1)) fail_input(text("the first of factors is ", to_string(factors_.front()), ", expected 1: the normal path is not sub-sampled"));
    largest_ = cube(1);
    reach_ = cube(0);
    for (int axis = 0; axis < 3; ++axis) {
      for (const Extent& kernel : kernels_) reach_[axis] += kernel[axis] - 1;
      for (const Extent& factor : factors_) largest_[axis] = std::max(largest_[axis], factor[axis]);
      int64_t smallest = reach_[axis] * largest_[axis] + 1;
      bool fits = spec_.patch[axis] >= smallest;
      if (spec_.padding == "valid" && !fits)
        fail_input(text("patch ", to_string(spec_.patch), " is too small for unpadded convolutions: axis ", "zyx"[axis], " needs at least ", smallest, " voxels"),
                   "set padding = \"auto\" to pad the axes that are too short");
      padding_.push_back(spec_.padding == "valid" || (spec_.padding == "auto" && fits) ? Padding::valid : Padding::same);
      if (padding_.back() == Padding::valid || given) continue;
      for (Extent& factor : factors_)
        while (factor[axis] > 1 && ceil_div(spec_.patch[axis], factor[axis]) < 9) factor[axis] -= 2;
    }
  }

  int norm_activation(const std::string& name, int x, double dropout) {
    x = build_.norm(name + ".norm", x, Norm::batch, true, true, double(std::numeric_limits<float>::min()));
    build_.at(x).running_mean_of_60 = true;
    x = build_.activation(name + ".act", x, Activation::prelu, 0.01);
    if (dropout > 0) {
      x = build_.dropout(name + ".dropout", x, dropout, false);
      build_.at(x).classic_dropout = true;
    }
    return x;
  }

  int path(size_t which) {
    std::string name = which == 0 ? "normal" : text("low", which);
    int x = 0;
    Extent margin = cube(0);
    for (int axis = 0; axis < 3; ++axis)
      if (padding_[size_t(axis)] == Padding::valid) margin[axis] = reach_[axis] / 2 * (largest_[axis] - factors_[which][axis]);
    if (margin != cube(0)) x = build_.crop_margin(name + ".field", x, margin, margin);
    if (factors_[which] != cube(1)) x = build_.subsample(name + ".subsample", x, factors_[which]);
    ConvOptions options;
    options.bias = false;
    options.padding = padding_;
    x = build_.bias(name + ".bias", x);
    int before_last = -1;  // what the layer before this one read
    for (size_t layer = 0; layer < channels_.size(); ++layer) {
      std::string part = text(name, ".", layer + 1);
      int read = x;
      if (layer > 0) x = norm_activation(part, x, 0);
      x = build_.conv(part + ".conv", x, channels_[layer], kernels_[layer], options);
      if (residual_ && (layer == 3 || layer == 5 || layer == 7)) {
        int shortcut = build_.crop_like(part + ".crop", before_last, x, "centre");
        x = build_.add(part + ".add", x, shortcut, true);
      }
      before_last = read;
    }
    return x;
  }

  const ModelSpec& spec_;
  Builder build_;
  bool residual_ = false;
  std::vector<int64_t> channels_, hidden_;
  std::vector<Extent> kernels_, factors_;
  std::vector<Padding> padding_;
  Extent reach_, largest_;
};

}  // namespace

Graph build_deep_medic(const ModelSpec& spec) {
  if (spec.variant != "original" && spec.variant != "default" && spec.variant != "wide")
    fail_input(text("unknown variant \"", spec.variant, "\", expected original, default or wide"));
  return DeepMedic(spec).build();
}

}  // namespace tomograd
