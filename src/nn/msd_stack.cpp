#include "nn/msd_stack.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <atomic>
#include <cstring>

#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// torch's threads, each taking the next piece when it is done with one.
void on_torch_threads(int64_t count, const std::function<void(int64_t)>& body) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), count), 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread)
      for (int64_t i = next++; i < count; i = next++) body(i);
  });
}

struct Shape {  // what the node and the input's size say; a network in planes has a stack for every slice
  int64_t cases, slices, in, channels, width;
  MsdLayout layout;
  bool flat;
  Extent size;

  Shape(const Node& node, const at::Tensor& x)
      : cases(x.size(0)), slices(1), in(x.size(1)), channels(in + int64_t(node.layer_dilations.size())), width(node.width), flat(node.dims() == 2), size{x.size(2), x.size(3), x.size(4)} {
    int64_t largest = *std::max_element(node.layer_dilations.begin(), node.layer_dilations.end());
    layout = flat ? msd_layout({size.y, 1, size.x}, largest, node.reflect, true) : msd_layout(size, largest, node.reflect, false);
    if (flat) slices = size.z;
  }
  int64_t plane() const { return size.y * size.x; }
  // Voxel 0 of a stack's part in a dense tensor [case][of][z][y][x], and the values from one channel to the next there.
  int64_t dense_at(int64_t item, int64_t of) const { return item / slices * of * size.voxels() + item % slices * plane(); }
};

// All weights of all layers one after the other, then all biases: one tensor for autograd to follow.
at::Tensor packed(const MsdTensors& tensors) {
  variable_list flat;
  for (const auto& w : tensors.weight) flat.push_back(w.reshape({-1}));
  for (const auto& b : tensors.bias) flat.push_back(b);
  return at::cat(flat);
}

// Places of every layer's weights and biases in a packed tensor.
template <class Pointer>
void places(const Shape& shape, int64_t depth, Pointer all, std::vector<Pointer>& weight, std::vector<Pointer>& bias) {
  for (int64_t i = 0; i < depth; ++i) weight.push_back(all), all += shape.width * (shape.in + shape.width * i) * shape.layout.taps();
  for (int64_t i = 0; i < depth; ++i) bias.push_back(all), all += shape.width;
}

MsdNetwork network_of(const Node& node, const Shape& shape, const at::Tensor& parameters) {
  MsdNetwork network;
  network.in_channels = shape.in, network.width = node.width, network.dilations = node.layer_dilations;
  places<const float*>(shape, node.depth(), parameters.const_data_ptr<float>(), network.weight, network.bias);
  return network;
}

// Calls use(place in a dense tensor [case][of][z][y][x], place in the stack) for every row of one channel.
template <class Use>
void each_row(const Shape& shape, int64_t item, int64_t of, int64_t channel, Use&& use) {
  const MsdLayout& layout = shape.layout;
  int64_t dense = shape.dense_at(item, of) + channel * shape.size.voxels();
  for (int64_t z = 0; z < layout.size.z; ++z)
    for (int64_t y = 0; y < layout.size.y; ++y) use(dense + (z * layout.size.y + y) * layout.size.x, layout.at(channel, z, y, 0));
}

// All `of` channels of a dense tensor into the first ones of the stack, and back.
void to_stack(const Shape& shape, const float* dense, int64_t item, int64_t of, float* stack) {
  on_torch_threads(of, [&](int64_t c) {
    each_row(shape, item, of, c, [&](int64_t from, int64_t to) { std::memcpy(stack + to, dense + from, size_t(shape.size.x) * 4); });
  });
}

void from_stack(const Shape& shape, const float* stack, int64_t item, int64_t of, float* dense) {
  on_torch_threads(of, [&](int64_t c) {
    each_row(shape, item, of, c, [&](int64_t to, int64_t from) { std::memcpy(dense + to, stack + from, size_t(shape.size.x) * 4); });
  });
}

// The input channels in bf16, two of them in the places of one.
void input_to_pairs(const Shape& shape, const float* x, int64_t item, float* pairs) {
  for (int64_t c = 0; c < shape.in; ++c)
    each_row(shape, item, shape.in, c, [&](int64_t from, int64_t place) {
      float* to = pairs + place - (c - c / 2) * shape.layout.channel;
      for (int64_t i = 0; i < shape.size.x; ++i) {
        uint32_t word = to_bf16(x[from + i]);
        if (c % 2) {
          uint32_t low;
          std::memcpy(&low, to + i, 4);
          word = (low & 0xffffu) | word << 16;
        }
        std::memcpy(to + i, &word, 4);
      }
    });
}

