// Private to the engine rooms
#include "nn/layers.h"

#include <ATen/Parallel.h>

#include "base/error.h"
#include "base/random.h"
#include "nn/maybe_tensor.h"
#include "nn/reflect_pad.h"

namespace tomograd {
namespace {

std::array<int64_t, 3> numbers(const Extent& e) { return {e.z, e.y, e.x}; }

// What a convolution adds on both sides of an axis so that `same` leaves ceil(n / stride) voxels.
int64_t total_padding(const Node& node, int axis) {
  return node.padding[axis] == Padding::valid ? 0 : node.dilation[axis] * (node.kernel[axis] - 1);
}

at::Tensor narrow_to(at::Tensor x, const Extent& begin, const Extent& size) {
  for (int axis = 0; axis < 3; ++axis)
    if (x.size(axis + 2) != size[axis]) x = x.narrow(axis + 2, begin[axis], size[axis]);
  return x;
}

// A kernel that does not reach along z sees planes: [n][c][z][y][x] is as many pictures as there are planes. Libtorch's convolution in two dimensions is
// 20 times as fast there in float32 (12 planes of 48 x 96, 32 channels, two threads: 2.6 ms for 49), whose form in three unfolds, and oneDNN's in
// bfloat16 is right for single planes too.
// A kernel of one voxel unfolds nothing: only single planes need it there.
bool in_planes(const ConvolutionCall& call, const at::Tensor& x, const at::Tensor& weight) {
  bool needed = weight.size(3) * weight.size(4) > 1 || x.size(2) < shortest_for_bfloat;
  return needed && !call.transposed && weight.size(2) == 1 && call.stride[0] == 1 && call.padding[0] == 0;
}

// By way of channels in the last place: views of tensors that are channels last in memory, whose strides come out as of any other such tensor also where
// an axis has one voxel (libtorch 2.13's norms compute wrong gradients with the strides that other ways leave there).
at::Tensor as_pictures(const at::Tensor& x) { return x.permute({0, 2, 3, 4, 1}).flatten(0, 1).permute({0, 3, 1, 2}); }

at::Tensor as_volumes(const at::Tensor& pictures, int64_t cases) { return pictures.permute({0, 2, 3, 1}).unflatten(0, {cases, -1}).permute({0, 4, 1, 2, 3}); }

// conv3d sends small f32 inputs (channels * z * y <= 20480) to unfolding, which takes 27 times the memory and is slower
// forward; its weight gradient is the faster one, so training keeps it.
bool straight_to_onednn(const at::Tensor& x) { return !at::GradMode::is_enabled() && x.is_cpu() && x.scalar_type() == at::kFloat && at::globalContext().userEnabledMkldnn(); }

struct PlaneCall {
  std::vector<int64_t> stride, padding, dilation;
  explicit PlaneCall(const ConvolutionCall& call) : stride{call.stride[1], call.stride[2]}, padding{call.padding[1], call.padding[2]}, dilation{call.dilation[1], call.dilation[2]} {}
};

}  // namespace

at::Tensor channels_last(const at::Tensor& x) {
  at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast3d);
  if (last.size(1) != 1 || last.stride(1) == 1 || last.requires_grad()) return last;
  return last.as_strided(last.sizes(), {last.stride(0), 1, last.stride(2), last.stride(3), last.stride(4)});
}

bool sees_planes(const Node& conv) { return conv.op == Op::conv && conv.kernel.z == 1 && conv.stride.z == 1; }

Extent spatial_size(const at::Tensor& x) { return {x.size(2), x.size(3), x.size(4)}; }

at::Tensor pad_mirrored(const at::Tensor& input, const Extent& before, const Extent& after) {
  at::Tensor x = input;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t n = x.size(axis + 2), length = before[axis] + n + after[axis];
    if (length == n) continue;
    at::Tensor index = at::empty({length}, at::kLong);
    int64_t* i = index.data_ptr<int64_t>();
    for (int64_t k = 0; k < length; ++k) {
      int64_t place = ((k - before[axis]) % (2 * n) + 2 * n) % (2 * n);  // the mirrored signal has period 2n
      i[k] = place < n ? place : 2 * n - 1 - place;
    }
    x = x.index_select(axis + 2, index.to(x.device()));
  }
  return x;
}

ConvolutionCall call_of(const Node& node) {
  ConvolutionCall call;
  call.stride = numbers(node.stride), call.dilation = numbers(node.dilation);
  call.transposed = node.op == Op::transposed_conv;
  if (call.transposed) call.output_padding = numbers(node.output_padding);
  for (int axis = 0; axis < 3; ++axis) {
    int64_t total = total_padding(node, axis);
    bool inside = call.transposed || (node.padding[axis] == Padding::same && total % 2 == 0);
    call.padding[size_t(axis)] = inside ? total / 2 : 0;
  }
  return call;
}

