// skip: the hourglass of the deep image prior (Ulyanov, Vedaldi, Lempitsky, "Deep image prior", CVPR 2018 and IJCV 2020), whose
// shape alone makes it prefer images: it is trained on one corrupted image, from a fixed random input code.
//
// Scale i of S, from its input x:
//   skip    conv k_skip, n_skip[i] channels                                          (none where n_skip[i] = 0)
//   down    conv k_down, n_down[i] channels, stride 2; or stride 1 and then pooling or a Lanczos filter by 2
//   deep    conv k_down, n_down[i] channels
//           scale i + 1, where there is one
//   up      x 2, nearest or linear; cropped to the size of x
//   join    concat(skip, up), norm                                                   (the norm without a skip branch too)
//   merge   conv k_up, n_up[i] channels
//   mix     conv 1, n_up[i] channels                                                 (up_1x1)
// Every conv but the last is followed by a norm and the activation, the norm coming after the pooling or filter of `down`. Last, a
// bare convolution of 1 to the result's channels, and a sigmoid. In two dimensions no kernel, factor or stride reaches along z.
//
// Other than in the published code:
// - Its batch norms always use the statistics of the batch, and the batch is one image. That is instance norm with scale and shift:
//   the same numbers for one volume, without running statistics that nobody reads, and the fused kernels know it (nn/norm_act.h).
// - Sizes that 2^S does not divide. Down-sampling here always returns ceil(n / 2), so up-sampling has at most one voxel too many
//   along an axis, which is cut at the end: where strides down-sample, that is the published crop of both branches to the centre of
//   the smaller. There, pooling and filters return floor(n / 2), a scale without a skip branch crops nothing, and the result is
//   smaller or larger than the input; here it has the size of the input. Sizes that are divided are the same.
// - Initial weights are normal with the variance of the published (PyTorch's) uniform ones, 1 / (3 fan_in); biases start at zero.
// - The taps of the Lanczos filter are fixed.
#include <cmath>

#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

using Numbers = std::vector<int64_t>;

struct SkipSettings {
  Numbers down, up, skip, k_down, k_up, k_skip;  // per scale
  Activation activation = Activation::leaky_relu;
  Padding padding = Padding::same;
  bool linear = false, up_1x1 = true, bias = true, sigmoid = true;
  std::string downsample = "stride";
  size_t scales() const { return down.size(); }
};

// What the published notebooks choose; no preset: the function's own defaults. `inpaint` is the notebook's setting for the
// scattered text over "kate", which keeps detail through wide skip branches; large holes (its "vase") are filled with n_skip = 0.
SkipSettings settings_of(const std::string& preset) {
  SkipSettings settings;
  settings.down = {16, 32, 64, 128, 128};
  settings.skip = {4};
  if (preset.empty()) return settings;
  settings.down = Numbers(5, 128);
  settings.padding = Padding::reflect;
  if (preset == "inpaint") settings.skip = {128};
  else if (preset == "denoise" || preset == "superres") settings.linear = true;
  else fail_input(text("unknown preset \"", preset, "\", expected denoise, superres, inpaint or none"));
  return settings;
}

// One number for each scale.
Numbers per_scale(const char* name, const Numbers& given, const Numbers& otherwise, size_t scales, int64_t least) {
  const Numbers& list = given.empty() ? otherwise : given;
  for (int64_t number : list)
    if (number < least) fail_input(text(name, " has the entry ", number, ", expected at least ", least));
  if (list.size() == scales) return list;
  if (list.size() != 1) fail_input(text(name, " has ", list.size(), " entries, expected 1 or ", scales, ", one per scale (as many as n_down has)"));
  return Numbers(scales, list.front());
}

Numbers kernels(const char* name, const Numbers& given, int64_t usual, size_t scales) {
  Numbers list = per_scale(name, given, {usual}, scales, 1);
  for (int64_t kernel : list)
    if (kernel % 2 == 0) fail_input(text(name, " has the even entry ", kernel), "this network needs odd kernels, for example 3");
  return list;
}

bool answer(const char* name, const std::string& given, bool otherwise) {
  if (given == "auto") return otherwise;
  if (given != "yes" && given != "no") fail_input(text(name, " is \"", given, "\", expected auto, yes or no"));
  return given == "yes";
}

template <class Kind>
Kind chosen(const char* name, const std::string& given, Kind otherwise, const std::vector<std::pair<const char*, Kind>>& choices) {
  if (given == "auto") return otherwise;
  std::string list;
  for (const auto& [word, kind] : choices) {
    if (given == word) return kind;
    list += text(", ", word);
  }
  fail_input(text(name, " is \"", given, "\", expected one of auto", list));
}

