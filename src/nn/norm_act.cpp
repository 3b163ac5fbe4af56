// Private to the engine rooms
#include "nn/norm_act.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "kernels/norm_act.h"
#include "nn/maybe_tensor.h"

namespace tomograd {
namespace {

constexpr int64_t chunk_values = 32768;  // of one partial sum; a constant, so that threads do not change the result

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// How a tensor lies: `groups` pieces with statistics of their own, each of `rows` rows of `channels` values.
struct Layout {
  int64_t groups = 0, rows = 0, channels = 0, period = 0, chunk = 0, chunks = 0;
  bool planar = false;
};

Layout layout_of(const at::Tensor& x) {
  Layout l;
  int64_t n = x.size(0), c = x.size(1), voxels = x.size(2) * x.size(3) * x.size(4);
  l.planar = c > 1 ? x.is_contiguous() && !x.is_contiguous(at::MemoryFormat::ChannelsLast3d) : true;
  l.groups = l.planar ? n * c : n;
  l.channels = l.planar ? 1 : c;
  l.rows = voxels;
  l.period = std::lcm<int64_t>(l.channels, 16);
  l.chunk = std::max<int64_t>(1, chunk_values / l.period) * l.period;
  l.chunks = ceil_div(l.rows * l.channels, l.chunk);
  return l;
}

template <class Body>
void for_chunks(const Layout& l, Body&& body) {
  at::parallel_for(0, l.groups * l.chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t group = t / l.chunks, from = t % l.chunks * l.chunk, all = l.rows * l.channels;
      body(group, t, group * all + from, std::min(l.chunk, all - from));
    }
  });
}

// Coefficients per (group, channel), spread over the period.
std::vector<float> spread(const Layout& l, const std::vector<double>& values) {
  std::vector<float> wide(size_t(l.groups * l.period));
  for (int64_t g = 0; g < l.groups; ++g)
    for (int64_t p = 0; p < l.period; ++p) wide[size_t(g * l.period + p)] = float(values[size_t(g * l.channels + p % l.channels)]);
  return wide;
}

// Partial sums [chunk][period] of group g folded to its channels.
void fold(const Layout& l, const std::vector<float>& partial, std::vector<double>& into) {
  into.assign(size_t(l.groups * l.channels), 0.0);
  for (int64_t t = 0; t < l.groups * l.chunks; ++t)
    for (int64_t p = 0; p < l.period; ++p) into[size_t(t / l.chunks * l.channels + p % l.channels)] += partial[size_t(t * l.period + p)];
}

double value_or(const at::Tensor& t, int64_t i, double otherwise) {
  return t.defined() ? double(t.data_ptr<float>()[t.numel() == 1 ? 0 : i]) : otherwise;
}

int64_t channel_of(const Layout& l, int64_t channels_of_tensor, size_t i) { return int64_t(i) % (l.planar ? channels_of_tensor : l.channels); }

struct Coefficients { std::vector<double> mean, rstd, a, b, slope; };

template <class T> const T* raw(const at::Tensor& t) { return static_cast<const T*>(t.const_data_ptr()); }

template <class T>
Coefficients statistics(const at::Tensor& x, const Layout& l, double epsilon) {
  std::vector<double> origin(size_t(l.groups * l.channels)), sum, squares;
  Coefficients k;
  for (size_t i = 0; i < origin.size(); ++i) {
    T first = raw<T>(x)[int64_t(i) / l.channels * l.rows * l.channels + int64_t(i) % l.channels];
    if constexpr (std::is_same_v<T, float>) origin[i] = first;
    else origin[i] = double(std::bit_cast<float>(uint32_t{first} << 16));
  }
  std::vector<float> wide_origin = spread(l, origin), sums(size_t(l.groups * l.chunks * l.period)), square_sums(sums.size());
  for_chunks(l, [&](int64_t group, int64_t t, int64_t place, int64_t values) {
    norm_act_kernels<T>().sums(raw<T>(x) + place, values, l.period, &wide_origin[size_t(group * l.period)], &sums[size_t(t * l.period)], &square_sums[size_t(t * l.period)]);
  });
  fold(l, sums, sum);
  fold(l, square_sums, squares);
  for (size_t i = 0; i < origin.size(); ++i) {
    double shift = sum[i] / double(l.rows), variance = std::max(0.0, squares[i] / double(l.rows) - shift * shift);
    k.mean.push_back(origin[i] + shift);
    k.rstd.push_back(1 / std::sqrt(variance + epsilon));
  }
  return k;
}

