// Private to the engine rooms
#include "nn/upsample_join.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cstring>
#include <vector>

#include "kernels/upsample_linear.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto last = at::MemoryFormat::ChannelsLast3d;

UpsampleShape shape_of(const at::Tensor& joined, const at::Tensor& deep, bool planes) {
  return {{deep.size(2), deep.size(3), deep.size(4)}, {joined.size(2), joined.size(3), joined.size(4)}, deep.size(1), joined.size(1), planes};
}

// Channels [0, channels) of a dense image between it and the first channels of a wider one.
void copy_channels(const char* from, int64_t from_step, char* to, int64_t to_step, int64_t bytes, int64_t voxels) {
  for (int64_t v = 0; v < voxels; ++v) std::memcpy(to + v * to_step, from + v * from_step, size_t(bytes));
}

template <class T>
void fill(const at::Tensor& skip, const at::Tensor& deep, bool planes, at::Tensor& joined) {
  UpsampleShape s = shape_of(joined, deep, planes);
  int64_t n = joined.size(0), plane = s.to.y * s.to.x, first = skip.size(1);
  const T *of_skip = static_cast<const T*>(skip.const_data_ptr()), *of_deep = static_cast<const T*>(deep.const_data_ptr());
  T* y = static_cast<T*>(joined.data_ptr());
  at::parallel_for(0, n * s.to.z, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> row(size_t(s.from.x * s.channels));
    for (int64_t t = begin; t < end; ++t) {
      int64_t image = t / s.to.z, z = t % s.to.z;
      copy_channels(reinterpret_cast<const char*>(of_skip + t * plane * first), first * int64_t(sizeof(T)), reinterpret_cast<char*>(y + t * plane * s.pitch), s.pitch * int64_t(sizeof(T)),
                    first * int64_t(sizeof(T)), plane);
      upsample_kernels<T>().forward(s, of_deep + image * s.from.voxels() * s.channels, z, row.data(), y + t * plane * s.pitch + first);
    }
  });
}

template <class T>
void spread_back(const at::Tensor& g, bool planes, at::Tensor& of_skip, at::Tensor& of_deep) {
  UpsampleShape s = shape_of(g, of_deep, planes);
  int64_t n = g.size(0), plane = s.to.y * s.to.x, first = of_skip.size(1), from_plane = s.from.y * s.from.x * s.channels;
  const T* above = static_cast<const T*>(g.const_data_ptr());
  T *skip = static_cast<T*>(of_skip.data_ptr()), *deep = static_cast<T*>(of_deep.data_ptr());
  at::parallel_for(0, n * s.from.z, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> row(size_t(s.to.x * s.channels));
    for (int64_t t = begin; t < end; ++t)
      upsample_kernels<T>().backward(s, above + t / s.from.z * s.to.z * plane * s.pitch + first, t % s.from.z, row.data(), deep + t * from_plane);
  });
  at::parallel_for(0, n * s.to.z, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t)
      copy_channels(reinterpret_cast<const char*>(above + t * plane * s.pitch), s.pitch * int64_t(sizeof(T)), reinterpret_cast<char*>(skip + t * plane * first), first * int64_t(sizeof(T)),
                    first * int64_t(sizeof(T)), plane);
  });
}

struct UpsampleJoin : torch::autograd::Function<UpsampleJoin> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& skip, const at::Tensor& deep, bool planes) {
    context->saved_data["planes"] = planes;
    context->saved_data["skip"] = skip.sizes().vec();
    context->saved_data["deep"] = deep.sizes().vec();
    at::Tensor joined = at::empty({skip.size(0), skip.size(1) + deep.size(1), skip.size(2), skip.size(3), skip.size(4)}, skip.options(), last);
    at::Tensor a = skip.contiguous(last), b = deep.contiguous(last);
    if (skip.scalar_type() == at::kFloat) fill<float>(a, b, planes, joined);
    else fill<uint16_t>(a, b, planes, joined);
    return joined;
  }

  static variable_list backward(AutogradContext* context, const variable_list& above) {
    at::Tensor g = above[0].contiguous(last);
    at::Tensor of_skip = at::empty(context->saved_data["skip"].toIntVector(), g.options(), last), of_deep = at::empty(context->saved_data["deep"].toIntVector(), g.options(), last);
    bool planes = context->saved_data["planes"].toBool();
    if (g.scalar_type() == at::kFloat) spread_back<float>(g, planes, of_skip, of_deep);
    else spread_back<uint16_t>(g, planes, of_skip, of_deep);
    return {of_skip, of_deep, at::Tensor()};
  }
};

}  // namespace

bool can_join(const Node& node) {
  return node.op == Op::upsample && node.linear_upsample && node.factor.y == 2 && node.factor.x == 2 && (node.factor.z == 2 || node.factor.z == 1);
}

at::Tensor upsample_join(const at::Tensor& skip, const at::Tensor& deep, bool planes) { return UpsampleJoin::apply(skip, deep, planes); }

}  // namespace tomograd
