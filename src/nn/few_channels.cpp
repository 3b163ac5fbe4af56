// Private to the engine rooms
#include "nn/few_channels.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

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

// x [n][in][z][y][x] to [n][out][z][y][x]; weight [out][in][3][3][3].
at::Tensor forward_all(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  at::Tensor wide = padded(x), w = weight.contiguous(), y = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3), x.size(4)}, x.options().memory_format(at::MemoryFormat::Contiguous));
  FewChannelShape shape{x.size(1), weight.size(0), {x.size(2), x.size(3), x.size(4)}, wide.size(4)};
  const float *from = wide.data_ptr<float>(), *of_bias = bias.defined() ? bias.data_ptr<float>() : nullptr;
  int64_t in_step = wide.numel() / x.size(0), out_step = y.numel() / x.size(0);
  at::parallel_for(0, x.size(0) * shape.size.z, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t n = t / shape.size.z;
      few_channel_kernels().forward(shape, from + n * in_step, w.data_ptr<float>(), of_bias, t % shape.size.z, y.data_ptr<float>() + n * out_step);
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

struct FewOutputs : torch::autograd::Function<FewOutputs> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& of_bias) {
    at::Tensor bias = of_bias ? *of_bias : at::Tensor();
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.defined();
    context->saved_data["x"] = x.requires_grad();
    int64_t n = x.size(0), in = x.size(1), out = weight.size(1), z = x.size(2), y = x.size(3), w = x.size(4), voxels = z * y * w;
    at::Tensor result = at::empty({n, out, 2 * z, 2 * y, 2 * w}, x.options().memory_format(at::MemoryFormat::Contiguous));
    at::Tensor matrix = weight.reshape({in, out * 27}).t();
    for (int64_t k = 0; k < n; ++k) {
      // [out * 27][voxel]
      at::Tensor columns = at::mm(matrix, x[k].permute({1, 2, 3, 0}).reshape({voxels, in}).t()).contiguous();
      const float* from = columns.data_ptr<float>();
      float* to = result.data_ptr<float>() + k * out * 8 * voxels;
      at::parallel_for(0, out * 2 * z, 1, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; ++t) {
          int64_t o = t / (2 * z), zo = t % (2 * z);
          float start = bias.defined() ? bias.data_ptr<float>()[o] : 0.0f, *plane = to + t * 4 * y * w;
          for (int64_t i = 0; i < 4 * y * w; ++i) plane[i] = start;
          for (int kz = 0; kz < 3; ++kz) {
            int64_t zi = zo + 1 - kz;
            if (zi < 0 || zi % 2 || zi / 2 >= z) continue;
            for (int64_t yi = 0; yi < y; ++yi)
              for (int ky = 0; ky < 3; ++ky) {
                int64_t yo = 2 * yi + ky - 1;
                if (yo < 0) continue;
                const float* tap = from + ((o * 27 + kz * 9 + ky * 3) * z + zi / 2) * y * w + yi * w;
                gather_row(tap, tap + voxels, tap + 2 * voxels, w, plane + yo * 2 * w);
              }
          }
        }
      });
    }
    return result;
  }
  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    bool has_bias = context->saved_data["bias"].toBool();
    at::Tensor g = from_above[0].contiguous(at::MemoryFormat::ChannelsLast3d);
    auto [dx, dw, db] = at::convolution_backward(g, x.contiguous(at::MemoryFormat::ChannelsLast3d), weight.contiguous(at::MemoryFormat::ChannelsLast3d), at::OptionalIntArrayRef(),
                                                 {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, true, {1, 1, 1}, 1, {context->saved_data["x"].toBool(), true, false});
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