at::Tensor pad_for(const Node& node, const at::Tensor& input) {
  Extent zero_before, zero_after, mirror_before, mirror_after, reflect_before, reflect_after;
  bool zeros = false, mirrored = false, reflected = false;
  if (node.op == Op::transposed_conv) return input;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t total = total_padding(node, axis), before = total / 2;
    if (node.padding[axis] == Padding::mirror) {
      mirror_before[axis] = before, mirror_after[axis] = total - before;
      mirrored = mirrored || total > 0;
    } else if (node.padding[axis] == Padding::reflect) {
      reflect_before[axis] = before, reflect_after[axis] = total - before;
      reflected = reflected || total > 0;
    } else if (total % 2 != 0) {
      zero_before[axis] = before, zero_after[axis] = total - before;
      zeros = true;
    }
  }
  at::Tensor x = mirrored ? pad_mirrored(input, mirror_before, mirror_after) : input;
  if (reflected) x = pad_reflected(x, reflect_before, reflect_after);
  if (zeros) x = at::constant_pad_nd(x, {zero_before.x, zero_after.x, zero_before.y, zero_after.y, zero_before.z, zero_after.z}, 0);
  return x;
}

at::Tensor convolve_padded(const ConvolutionCall& call, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (call.transposed) {
    // oneDNN sums the gradient of this bias with its reference code, one value at a time: 4 % of a training step of a residual U-Net in bfloat16.
    bool apart = bias.defined() && x.is_cpu() && at::GradMode::is_enabled();
    at::Tensor y = at::conv_transpose3d(x, weight, apart ? at::Tensor() : bias, call.stride, call.padding, call.output_padding, 1, call.dilation);
    return apart ? y.add_(bias.view({1, -1, 1, 1, 1})) : y;
  }
  if (in_planes(call, x, weight)) {
    PlaneCall plane(call);
    at::Tensor pictures = as_pictures(x), w = weight.squeeze(2);
    if (straight_to_onednn(x)) return as_volumes(at::mkldnn_convolution(pictures, w, if_defined(bias), plane.padding, plane.stride, plane.dilation, 1), x.size(0));
    return as_volumes(at::conv2d(pictures, w, bias, plane.stride, plane.padding, plane.dilation, 1), x.size(0));
  }
  if (straight_to_onednn(x)) return at::mkldnn_convolution(x, weight, if_defined(bias), call.padding, call.stride, call.dilation, 1);
  return at::conv3d(x, weight, bias, call.stride, call.padding, call.dilation, 1);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_gradients(const ConvolutionCall& call, const at::Tensor& above, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, bool into_x) {
  std::vector<int64_t> bias_size = {call.transposed ? weight.size(1) : weight.size(0)};
  at::Tensor g = channels_last(above.to(x.scalar_type())), w = channels_last(weight.to(x.scalar_type()));
  if (in_planes(call, x, weight)) {
    PlaneCall plane(call);
    auto [dx, dw, db] = at::convolution_backward(as_pictures(g), as_pictures(x), w.squeeze(2), bias.defined() ? at::OptionalIntArrayRef(bias_size) : std::nullopt, plane.stride, plane.padding, plane.dilation,
                                                 false, {0, 0}, 1, {into_x, true, bias.defined()});
    return {into_x ? as_volumes(dx, x.size(0)) : dx, dw.unsqueeze(2).to(weight.scalar_type()), bias.defined() ? db.to(bias.scalar_type()) : at::Tensor()};
  }
  auto [dx, dw, db] = at::convolution_backward(g, x, w, bias.defined() ? at::OptionalIntArrayRef(bias_size) : std::nullopt, call.stride, call.padding,
                                               call.dilation, call.transposed, call.output_padding, 1, {into_x, true, bias.defined()});
  return {dx, dw.to(weight.scalar_type()), bias.defined() ? db.to(bias.scalar_type()) : at::Tensor()};
}

at::Tensor convolve(const Node& node, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return convolve_padded(call_of(node), pad_for(node, input), weight, bias);
}

at::Tensor convolve_transposed(const Node& node, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return convolve_padded(call_of(node), x, weight, bias);
}

at::Tensor activate(const Node& node, const at::Tensor& x, const at::Tensor& slope) {
  switch (node.activation) {
    case Activation::none: return x;
    case Activation::relu: return at::relu(x);
    case Activation::leaky_relu: return at::leaky_relu(x, node.slope);
    case Activation::prelu: return at::prelu(x, slope.to(x.scalar_type()));
    case Activation::elu: return at::elu(x);
    case Activation::swish: return at::silu(x);
    case Activation::sigmoid: return at::sigmoid(x);
  }
  fail_failure(text("node ", node.name, " has an unknown activation"));
}

at::Tensor pool(const Node& node, const at::Tensor& x) {
  // Libtorch rounds all axes alike, so an axis that is not cut by its border is brought to whole windows first.
  at::Tensor whole = x;
  for (int axis = 0; axis < 3; ++axis)
    if (node.padding[axis] == Padding::valid) whole = whole.slice(axis + 2, 0, x.size(axis + 2) / node.factor[axis] * node.factor[axis]);
  auto factor = numbers(node.factor);
  if (node.max_pool) return at::max_pool3d(whole, factor, factor, 0, 1, true);
  // Sums in float32, as everywhere; libtorch has none in bfloat16 on the CPU.
  bool narrow = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  return at::avg_pool3d(narrow ? whole.to(at::kFloat) : whole, factor, factor, 0, true).to(x.scalar_type());
}

at::Tensor subsample(const Node& node, const at::Tensor& input) {
  at::Tensor x = input;
  for (int axis = 0; axis < 3; ++axis)
    if (node.factor[axis] > 1) x = x.slice(axis + 2, 0, x.size(axis + 2), node.factor[axis]);
  return x;
}

at::Tensor upsample(const Node& node, const at::Tensor& x, const Extent& size) {
  Extent from = spatial_size(x), factor = node.factor;
  if (node.linear_upsample) {
    Extent full = factor == cube(1) ? size : Extent{from.z * factor.z, from.y * factor.y, from.x * factor.x};
    return narrow_to(at::upsample_trilinear3d(x, numbers(full), false), {}, size);
  }
  if (factor == cube(1)) return at::upsample_nearest3d(x, numbers(size));
  // Views repeat exactly; libtorch's nearest would compute places in single precision.
  if (x.is_contiguous(at::MemoryFormat::ChannelsLast3d)) {  // and stays so, as convolutions want it
    at::Tensor repeated = x.permute({0, 2, 3, 4, 1})
                              .view({x.size(0), from.z, 1, from.y, 1, from.x, 1, x.size(1)})
                              .expand({x.size(0), from.z, factor.z, from.y, factor.y, from.x, factor.x, x.size(1)})
                              .reshape({x.size(0), from.z * factor.z, from.y * factor.y, from.x * factor.x, x.size(1)});
    return narrow_to(repeated.permute({0, 4, 1, 2, 3}), {}, size);
  }
  at::Tensor repeated = x.reshape({x.size(0), x.size(1), from.z, 1, from.y, 1, from.x, 1})
                            .expand({x.size(0), x.size(1), from.z, factor.z, from.y, factor.y, from.x, factor.x})
                            .reshape({x.size(0), x.size(1), from.z * factor.z, from.y * factor.y, from.x * factor.x});
  return narrow_to(repeated, {}, size);
}

at::Tensor crop(const Node& node, const at::Tensor& x, const Extent& size) {
  Extent from = spatial_size(x), begin;
  for (int axis = 0; axis < 3; ++axis) {
    bool by_border = node.like < 0 && node.crop_size == cube(0);
    begin[axis] = by_border ? node.crop_before[axis] : node.crop_anchor == "first" ? 0 : (from[axis] - 1) / 2 - (size[axis] - 1) / 2;
  }
  return narrow_to(x, begin, size);
}

at::Tensor add_bias(const at::Tensor& x, const at::Tensor& bias) { return x + bias.to(x.scalar_type()).view({1, -1, 1, 1, 1}); }

at::Tensor add_nodes(const Node& node, const std::vector<at::Tensor>& x) {
  at::Tensor sum = x[0];
  for (size_t i = 1; i < x.size(); ++i) {
    int64_t have = x[i].size(1), want = sum.size(1);
    if (have == want) sum = sum + x[i];
    else if (!node.pad_channels) fail_failure(text("node ", node.name, " adds ", have, " channels to ", want));
    else if (have > want) sum = sum + x[i].narrow(1, 0, want);
    else sum = sum + at::constant_pad_nd(x[i], {0, 0, 0, 0, 0, 0, 0, want - have}, 0);
  }
  return sum;
}

at::Tensor dropout_mask(const Node& node, const at::Tensor& x, uint64_t seed, int64_t step, int64_t first_row) {
  constexpr int64_t chunk = 4096;  // numbers per stream; a constant, so that threads do not matter
  std::vector<int64_t> shape = x.sizes().vec();
  if (node.drops_channels) shape[2] = shape[3] = shape[4] = 1;
  at::Tensor mask = at::empty(shape, at::kFloat);
  float* data = mask.data_ptr<float>();
  int64_t count = mask.numel(), from = first_row * (count / shape[0]), to = from + count;  // numbers of the whole batch
  uint32_t limit = uint32_t(node.dropout * 4294967296.0);
  std::string purpose = "dropout/" + node.name;
  at::parallel_for(from / chunk, ceil_div(to, chunk), 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      Random random(seed, purpose, uint64_t(step), uint64_t(c));
      for (int64_t i = c * chunk; i < std::min(to, (c + 1) * chunk); ++i) {
        float kept = random.bits() >= limit ? 1.0f : 0.0f;
        if (i >= from) data[i - from] = kept;
      }
    }
  });
  return mask.to(x.options());
}

at::Tensor drop_out(const Node& node, const at::Tensor& x, bool training, uint64_t seed, int64_t step, int64_t first_row) {
  double keep = 1 - node.dropout;
  if (node.dropout <= 0) return x;
  if (!training) return node.classic_dropout ? x * keep : x;
  at::Tensor mask = dropout_mask(node, x, seed, step, first_row);
  return x * (node.classic_dropout ? mask : mask / keep);
}

}  // namespace tomograd