void complete(Coefficients& k, const Layout& l, int64_t channels, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& slope, double plain_slope) {
  for (size_t i = 0; i < k.mean.size(); ++i) {
    int64_t c = channel_of(l, channels, i);
    double a = value_or(weight, c, 1) * k.rstd[i];
    k.a.push_back(a);
    k.b.push_back(value_or(bias, c, 0) - a * k.mean[i]);
    k.slope.push_back(value_or(slope, c, plain_slope));
  }
}

at::Tensor as_tensor(const std::vector<double>& values) { return at::tensor(at::ArrayRef<double>(values), at::kDouble); }
std::vector<double> as_vector(const at::Tensor& t) { return {t.data_ptr<double>(), t.data_ptr<double>() + t.numel()}; }

at::Tensor like(const at::Tensor& t, const at::Tensor& x) {  // t in the memory order and format of x
  if (t.scalar_type() == x.scalar_type() && t.strides() == x.strides()) return t;
  return at::empty_like(x).copy_(t);
}

template <class T>
void forward_sweep(const at::Tensor& x, const Layout& l, const Coefficients& k, const at::Tensor& residual, at::Tensor& y) {
  std::vector<float> a = spread(l, k.a), b = spread(l, k.b), slope = spread(l, k.slope);
  for_chunks(l, [&](int64_t group, int64_t, int64_t place, int64_t values) {
    size_t at = size_t(group * l.period);
    norm_act_kernels<T>().apply(raw<T>(x) + place, values, l.period, {&a[at], &b[at], &slope[at]}, residual.defined() ? raw<T>(residual) + place : nullptr,
                                static_cast<T*>(y.data_ptr()) + place);
  });
}

struct Sums { std::vector<double> first, second, third; };

template <class T>
Sums backward_sweeps(const at::Tensor& x, const at::Tensor& g, const Layout& l, const Coefficients& k, at::Tensor& dx) {
  std::vector<float> a = spread(l, k.a), b = spread(l, k.b), slope = spread(l, k.slope), mean = spread(l, k.mean);
  std::vector<float> p1(size_t(l.groups * l.chunks * l.period)), p2(p1.size()), p3(p1.size());
  for_chunks(l, [&](int64_t group, int64_t t, int64_t place, int64_t values) {
    size_t at = size_t(group * l.period), to = size_t(t * l.period);
    norm_act_kernels<T>().gradient_sums(raw<T>(x) + place, raw<T>(g) + place, values, l.period, {&a[at], &b[at], &slope[at]}, &mean[at], &p1[to], &p2[to], &p3[to]);
  });
  Sums s;
  fold(l, p1, s.first);
  fold(l, p2, s.second);
  fold(l, p3, s.third);
  // dx = a (dz - sum dz / m - (x - mean) rstd^2 sum dz (x - mean) / m)
  std::vector<double> u, v;
  for (size_t i = 0; i < k.a.size(); ++i) {
    double slope_of_x = -k.a[i] * k.rstd[i] * k.rstd[i] * s.second[i] / double(l.rows);
    v.push_back(slope_of_x);
    u.push_back(-k.a[i] * s.first[i] / double(l.rows) - slope_of_x * k.mean[i]);
  }
  std::vector<float> wide_u = spread(l, u), wide_v = spread(l, v);
  for_chunks(l, [&](int64_t group, int64_t, int64_t place, int64_t values) {
    size_t at = size_t(group * l.period);
    norm_act_kernels<T>().gradient(raw<T>(x) + place, raw<T>(g) + place, values, l.period, {&a[at], &b[at], &slope[at]}, {&a[at], &wide_u[at], &wide_v[at]},
                                   static_cast<T*>(dx.data_ptr()) + place);
  });
  return s;
}

