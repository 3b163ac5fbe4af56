#include "training/batch_loss.h"

#include <ATen/ATen.h>

#include <vector>

namespace tomograd {

at::Tensor batch_loss(Network& network, const LossSpec& spec, Batch& batch, int64_t number, LossParts* parts) {
  const Extent p = batch.patch;
  auto images = at::from_blob(batch.images.data(), {batch.count, batch.channels, p.z, p.y, p.x}, at::kFloat);
  auto labels = at::from_blob(batch.labels.data(), {batch.count, p.z, p.y, p.x}, at::kByte);
  std::vector<double> head_weights;
  for (const auto& output : network.graph().outputs) head_weights.push_back(output.loss_weight);
  auto weights = network.parameters();
  if (!weights.empty()) images = images.to(weights.front().second.device());  // where the network begins
  std::vector<at::Tensor> heads = network.forward(images, true, number);
  for (at::Tensor& head : heads) head = head.to(heads.front().device());      // of a split network they may end elsewhere
  return loss(spec, heads, head_weights, labels.to(heads.front().device()), parts, network.batch_share());
}

}  // namespace tomograd
