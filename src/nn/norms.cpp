// Private to the engine rooms
#include "nn/norms.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "nn/batch_norm_over_ranks.h"

namespace tomograd {
namespace {

constexpr double momentum = 0.1;

void enter_into_ring(const NormTensors& t, const at::Tensor& mean, const at::Tensor& variance) {
  int64_t row = t.ring_position.item<int64_t>(), rows = t.running_mean.size(0);
  t.running_mean[row].copy_(mean);
  t.running_var[row].copy_(variance);
  t.ring_position.fill_((row + 1) % rows);
}

at::Tensor batch_norm_of_ring(const Node& node, const at::Tensor& x, const NormTensors& t, bool training) {
  if (!training) return at::batch_norm(x, t.weight, t.bias, t.running_mean.mean(0), t.running_var.mean(0), false, 0, node.epsilon, false);
  at::Tensor y = at::batch_norm(x, t.weight, t.bias, {}, {}, true, 0, node.epsilon, false);
  torch::NoGradGuard no_grad;
  at::Tensor values = x.detach();
  enter_into_ring(t, values.mean({0, 2, 3, 4}), values.var({0, 2, 3, 4}, false));
  return y;
}

at::Tensor batch_norm_of_share(const Node& node, const at::Tensor& x, const NormTensors& t, const BatchShare& share) {
  BatchStatistics found;
  at::Tensor y = batch_norm_over_ranks(x, t.weight, t.bias, node.epsilon, share, &found);
  torch::NoGradGuard no_grad;
  if (t.ring_position.defined()) {
    enter_into_ring(t, found.mean, found.variance);
  } else {
    at::Tensor unbiased = found.variance * (found.values / std::max(1.0, found.values - 1));
    t.running_mean.lerp_(found.mean.to(t.running_mean.scalar_type()), momentum);
    t.running_var.lerp_(unbiased.to(t.running_var.scalar_type()), momentum);
  }
  return y;
}

}  // namespace

at::Tensor normalize(const Node& node, const at::Tensor& input, const NormTensors& t, bool training, const BatchShare& share) {
  auto statistics_type = input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor x = input.to(statistics_type);
  switch (node.norm) {
    case Norm::none: return input;
    case Norm::instance:
      // Of one image both are the same, and instance_norm's backward pass is wrong for it where the gradient arrives
      // channels-last (libtorch 2.13 on the CPU; seen with F.instance_norm too).
      if (x.size(0) == 1) return at::batch_norm(x, t.weight, t.bias, {}, {}, true, 0, node.epsilon, false).to(input.scalar_type());
      return at::instance_norm(x, t.weight, t.bias, {}, {}, true, 0, node.epsilon, false).to(input.scalar_type());
    case Norm::batch:
      if (training && share.split()) return batch_norm_of_share(node, x, t, share).to(input.scalar_type());
      if (t.ring_position.defined()) return batch_norm_of_ring(node, x, t, training).to(input.scalar_type());
      return at::batch_norm(x, t.weight, t.bias, t.running_mean, t.running_var, training, momentum, node.epsilon, false).to(input.scalar_type());
  }
  fail_failure(text("node ", node.name, " has an unknown norm"));
}

}  // namespace tomograd