// Classes of one stack into a dense tensor: the head's planes are the layout's, its volume that of the stack.
void run_head(const Shape& shape, const MsdHead& head, const float* stack, bool pairs, int64_t item, float* out, std::vector<float>& own) {
  const MsdLayout& layout = shape.layout;
  bool dense = shape.slices == 1;
  if (!dense) own.resize(size_t(head.classes * layout.size.voxels()));
  float* to = dense ? out + shape.dense_at(item, head.classes) : own.data();
  auto forward = pairs ? msd_head_kernels().forward_bf16 : msd_head_kernels().forward;
  on_torch_threads(layout.size.z, [&](int64_t z) { forward(layout, head, stack, z, to); });
  for (int64_t k = 0; !dense && k < head.classes; ++k) std::memcpy(out + shape.dense_at(item, head.classes) + k * shape.size.voxels(), to + k * shape.plane(), size_t(shape.plane()) * 4);
}

MsdHead head_of(const Shape& shape, const at::Tensor& weight, const at::Tensor& bias) { return {shape.channels, weight.size(0), weight.const_data_ptr<float>(), bias.const_data_ptr<float>()}; }

struct MsdStack : torch::autograd::Function<MsdStack> {
  static at::Tensor forward(AutogradContext* context, const Node& node, const at::Tensor& input, const at::Tensor& parameters, const std::optional<at::Tensor>& head_weight,
                            const std::optional<at::Tensor>& head_bias) {
    at::Tensor x = input.contiguous();
    Shape shape(node, x);
    MsdNetwork network = network_of(node, shape, parameters);
    int64_t items = shape.cases * shape.slices, floats = shape.layout.floats(shape.channels);
    at::Tensor stack = at::empty({items, floats}, at::kFloat);
    MsdHead head;
    if (head_weight) head = head_of(shape, *head_weight, *head_bias);
    at::Tensor out = at::empty({shape.cases, head_weight ? head.classes : shape.channels, shape.size.z, shape.size.y, shape.size.x}, at::kFloat);
    std::vector<float> own;
    for (int64_t item = 0; item < items; ++item) {
      float* maps = stack.data_ptr<float>() + item * floats;
      std::memset(maps + floats - 64, 0, 64 * 4);
      to_stack(shape, x.const_data_ptr<float>(), item, shape.in, maps);
      msd_forward(msd_kernels(), shape.layout, network, maps, {}, on_torch_threads);
      if (head_weight) run_head(shape, head, maps, false, item, out.data_ptr<float>(), own);
      else from_stack(shape, maps, item, shape.channels, out.data_ptr<float>());
    }
    context->save_for_backward({x, parameters, head_weight ? *head_weight : at::Tensor(), head_bias ? *head_bias : at::Tensor(), stack});
    context->saved_data["into_input"] = input.requires_grad();
    context->saved_data["width"] = node.width;
    context->saved_data["dilations"] = node.layer_dilations;
    context->saved_data["reflect"] = node.reflect;
    context->saved_data["flat"] = node.dims() == 2;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &parameters = saved[1], &head_weight = saved[2], &head_bias = saved[3], &stack = saved[4];
    at::Tensor above = from_above[0].to(at::kFloat).contiguous();
    Node node;
    node.op = Op::msd, node.width = context->saved_data["width"].toInt(), node.layer_dilations = context->saved_data["dilations"].toIntVector();
    node.reflect = context->saved_data["reflect"].toBool();
    node.kernel = context->saved_data["flat"].toBool() ? Extent{1, 3, 3} : cube(3);
    bool into_input = context->saved_data["into_input"].toBool();
    Shape shape(node, x);
    MsdNetwork network = network_of(node, shape, parameters);
    at::Tensor sums = at::zeros_like(parameters), one = at::empty_like(parameters), dx, d_weight, d_bias;
    std::vector<float*> to_weight, to_bias;
    places<float*>(shape, node.depth(), one.data_ptr<float>(), to_weight, to_bias);
    if (into_input) dx = at::empty_like(x, at::MemoryFormat::Contiguous);
    if (head_weight.defined()) d_weight = at::zeros_like(head_weight), d_bias = at::zeros_like(head_bias);
    int64_t floats = shape.layout.floats(shape.channels);
    at::Tensor grad = at::empty({floats}, at::kFloat);
    float* g = grad.data_ptr<float>();
    for (int64_t item = 0; item < shape.cases * shape.slices; ++item) {
      const float* maps = stack.const_data_ptr<float>() + item * floats;
      if (head_weight.defined()) head_backward(shape, head_of(shape, head_weight, head_bias), maps, above, item, g, d_weight, d_bias);
      else to_stack(shape, above.const_data_ptr<float>(), item, shape.channels, g);
      msd_backward(msd_kernels(), shape.layout, network, maps, g, into_input, to_weight, to_bias, on_torch_threads);
      sums += one;
      if (into_input) from_stack(shape, g, item, shape.in, dx.data_ptr<float>());
    }
    return {at::Tensor(), dx, sums, d_weight, d_bias};
  }

