// Private to the engine rooms
#include "nn/few_channels.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "kernels/few_channel_conv.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool zeros_around(const Node& node) {
  return node.padding[0] == Padding::same && node.padding[1] == Padding::same && node.padding[2] == Padding::same && node.kernel == cube(3) && node.dilation == cube(1);
}

at::Tensor padded(const at::Tensor& x) {
  int64_t width = x.size(4);
  return at::constant_pad_nd(x.contiguous(), {1, padded_row(width) - width - 1, 1, 1, 1, 1}, 0);
}

// Planes [first - 1, first + planes] of every channel with zeros around, [in][planes + 2][y + 2][row]. `into` held zeros, or
// another block of the same shape, before.
void pad_block(const float* x, int64_t in, const Extent& size, int64_t first, int64_t planes, int64_t row, float* into) {
  for (int64_t c = 0; c < in; ++c)
    for (int64_t p = 0; p < planes + 2; ++p) {
      int64_t z = first - 1 + p;
      float* plane = into + (c * (planes + 2) + p) * (size.y + 2) * row;
      for (int64_t y = 0; y < size.y; ++y) {
        float* to = plane + (y + 1) * row + 1;
        if (z < 0 || z >= size.z) std::fill(to, to + size.x, 0.0f);
        else std::copy_n(x + ((c * size.z + z) * size.y + y) * size.x, size.x, to);
      }
    }
}

// x [n][in][z][y][x] to [n][out][z][y][x]; weight [out][in][3][3][3]. A block of planes at a time is padded, in the cache.
at::Tensor forward_all(const at::Tensor& from, const at::Tensor& weight, const at::Tensor& bias) {
  constexpr int64_t block = 8;
  at::Tensor x = from.contiguous(), w = weight.contiguous(), y = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3), x.size(4)}, x.options().memory_format(at::MemoryFormat::Contiguous));
  Extent size{x.size(2), x.size(3), x.size(4)};
  int64_t in = x.size(1), out = weight.size(0), row = padded_row(size.x), blocks = ceil_div(size.z, block);
  const float *images = x.const_data_ptr<float>(), *weights = w.const_data_ptr<float>(), *of_bias = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  float* results = y.data_ptr<float>();
  at::parallel_for(0, x.size(0) * blocks, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> wide;
    int64_t before = 0;
    for (int64_t t = begin; t < end; ++t) {
      int64_t n = t / blocks, first = t % blocks * block, planes = std::min(block, size.z - first);
      if (planes != before) wide.assign(size_t(in * (planes + 2) * (size.y + 2) * row), 0.0f);
      before = planes;
      pad_block(images + n * in * size.voxels(), in, size, first, planes, row, wide.data());
      FewChannelShape shape{in, out, {planes, size.y, size.x}, row, size.voxels()};
      for (int64_t z = 0; z < planes; ++z)
        few_channel_kernels().forward(shape, wide.data(), weights, of_bias, z, results + n * out * size.voxels() + first * size.y * size.x);
    }
  });
  return y;
}

at::Tensor weight_gradient(const at::Tensor& x, const at::Tensor& g, const at::Tensor& weight) {
  at::Tensor wide = padded(x), above = at::constant_pad_nd(g.contiguous(), {0, wide.size(4) - g.size(4)}, 0);
  FewChannelShape shape{x.size(1), weight.size(0), {x.size(2), x.size(3), x.size(4)}, wide.size(4)};
  int64_t slices = x.size(0) * shape.size.z, in_step = wide.numel() / x.size(0), g_step = above.numel() / x.size(0), count = weight.numel();
  at::Tensor partial = at::empty({slices, count}, at::kFloat);
  at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t n = t / shape.size.z;
      few_channel_kernels().weight_gradient(shape, wide.data_ptr<float>() + n * in_step, above.data_ptr<float>() + n * g_step, t % shape.size.z,
                                            partial.data_ptr<float>() + t * count);
    }
  });
  return partial.to(at::kDouble).sum(0).to(at::kFloat).view(weight.sizes());
}

struct FewChannelConv : torch::autograd::Function<FewChannelConv> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& of_bias) {
    at::Tensor bias = of_bias ? *of_bias : at::Tensor();
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.defined();
    context->saved_data["x"] = x.requires_grad();
    return forward_all(x, weight, bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], g = from_above[0].contiguous();
    at::Tensor dx, reversed = weight.flip({2, 3, 4}).transpose(0, 1);
    if (context->saved_data["x"].toBool()) dx = forward_all(g, reversed, {});
    return {dx, weight_gradient(x, g, weight), context->saved_data["bias"].toBool() ? g.sum({0, 2, 3, 4}) : at::Tensor()};
  }
};

