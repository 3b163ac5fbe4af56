// A model's weights in a network with other channels, in another order, and with other classes.
#include "nn/transfer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>

namespace tomograd {
namespace {

ModelSpec spec_of(const std::string& kind, const std::string& family, size_t channels, size_t classes) {
  ModelSpec spec;
  spec.kind = kind, spec.family = family, spec.in_channels = int64_t(channels), spec.out_channels = int64_t(classes);
  spec.channels = {4, 8}, spec.residual_units = 1, spec.depth = 2, spec.filters = 4;
  spec.patch = cube(16), spec.spacing = {1, 1, 1};
  if (kind == "deepmedic") spec.variant = "original", spec.patch = cube(25);
  return spec;
}

Network network_of(const ModelSpec& spec, uint64_t seed, const NetworkNames& names) { return Network(build_graph(spec), seed, names.channels); }

std::map<std::string, at::Tensor> values_of(Network& network) {
  std::map<std::string, at::Tensor> values;
  for (auto& [name, tensor] : network.state()) values[name] = tensor.detach().clone();
  return values;
}

// Fills a network's every number with another, biases and running means too, so that what was not copied shows.
void scramble(Network& network) {
  double next = 0.001;
  for (auto& [name, tensor] : network.state())
    if (tensor.is_floating_point()) tensor.detach().copy_(at::arange(tensor.numel(), at::kFloat).reshape(tensor.sizes()) * 1e-5 + (next += 0.001));
}

const NetworkNames model_names{{"T1w", "T1ce", "ADC"}, {"background", "edema", "core"}};

}  // namespace

// The output for the same images, in each network's own order of channels and classes, is the same: nothing else could be a
// mapping by name. Every kind of network that a run can start from.
TEST(Transfer, FollowsNamesThroughAnotherOrder) {
  NetworkNames turned{{"ADC", "T1w", "T1ce"}, {"background", "core", "edema"}};
  for (const auto& [kind, family] : std::vector<std::pair<std::string, std::string>>{{"unet", "residual"}, {"unet", "unet3d"}, {"unet", "nnunet"}, {"deepmedic", ""}}) {
    ModelSpec spec = spec_of(kind, family.empty() ? "residual" : family, 3, 3);
    Network model = network_of(spec, 1, model_names), run = network_of(spec, 2, turned);
    Transfer done = transfer_weights(run, turned, model, model_names);
    EXPECT_EQ(done.tensors_fresh + done.tensors_partly, 0) << kind << family;
    EXPECT_EQ(done.numbers_taken, done.numbers) << kind << family;
    at::Tensor images = at::sin(at::arange(3 * 25 * 25 * 25, at::kFloat)).reshape({1, 3, 25, 25, 25});
    if (kind == "unet") images = images.slice(2, 0, 16).slice(3, 0, 16).slice(4, 0, 16).contiguous();
    at::Tensor here = model.forward(images, false)[0], there = run.forward(images.index_select(1, at::tensor({2, 0, 1})), false)[0];
    EXPECT_TRUE(at::allclose(here.index_select(1, at::tensor({0, 2, 1})), there, 1e-4, 1e-4)) << kind << family;
  }
}

TEST(Transfer, FewerAndNewNamesStartAfresh) {
  NetworkNames names{{"T1w", "FLAIR"}, {"background", "core", "necrosis", "edema"}};
  ModelSpec spec = spec_of("unet", "unet3d", 3, 3), other = spec_of("unet", "unet3d", 2, 4);
  Network model = network_of(spec, 1, model_names), run = network_of(other, 2, names);
  scramble(model);
  auto before = values_of(run), from = values_of(model);
  Transfer done = transfer_weights(run, names, model, model_names);
  EXPECT_EQ(done.channels_taken, std::vector<std::string>{"T1w"});
  EXPECT_EQ(done.channels_fresh, std::vector<std::string>{"FLAIR"});
  EXPECT_EQ(done.channels_unused, (std::vector<std::string>{"T1ce", "ADC"}));
  EXPECT_EQ(done.classes_taken, (std::vector<std::string>{"background", "core", "edema"}));
  EXPECT_EQ(done.classes_fresh, std::vector<std::string>{"necrosis"});
  EXPECT_TRUE(done.any_convolution);
  auto after = values_of(run);
  auto first = run.parameters().front().first, last = run.parameters().back().first;  // the head's bias comes last
  EXPECT_TRUE(at::equal(after[first].select(1, 0), from[first].select(1, 0)));
  EXPECT_TRUE(at::equal(after[first].select(1, 1), before[first].select(1, 1)));
  ASSERT_EQ(after[last].sizes(), at::IntArrayRef({4}));
  EXPECT_TRUE(at::equal(after[last], at::stack({from[last][0], from[last][2], before[last][2], from[last][1]})));
}

TEST(Transfer, ANetworkOfAnotherKindHasNothingToGive) {
  Network model = network_of(spec_of("unet", "residual", 3, 3), 1, model_names), run = network_of(spec_of("deepmedic", "residual", 3, 3), 2, model_names);
  auto before = values_of(run);
  EXPECT_FALSE(transfer_weights(run, model_names, model, model_names).any_convolution);
  for (auto& [name, tensor] : values_of(run)) EXPECT_TRUE(at::equal(tensor, before[name]) || tensor.dim() < 2) << name;
  ModelSpec wide = spec_of("unet", "residual", 3, 3);
  wide.channels = {8, 16};                       // filters have no names: half of them would be half of nothing
  Network wider = network_of(wide, 2, model_names);
  EXPECT_FALSE(transfer_weights(wider, model_names, model, model_names).any_convolution);
}

}  // namespace tomograd
