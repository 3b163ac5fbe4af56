#include "nn/batch_norm_over_ranks.h"

#include <torch/torch.h>

#include <algorithm>

#include "nn/maybe_tensor.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor per_channel(const at::Tensor& t) { return t.view({1, -1, 1, 1, 1}); }

// Mean and variance of the whole batch out of every rank's own: sums of x and x^2 in float64, where x^2 has digits to spare.
BatchStatistics statistics_over_ranks(const at::Tensor& x, const BatchShare& share) {
  int64_t channels = x.size(1);
  at::Tensor sums = at::zeros({2 * channels + 1}, x.options().dtype(at::kDouble));
  if (!share.idle()) {
    auto [mean, variance] = at::batch_norm_update_stats(x, {}, {}, 0);
    double values = double(x.numel() / channels);
    at::Tensor m = mean.to(at::kDouble), v = variance.to(at::kDouble);
    sums.narrow(0, 0, channels).copy_(m).mul_(values);
    sums.narrow(0, channels, channels).copy_(v.add_(m * m)).mul_(values);
    sums.narrow(0, 2 * channels, 1).fill_(values);
  }
  share.ranks->add_up(sums);
  BatchStatistics s;
  s.values = sums[2 * channels].item<double>();
  s.mean = sums.narrow(0, 0, channels) / s.values;
  s.variance = (sums.narrow(0, channels, channels) / s.values - s.mean * s.mean).clamp_min_(0);
  return s;
}

struct BatchNormOverRanks : torch::autograd::Function<BatchNormOverRanks> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const MaybeTensor& weight, const MaybeTensor& bias, double epsilon, const BatchShare* share, BatchStatistics* found) {
    *found = statistics_over_ranks(x, *share);
    at::Tensor mean = found->mean.to(x.scalar_type()), variance = found->variance.to(x.scalar_type());
    context->save_for_backward({x, tensor_or_none(weight), mean, variance});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["values"] = found->values;
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["ranks"] = int64_t(reinterpret_cast<intptr_t>(share->ranks));
    context->saved_data["idle"] = share->idle();
    return at::batch_norm(x, tensor_or_none(weight), tensor_or_none(bias), mean, variance, false, 0, epsilon, false);
  }

  // With z the normalised values and g the gradient of what the affine part makes of them, over all m values of a channel:
  //   dx = w / sd (g - sum g / m - z sum(g z) / m).
  // Batch norm with given statistics has the first term of it, and both sums, over the rows that are here.
  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
    double epsilon = context->saved_data["epsilon"].toDouble(), values = context->saved_data["values"].toDouble();
    auto* ranks = reinterpret_cast<RankSums*>(static_cast<intptr_t>(context->saved_data["ranks"].toInt()));
    bool idle = context->saved_data["idle"].toBool();
    auto [dx, of_weight, of_bias] = at::native_batch_norm_backward(from_above[0], x, if_defined(weight), mean, variance, {}, {}, false, epsilon, {true, true, true});
    int64_t channels = x.size(1);
    at::Tensor sums = at::cat({of_bias, of_weight}).to(at::kDouble);   // sum g, sum g z
    if (idle) sums.zero_();
    ranks->add_up(sums);
    if (idle) {
      dx.zero_();
    } else {
      at::Tensor rstd = (variance.to(at::kDouble) + epsilon).rsqrt_(), scale = weight.defined() ? rstd * weight.to(at::kDouble) : rstd;
      at::Tensor of_x = -(scale * rstd * sums.narrow(0, channels, channels)) / values;
      at::Tensor rest = -(scale * sums.narrow(0, 0, channels)) / values - of_x * mean.to(at::kDouble);
      dx.addcmul_(x, per_channel(of_x).to(x.scalar_type())).add_(per_channel(rest).to(x.scalar_type()));
    }
    if (idle) of_weight.zero_(), of_bias.zero_();
    return {dx, weight.defined() ? of_weight : at::Tensor(), context->saved_data["bias"].toBool() ? of_bias : at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor batch_norm_over_ranks(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon, const BatchShare& share, BatchStatistics* found) {
  return BatchNormOverRanks::apply(x, if_defined(weight), if_defined(bias), epsilon, &share, found);
}

}  // namespace tomograd