SkipSettings resolved(const ModelSpec& spec) {
  constexpr size_t most_scales = 10;
  SkipSettings preset = settings_of(spec.preset), settings;
  settings.down = spec.n_down.empty() ? preset.down : spec.n_down;
  size_t scales = settings.down.size();
  if (scales > most_scales) fail_input(text("n_down has ", scales, " entries, expected 1 to ", most_scales, ", one per scale"));
  settings.down = per_scale("n_down", settings.down, {}, scales, 1);
  settings.up = per_scale("n_up", spec.n_up, settings.down, scales, 1);
  settings.skip = per_scale("n_skip", spec.n_skip, preset.skip, scales, 0);
  settings.k_down = kernels("k_down", spec.k_down, 3, scales);
  settings.k_up = kernels("k_up", spec.k_up, 3, scales);
  settings.k_skip = kernels("k_skip", spec.k_skip, 1, scales);
  settings.activation = chosen<Activation>("activation", spec.activation, preset.activation,
                                           {{"leaky_relu", Activation::leaky_relu}, {"swish", Activation::swish}, {"elu", Activation::elu}, {"none", Activation::none}});
  settings.padding = chosen<Padding>("pad", spec.pad, preset.padding, {{"zero", Padding::same}, {"reflection", Padding::reflect}});
  settings.linear = chosen<bool>("upsample", spec.upsample, preset.linear, {{"nearest", false}, {"linear", true}});
  settings.downsample = chosen<std::string>("downsample", spec.downsample, preset.downsample,
                                            {{"stride", "stride"}, {"avg", "avg"}, {"max", "max"}, {"lanczos2", "lanczos2"}, {"lanczos3", "lanczos3"}});
  settings.up_1x1 = answer("up_1x1", spec.up_1x1, preset.up_1x1);
  settings.bias = answer("conv_bias", spec.conv_bias, preset.bias);
  settings.sigmoid = answer("sigmoid", spec.sigmoid, preset.sigmoid);
  return settings;
}

class Skip {
 public:
  explicit Skip(const ModelSpec& spec)
      : settings_(resolved(spec)), out_channels_(spec.out_channels),
        build_(text("skip (", spec.dims, "-D, ", spec.preset, spec.preset.empty() ? "" : ", ", settings_.scales(), settings_.scales() == 1 ? " scale)" : " scales)"),
               spec.in_channels) {
    if (spec.dims != 2 && spec.dims != 3) fail_input(text("dims is ", spec.dims, ", expected 2 or 3"));
    planes_ = spec.dims == 2;
  }

  Graph build() {
    int x = conv("result", scale(0, 0), out_channels_, 1);
    if (settings_.sigmoid) x = build_.activation("result.sigmoid", x, Activation::sigmoid);
    return build_.finish({{x, 1.0}});
  }

 private:
  Extent extent(int64_t n) const { return {planes_ ? 1 : n, n, n}; }

  int conv(const std::string& name, int from, int64_t channels, int64_t kernel, int64_t stride = 1) {
    ConvOptions options;
    options.stride = extent(stride);
    options.padding = {settings_.padding, settings_.padding, settings_.padding};
    options.bias = settings_.bias;
    int x = build_.conv(name, from, channels, extent(kernel), options);
    build_.at(x).weight_stddev = 1 / std::sqrt(3.0 * double(build_.channels(from)) * double(extent(kernel).voxels()));
    return x;
  }

  int norm_activation(const std::string& name, int x) {
    x = build_.norm(name + ".norm", x, Norm::instance, true, true);
    return settings_.activation == Activation::none ? x : build_.activation(name + ".act", x, settings_.activation, 0.2);
  }

  int unit(const std::string& name, int from, int64_t channels, int64_t kernel) { return norm_activation(name, conv(name + ".conv", from, channels, kernel)); }

  int down(const std::string& name, int from, int64_t channels, int64_t kernel) {
    const std::string& kind = settings_.downsample;
    int x = conv(name + ".conv", from, channels, kernel, kind == "stride" ? 2 : 1);
    if (kind == "lanczos2" || kind == "lanczos3") {
      x = build_.lanczos(name + ".lanczos", x, extent(2), kind == "lanczos2" ? 2 : 3);
    } else if (kind != "stride") {
      x = build_.max_pool(name + ".pool", x, extent(2), Padding::same);
      build_.at(x).max_pool = kind == "max";
    }
    return norm_activation(name, x);
  }

  int scale(size_t i, int from) {
    const SkipSettings& s = settings_;
    std::string name = text("scale", i);
    int skip = s.skip[i] > 0 ? unit(name + ".skip", from, s.skip[i], s.k_skip[i]) : -1;
    int x = down(name + ".down", from, s.down[i], s.k_down[i]);
    x = unit(name + ".deep", x, s.down[i], s.k_down[i]);
    if (i + 1 < s.scales()) x = scale(i + 1, x);
    x = build_.upsample(name + ".up", x, extent(2));
    build_.at(x).linear_upsample = s.linear;
    x = build_.crop_like(name + ".crop", x, from, "first");
    if (skip >= 0) x = build_.concat(name + ".concat", {skip, x});
    x = build_.norm(name + ".join.norm", x, Norm::instance, true, true);
    x = unit(name + ".merge", x, s.up[i], s.k_up[i]);
    return s.up_1x1 ? unit(name + ".mix", x, s.up[i], 1) : x;
  }

  SkipSettings settings_;
  int64_t out_channels_;
  bool planes_ = false;
  Builder build_;
};

}  // namespace

Graph build_skip(const ModelSpec& spec) { return Skip(spec).build(); }

}  // namespace tomograd