// One axis of the transposed convolution's columns: tap k of voxel i adds to voxel 2 i + k - 1, so even voxels take tap 1 and
// odd ones tap 2 of their own and tap 0 of the next.
void gather_row(const float* tap0, const float* tap1, const float* tap2, int64_t n, float* into) {
  for (int64_t i = 0; i + 1 < n; ++i) {
    into[2 * i] += tap1[i];
    into[2 * i + 1] += tap2[i] + tap0[i + 1];
  }
  into[2 * n - 2] += tap1[n - 1];
  into[2 * n - 1] += tap2[n - 1];
}

// Products of one input plane with all taps, [out * 27][y][x]. They stay in the cache until two output planes have taken them;
// for a whole volume they would be 27 times the output's class maps.
class TapColumns {
 public:
  TapColumns(const at::Tensor& x, const at::Tensor& matrix) : x_(x), matrix_(matrix), values_(at::empty({matrix.size(0), x.size(3) * x.size(4)}, at::kFloat)) {}
  void compute(int64_t n, int64_t z) {
    at::Tensor rows = x_[n].select(1, z).permute({1, 2, 0}).reshape({x_.size(3) * x_.size(4), x_.size(1)}).to(at::kFloat);
    at::mm_out(values_, matrix_, rows.t());
  }
  const float* tap(int64_t out, int64_t kz, int64_t ky, int64_t y) const {
    return values_.const_data_ptr<float>() + ((out * 27 + kz * 9 + ky * 3) * x_.size(3) + y) * x_.size(4);
  }

 private:
  at::Tensor x_, matrix_, values_;
};

// Adds the taps kz of one input plane to one output plane.
void add_plane(const TapColumns& columns, int64_t out, int64_t kz, int64_t y, int64_t w, float* plane) {
  for (int64_t yi = 0; yi < y; ++yi)
    for (int64_t ky = 0; ky < 3; ++ky) {
      int64_t yo = 2 * yi + ky - 1;
      if (yo < 0) continue;
      const float* tap = columns.tap(out, kz, ky, yi);
      gather_row(tap, tap + y * w, tap + 2 * y * w, w, plane + yo * 2 * w);
    }
}

struct FewOutputs : torch::autograd::Function<FewOutputs> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& of_bias) {
    at::Tensor bias = of_bias ? *of_bias : at::Tensor();
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.defined();
    context->saved_data["x"] = x.requires_grad();
    int64_t n = x.size(0), in = x.size(1), out = weight.size(1), depth = x.size(2), y = x.size(3), w = x.size(4);
    at::Tensor result = at::empty({n, out, 2 * depth, 2 * y, 2 * w}, at::TensorOptions(at::kFloat));
    at::Tensor matrix = weight.reshape({in, out * 27}).t();
    float* to = result.data_ptr<float>();
    at::parallel_for(0, n * depth, 1, [&](int64_t begin, int64_t end) {
      torch::NoGradGuard no_grad;
      TapColumns here(x, matrix), next(x, matrix);
      for (int64_t t = begin; t < end; ++t) {
        int64_t k = t / depth, z = t % depth;
        if (t == begin || z == 0) here.compute(k, z);
        if (z + 1 < depth) next.compute(k, z + 1);
        for (int64_t o = 0; o < out; ++o) {
          float start = bias.defined() ? bias.const_data_ptr<float>()[o] : 0.0f, *even = to + ((k * out + o) * 2 * depth + 2 * z) * 4 * y * w, *odd = even + 4 * y * w;
          std::fill(even, odd + 4 * y * w, start);
          add_plane(here, o, 1, y, w, even);
          if (z + 1 < depth) add_plane(next, o, 0, y, w, odd);
          add_plane(here, o, 2, y, w, odd);
        }
        std::swap(here, next);
      }
    });
    return result;
  }
  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    bool has_bias = context->saved_data["bias"].toBool();
    at::Tensor g = from_above[0].contiguous(at::MemoryFormat::ChannelsLast3d);
    auto [dx, dw, db] = at::convolution_backward(g, x.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast3d), weight.contiguous(at::MemoryFormat::ChannelsLast3d), at::OptionalIntArrayRef(),
                                                 {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, true, {1, 1, 1}, 1, {context->saved_data["x"].toBool(), true, false});
    if (dx.defined()) dx = dx.to(x.scalar_type());
    return {dx, dw, has_bias ? from_above[0].sum({0, 2, 3, 4}) : at::Tensor()};
  }
};

}  // namespace

bool few_channels_fit(const Node& node, int64_t in_channels) {
  return node.op == Op::conv && zeros_around(node) && node.stride == cube(1) && in_channels <= most_few_channels && node.channels <= most_few_channels;
}

at::Tensor few_channel_convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) { return FewChannelConv::apply(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt); }

bool few_outputs_fit(const Node& node) {
  return node.op == Op::transposed_conv && zeros_around(node) && node.stride == cube(2) && node.output_padding == cube(1) && node.channels <= most_few_channels;
}

at::Tensor few_output_convolve_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) { return FewOutputs::apply(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt); }

}  // namespace tomograd
