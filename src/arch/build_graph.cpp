#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {
constexpr int64_t largest_patch_axis = int64_t{1} << 20;
}

const char* op_name(Op op) {
  switch (op) {
    case Op::input: return "input";
    case Op::conv: return "conv";
    case Op::transposed_conv: return "transposed_conv";
    case Op::norm: return "norm";
    case Op::activation: return "activation";
    case Op::dropout: return "dropout";
    case Op::pool: return "pool";
    case Op::subsample: return "subsample";
    case Op::upsample: return "upsample";
    case Op::crop: return "crop";
    case Op::concat: return "concat";
    case Op::add: return "add";
    case Op::bias: return "bias";
    case Op::msd: return "msd";
    case Op::lanczos: return "lanczos";
  }
  return "?";
}

const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::none: return "none";
    case Activation::relu: return "relu";
    case Activation::leaky_relu: return "leaky_relu";
    case Activation::prelu: return "prelu";
    case Activation::elu: return "elu";
    case Activation::swish: return "swish";
    case Activation::sigmoid: return "sigmoid";
  }
  return "?";
}

const char* norm_name(Norm norm) { return norm == Norm::batch ? "batch" : norm == Norm::instance ? "instance" : "none"; }

Graph build_graph(const ModelSpec& spec) {
  return with_context(text("building network ", spec.kind), [&] {
    if (spec.in_channels < 1) fail_input(text("in_channels is ", spec.in_channels, ", expected at least 1"));
    if (spec.out_channels < 1) fail_input(text("out_channels is ", spec.out_channels, ", expected at least 1"));
    for (int axis = 0; axis < 3; ++axis)
      if (spec.patch[axis] < 1 || spec.patch[axis] > largest_patch_axis)
        fail_input(text("patch is ", to_string(spec.patch), ", expected 1 to ", largest_patch_axis, " voxels per axis"));
    if (!spec.block.empty() && spec.kind != "graph") fail_input(text("[[model.block]] belongs to kind = \"graph\", but kind is \"", spec.kind, "\""));
    if (spec.kind == "graph") return build_from_blocks(spec);
    if (spec.kind == "deepmedic") return build_deep_medic(spec);
    if (spec.kind == "msd") return build_msd(spec);
    if (spec.kind == "skip") return build_skip(spec);
    if (spec.kind != "unet") fail_input(text("unknown network \"", spec.kind, "\", expected unet, deepmedic, msd, skip or graph"));
    if (spec.depth < 0 || spec.depth > 8) fail_input(text("depth is ", spec.depth, ", expected 1 to 8 down-samplings, or 0 for the family's default"));
    if (spec.family == "unet3d") return build_unet3d(spec);
    if (spec.family == "nnunet") return build_nnunet(spec);
    if (spec.family != "residual") fail_input(text("unknown family \"", spec.family, "\", expected unet3d, nnunet or residual"));
    return build_residual(spec);
  });
}

Extent default_patch(const ModelSpec& spec) {
  if (spec.kind == "deepmedic") return spec.variant == "original" ? cube(57) : cube(101);
  if (spec.kind == "msd") return spec.dims == 2 ? Extent{1, 256, 256} : cube(96);
  if (spec.kind == "skip") return spec.dims == 2 ? Extent{1, 512, 512} : cube(64);
  if (spec.kind == "unet" && spec.family == "nnunet") return cube(128);
  if (spec.kind == "unet" && spec.family == "unet3d") return cube(128);
  return cube(64);
}

int64_t default_in_channels(const ModelSpec& spec) { return spec.kind == "skip" ? 32 : 1; }
int64_t default_out_channels(const ModelSpec& spec) { return spec.kind == "skip" ? 1 : 2; }

}  // namespace tomograd