// Sums per (group, channel) added up to the shape of a parameter.
at::Tensor parameter_gradient(const at::Tensor& parameter, const Layout& l, int64_t channels, const std::vector<double>& sums) {
  std::vector<double> total(size_t(parameter.numel()), 0.0);
  for (size_t i = 0; i < sums.size(); ++i) total[total.size() == 1 ? 0 : size_t(channel_of(l, channels, i))] += sums[i];
  return as_tensor(total).to(parameter.scalar_type()).view(parameter.sizes());
}

struct NormAct : torch::autograd::Function<NormAct> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const MaybeTensor& of_weight, const MaybeTensor& of_bias, const MaybeTensor& of_slope,
                            const MaybeTensor& of_residual, const MaybeTensor& of_idle_bias, double epsilon, double plain_slope) {
    at::Tensor weight = tensor_or_none(of_weight), bias = tensor_or_none(of_bias), slope = tensor_or_none(of_slope), residual = tensor_or_none(of_residual), idle_bias = tensor_or_none(of_idle_bias);
    bool channels_last = input.is_contiguous(at::MemoryFormat::ChannelsLast3d);
    at::Tensor x = channels_last || input.is_contiguous() ? input : input.contiguous(at::MemoryFormat::ChannelsLast3d);
    Layout l = layout_of(x);
    bool is_float = x.scalar_type() == at::kFloat;
    Coefficients k = is_float ? statistics<float>(x, l, epsilon) : statistics<uint16_t>(x, l, epsilon);
    complete(k, l, x.size(1), weight, bias, slope, plain_slope);
    at::Tensor y = at::empty_like(x), added = residual.defined() ? like(residual, x) : residual;
    if (is_float) forward_sweep<float>(x, l, k, added, y);
    else forward_sweep<uint16_t>(x, l, k, added, y);
    context->save_for_backward({x, weight, bias, slope, idle_bias, as_tensor(k.mean), as_tensor(k.rstd)});
    context->saved_data["plain_slope"] = plain_slope;
    context->saved_data["residual"] = residual.defined();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &slope = saved[3], &idle_bias = saved[4];
    Layout l = layout_of(x);
    Coefficients k{as_vector(saved[5]), as_vector(saved[6]), {}, {}, {}};
    complete(k, l, x.size(1), weight, bias, slope, context->saved_data["plain_slope"].toDouble());
    at::Tensor g = like(from_above[0], x), dx = at::empty_like(x);
    Sums s = x.scalar_type() == at::kFloat ? backward_sweeps<float>(x, g, l, k, dx) : backward_sweeps<uint16_t>(x, g, l, k, dx);
    std::vector<double> of_weight;
    for (size_t i = 0; i < s.second.size(); ++i) of_weight.push_back(s.second[i] * k.rstd[i]);
    auto gradient = [&](const at::Tensor& parameter, const std::vector<double>& sums) {
      return parameter.defined() ? parameter_gradient(parameter, l, x.size(1), sums) : at::Tensor();
    };
    return {dx, gradient(weight, of_weight), gradient(bias, s.first), gradient(slope, s.third),
            context->saved_data["residual"].toBool() ? from_above[0] : at::Tensor(), idle_bias.defined() ? at::zeros_like(idle_bias) : at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool can_fuse(const Node& norm, const Node* activation) {
  if (norm.op != Op::norm || norm.norm != Norm::instance) return false;
  if (!activation) return true;
  switch (activation->activation) {              // what is linear on either side of zero
    case Activation::none:
    case Activation::relu:
    case Activation::leaky_relu:
    case Activation::prelu: return true;
    case Activation::elu:
    case Activation::swish:
    case Activation::sigmoid: return false;
  }
  return false;
}

at::Tensor norm_act(const Node& norm, const Node* activation, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& slope, const at::Tensor& residual, const at::Tensor& idle_bias) {
  Activation kind = activation ? activation->activation : Activation::none;
  double plain_slope = kind == Activation::leaky_relu ? activation->slope : kind == Activation::relu ? 0 : 1;
  return NormAct::apply(x, if_defined(weight), if_defined(bias), if_defined(slope), if_defined(residual), if_defined(idle_bias), norm.epsilon, plain_slope);
}

}  // namespace tomograd