 private:
  static void head_backward(const Shape& shape, const MsdHead& head, const float* maps, const at::Tensor& above, int64_t item, float* grad, at::Tensor& dw, at::Tensor& db) {
    const MsdLayout& layout = shape.layout;
    int64_t planes = layout.size.z;
    at::Tensor weight_sums = at::empty({planes, head.classes, head.channels}, at::kFloat), bias_sums = at::empty({planes, head.classes}, at::kFloat);
    std::vector<float> own;
    const float* g = above.const_data_ptr<float>() + shape.dense_at(item, head.classes);
    if (shape.slices > 1) {
      own.resize(size_t(head.classes * shape.plane()));
      for (int64_t k = 0; k < head.classes; ++k) std::memcpy(own.data() + k * shape.plane(), g + k * shape.size.voxels(), size_t(shape.plane()) * 4);
      g = own.data();
    }
    on_torch_threads(planes, [&](int64_t z) {
      msd_head_kernels().backward(layout, head, maps, g, z, grad, weight_sums.data_ptr<float>() + z * head.classes * head.channels, bias_sums.data_ptr<float>() + z * head.classes);
    });
    dw += weight_sums.to(at::kDouble).sum(0).to(at::kFloat).view(dw.sizes());
    db += bias_sums.to(at::kDouble).sum(0).to(at::kFloat);
  }
};

at::Tensor forward_bf16(const Node& node, const at::Tensor& input, const MsdTensors& tensors) {
  at::Tensor x = input.to(at::kFloat).contiguous();
  Shape shape(node, x);
  at::Tensor parameters = packed(tensors);
  MsdNetwork network = network_of(node, shape, parameters);
  at::Tensor stack = at::empty({shape.layout.floats(ceil_div(shape.channels, 2))}, at::kFloat);
  std::memset(stack.data_ptr<float>() + stack.numel() - 64, 0, 64 * 4);
  MsdHead head = head_of(shape, tensors.final_weight, tensors.final_bias);
  at::Tensor out = at::empty({shape.cases, head.classes, shape.size.z, shape.size.y, shape.size.x}, at::kFloat);
  std::vector<float> own;
  for (int64_t item = 0; item < shape.cases * shape.slices; ++item) {
    input_to_pairs(shape, x.const_data_ptr<float>(), item, stack.data_ptr<float>());
    msd_forward_bf16(msd_kernels(), shape.layout, network, stack.data_ptr<float>(), {}, on_torch_threads);
    run_head(shape, head, stack.data_ptr<float>(), true, item, out.data_ptr<float>(), own);
  }
  return out;
}

at::Tensor pad_reflected(const at::Tensor& x, int64_t axis, int64_t by) {
  int64_t n = x.size(axis);
  std::vector<int64_t> places;
  for (int64_t i = -by; i < n + by; ++i) places.push_back(reflected(i, n));
  return x.index_select(axis, at::tensor(places, at::TensorOptions(at::kLong).device(x.device())));
}

}  // namespace

bool msd_reads_head(const Node& reader) { return reader.op == Op::conv && reader.kernel == cube(1) && reader.stride == cube(1) && reader.bias; }

at::Tensor msd_stack(const Node& node, at::Tensor x, const MsdTensors& tensors, bool bf16) {
  bool with_head = tensors.final_weight.defined();
  if (bf16 && with_head && !at::GradMode::is_enabled()) return forward_bf16(node, x, tensors);
  std::optional<at::Tensor> weight, bias;
  if (with_head) weight = tensors.final_weight, bias = tensors.final_bias;
  return MsdStack::apply(node, x.to(at::kFloat), packed(tensors), weight, bias);
}

at::Tensor msd_stack_plain(const Node& node, const at::Tensor& x, const MsdTensors& tensors) {
  at::Tensor stack = x;
  bool flat = node.dims() == 2;
  for (size_t i = 0; i < tensors.weight.size(); ++i) {
    variable_list layer;
    for (int64_t j = 0; j < node.width; ++j) {
      int64_t d = node.layer_dilations[i * size_t(node.width) + size_t(j)];
      at::Tensor from = stack;
      std::vector<int64_t> pad{flat ? 0 : d, d, d};
      if (node.reflect) {
        for (int64_t axis = flat ? 3 : 2; axis < 5; ++axis) from = pad_reflected(from, axis, d);
        pad = {0, 0, 0};
      }
      layer.push_back(at::relu(at::conv3d(from, tensors.weight[i].narrow(0, j, 1), tensors.bias[i].narrow(0, j, 1), {1, 1, 1}, pad, {flat ? 1 : d, d, d})));
    }
    layer.insert(layer.begin(), stack);
    stack = at::cat(layer, 1);
  }
  return tensors.final_weight.defined() ? at::conv3d(stack, tensors.final_weight, tensors.final_bias) : stack;
}

}  // namespace tomograd
