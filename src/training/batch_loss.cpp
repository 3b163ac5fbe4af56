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
  return loss(spec, network.forward(images, true, number), head_weights, labels, parts, network.batch_share());
}

}  // namespace tomograd
