// Convolutions that do not reach along z go to libtorch as pictures: the same function, in every format, for single planes too.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nn/layers.h"
#include "nn/network.h"

namespace tomograd {
namespace {

Node planar(Extent stride, Extent dilation, Padding padding) {
  Node node;
  node.op = Op::conv;
  node.kernel = {1, 3, 3}, node.stride = stride, node.dilation = dilation;
  for (Padding& p : node.padding) p = padding;
  return node;
}

at::Tensor last(at::Tensor x) { return x.contiguous(at::MemoryFormat::ChannelsLast3d); }

TEST(Planes, ConvolutionsAndGradientsAreThoseInThreeDimensions) {
  torch::manual_seed(1);
  for (int64_t channels : {1, 5})
    for (Extent stride : {cube(1), Extent{1, 2, 1}})
      for (Padding padding : {Padding::same, Padding::valid, Padding::reflect}) {
        Node node = planar(stride, {1, 1, 2}, padding);
        at::Tensor x = at::randn({2, channels, 3, 9, 11}, at::kDouble), w = at::randn({4, channels, 1, 3, 3}, at::kDouble), b = at::randn({4}, at::kDouble);
        at::Tensor padded = pad_for(node, x);
        ConvolutionCall call = call_of(node);
        at::Tensor expected = at::conv3d(padded, w, b, call.stride, call.padding, call.dilation);
        at::Tensor leaf = x.clone().requires_grad_(), lw = w.clone().requires_grad_(), lb = b.clone().requires_grad_();
        at::Tensor y = convolve(node, leaf, lw, lb), above = at::randn_like(y);
        EXPECT_LT((y - expected).abs().max().item<double>(), 1e-12);
        y.backward(above);
        at::Tensor rx = x.clone().requires_grad_(), rw = w.clone().requires_grad_(), rb = b.clone().requires_grad_();
        at::conv3d(pad_for(node, rx), rw, rb, call.stride, call.padding, call.dilation).backward(above);
        EXPECT_LT((leaf.grad() - rx.grad()).abs().max().item<double>(), 1e-12);
        EXPECT_LT((lw.grad() - rw.grad()).abs().max().item<double>(), 1e-11);
        EXPECT_LT((lb.grad() - rb.grad()).abs().max().item<double>(), 1e-11);
        auto [dx, dw, db] = convolution_gradients(call, above, last(padded), w, b, true);
        EXPECT_LT((dw - rw.grad()).abs().max().item<double>(), 1e-11);
        EXPECT_LT((db - rb.grad()).abs().max().item<double>(), 1e-11);
        at::Tensor as_padded = padded.clone().requires_grad_();
        at::conv3d(as_padded, w, b, call.stride, call.padding, call.dilation).backward(above);
        EXPECT_LT((dx - as_padded.grad()).abs().max().item<double>(), 1e-12);
        torch::NoGradGuard no_grad;              // inference in float32 has a call of its own
        at::Tensor quick = convolve(node, last(x.to(at::kFloat)), last(w.to(at::kFloat)), b.to(at::kFloat));
        EXPECT_LT((quick.to(at::kDouble) - expected).abs().max().item<double>(), 9 * double(channels) * 6e-8 * 20);  // sums of 9 c products below 20
      }
}

// oneDNN's weight gradients in bfloat16 of three dimensions are wrong for single planes (layers.h); those of pictures are not, in any of several calls. Sums are
// kept in float32 and rounded once, to 8 bits; operands are the same, rounded before.
TEST(Planes, SinglePlanesHaveTheirGradientsInBfloat) {
  torch::manual_seed(2);
  for (int64_t planes : {1, 2})
    for (int64_t kernel : {1, 3})
      for (int call = 0; call < 10; ++call) {
        Node node = planar(cube(1), cube(1), Padding::same);
        node.kernel = {1, kernel, kernel};
        at::Tensor x = last(at::randn({3, 16, planes, 12, 20}).to(at::kBFloat16)).requires_grad_(), w = last(at::randn({16, 16, 1, kernel, kernel}).to(at::kBFloat16)).requires_grad_();
        at::Tensor above = last(at::randn({3, 16, planes, 12, 20}).to(at::kBFloat16));
        convolve(node, x, w, {}).backward(above);
        at::Tensor rx = x.detach().to(at::kDouble).requires_grad_(), rw = w.detach().to(at::kDouble).requires_grad_();
        at::conv3d(rx, rw, {}, 1, {0, kernel / 2, kernel / 2}).backward(above.to(at::kDouble));
        for (auto [got, expected] : {std::pair{x.grad(), rx.grad()}, {w.grad(), rw.grad()}})
          EXPECT_LT((got.to(at::kDouble) - expected).abs().max().item<double>(), expected.abs().max().item<double>() / 256);
      }
}

TEST(Planes, NetworksOfSinglePlanesComputeInBfloat) {
  ModelSpec spec;
  spec.kind = "skip", spec.dims = 2, spec.in_channels = 1, spec.out_channels = 1, spec.n_down = {8, 8}, spec.n_skip = {8}, spec.patch = {1, 24, 32};
  Network network(build_graph(spec), 5, {"a"});
  network.set_precision(Precision::bf16);
  torch::manual_seed(2);
  int narrow = 0;
  network.watch_gradients([&](int, const at::Tensor& gradient) { narrow += gradient.scalar_type() == at::kBFloat16; });
  network.forward(at::randn({3, 1, 1, 24, 32}), true)[0].backward(at::randn({3, 1, 1, 24, 32}));
  EXPECT_GT(narrow, 0);
  for (auto& [name, weight] : network.parameters()) EXPECT_TRUE(!weight.grad().defined() || at::isfinite(weight.grad()).all().item<bool>()) << name;
}

TEST(Planes, OneChannelGoesOnWithChannelsLast) {
  at::Tensor x = at::randn({2, 1, 3, 8, 8}), y = channels_last(x);
  EXPECT_TRUE(at::equal(x, y));
  EXPECT_EQ(y.stride(1), 1);
  Node node = planar(cube(1), cube(1), Padding::same);
  node.kernel = cube(3);
  EXPECT_TRUE(convolve(node, y, at::randn({4, 1, 3, 3, 3}), at::Tensor()).is_contiguous(at::MemoryFormat::ChannelsLast3d));
}

}  // namespace
}  // namespace tomograd
