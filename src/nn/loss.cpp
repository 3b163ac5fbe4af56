#include "nn/loss.h"

#include <torch/torch.h>

#include "base/error.h"
#include "nn/head_loss.h"

namespace tomograd {
namespace {

// Labels for a head of size `size`: the centre when only valid convolutions took the border away (`like_first`), else every
// (labels / head)-th voxel, which is where strided convolutions have their centres.
at::Tensor labels_for_head(const at::Tensor& labels, const std::vector<int64_t>& size, bool centre) {
  at::Tensor fitted = labels;
  for (int64_t axis = 0; axis < 3; ++axis) {
    int64_t n = labels.size(axis + 1), m = size[size_t(axis)];
    if (n == m) continue;
    if (m > n) fail_failure(text("a head has ", m, " voxels along axis ", axis, ", the labels have ", n));
    if (centre) {
      fitted = fitted.narrow(axis + 1, (n - 1) / 2 - (m - 1) / 2, m);
    } else {
      at::Tensor index = at::arange(m, at::kLong).mul_(n).floor_divide_(m).to(labels.device());
      fitted = fitted.index_select(axis + 1, index);
    }
  }
  return fitted.contiguous();
}

}  // namespace

at::Tensor loss(const LossSpec& spec, const std::vector<at::Tensor>& heads, const std::vector<double>& head_weights, const at::Tensor& labels, LossParts* parts,
                const BatchShare& share) {
  if (heads.empty() || heads.size() != head_weights.size()) fail_failure(text("loss: ", heads.size(), " heads and ", head_weights.size(), " weights"));
  if (labels.dim() != 4 || labels.scalar_type() != at::kByte) fail_failure("loss: labels must be [n][z][y][x] of uint8");
  double sum = 0;
  for (double w : head_weights) sum += w;
  if (!(sum > 0)) fail_failure("loss: the weights of the heads sum to nothing");
  at::Tensor full_size = labels_for_head(labels, heads[0].sizes().slice(2).vec(), true);
  at::Tensor total;
  for (size_t h = 0; h < heads.size(); ++h) {
    double weight = head_weights[h] / sum;
    if (weight == 0) continue;
    at::Tensor fitted = h == 0 ? full_size : labels_for_head(full_size, heads[h].sizes().slice(2).vec(), false);
    at::Tensor part = head_loss(spec, heads[h], fitted, h == 0 ? parts : nullptr, share) * weight;
    total = total.defined() ? total + part : part;
  }
  return total;
}

}  // namespace tomograd
