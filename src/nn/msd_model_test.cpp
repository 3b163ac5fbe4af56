#include "nn/msd_model.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "base/memory.h"
#include "spec/model_spec.h"

namespace tomograd {
namespace {

ModelSpec model_of_kind(const std::string& kind) {
  ModelSpec spec;
  spec.kind = kind, spec.in_channels = 2, spec.out_channels = 3, spec.depth = 5, spec.width = 2, spec.patch = {16, 16, 16};
  return spec;
}

TEST(MsdModel, GivesTheNetworksOwnResult) {
  Network network(build_graph(model_of_kind("msd")), 5, {"a", "b"});
  {
    torch::NoGradGuard no_grad;
    at::manual_seed(4);
    for (auto& [name, tensor] : network.parameters()) tensor.copy_(0.3 * at::randn(tensor.sizes()));
  }
  MsdModel model = msd_model(network, "this test");
  EXPECT_EQ(model.network.in_channels, 2);
  EXPECT_EQ(model.network.depth(), 5);
  at::Tensor x = at::randn({1, 2, 7, 9, 12});
  at::Tensor expected = network.forward(x.clone(), false).front().contiguous(), ours = at::empty_like(expected);
  MsdLayout layout = msd_layout({7, 9, 12}, model.network.largest_dilation(), model.reflect, false);
  Buffer<float> stack(layout.floats(model.network.channels()), 0.0f);
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t z = 0; z < 7; ++z)
      for (int64_t y = 0; y < 9; ++y)
        for (int64_t v = 0; v < 12; ++v) stack[layout.at(c, z, y, v)] = x[0][c][z][y][v].item<float>();
  ForEach in_turn = [](int64_t count, const std::function<void(int64_t)>& body) { for (int64_t i = 0; i < count; ++i) body(i); };
  msd_forward(msd_kernels(), layout, model.network, stack.data(), {}, in_turn);
  for (int64_t z = 0; z < 7; ++z) msd_head_kernels().forward(layout, model.head, stack.data(), z, ours.data_ptr<float>());
  EXPECT_TRUE(at::equal(ours, expected));
}

TEST(MsdModel, OtherNetworksAreRefusedBySayingWhatTheyHave) {
  ModelSpec planes = model_of_kind("msd");
  planes.dims = 2;
  for (const ModelSpec& spec : {model_of_kind("unet"), planes}) {
    Network network(build_graph(spec), 5, {"a", "b"});
    try {
      msd_model(network, "--exact");
      FAIL() << spec.kind;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::input);
      EXPECT_EQ(e.message().rfind("--exact is for mixed-scale dense networks in 3-D; this network has ", 0), 0u) << e.message();
    }
  }
}

}  // namespace
}  // namespace tomograd
