// Private to the engine rooms
#include "nn/norms.h"

#include <torch/torch.h>

#include "base/error.h"

namespace tomograd {
namespace {

at::Tensor batch_norm_of_ring(const Node& node, const at::Tensor& x, const NormTensors& t, bool training) {
  if (!training) return at::batch_norm(x, t.weight, t.bias, t.running_mean.mean(0), t.running_var.mean(0), false, 0, node.epsilon, false);
  at::Tensor y = at::batch_norm(x, t.weight, t.bias, {}, {}, true, 0, node.epsilon, false);
  torch::NoGradGuard no_grad;
  at::Tensor values = x.detach();
  int64_t row = t.ring_position.item<int64_t>(), rows = t.running_mean.size(0);
  t.running_mean[row].copy_(values.mean({0, 2, 3, 4}));
  t.running_var[row].copy_(values.var({0, 2, 3, 4}, false));
  t.ring_position.fill_((row + 1) % rows);
  return y;
}

}  // namespace

at::Tensor normalize(const Node& node, const at::Tensor& input, const NormTensors& t, bool training) {
  auto statistics_type = input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor x = input.to(statistics_type);
  switch (node.norm) {
    case Norm::none: return input;
    case Norm::instance: return at::instance_norm(x, t.weight, t.bias, {}, {}, true, 0, node.epsilon, false).to(input.scalar_type());
    case Norm::batch:
      if (t.ring_position.defined()) return batch_norm_of_ring(node, x, t, training).to(input.scalar_type());
      return at::batch_norm(x, t.weight, t.bias, t.running_mean, t.running_var, training, 0.1, node.epsilon, false).to(input.scalar_type());
  }
  fail_failure(text("node ", node.name, " has an unknown norm"));
}

}  // namespace tomograd
