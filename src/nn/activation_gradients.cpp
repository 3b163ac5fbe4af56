#include "nn/activation_gradients.h"

#include <ATen/ATen.h>

#include <map>
#include <mutex>

namespace tomograd {

struct ActivationGradients::Counts {
  std::mutex mutex;                              // autograd has a thread for each device
  std::map<int, LayerGradients> of_node;
};

ActivationGradients::ActivationGradients(Network& network, double scale) : network_(network), counts_(std::make_shared<Counts>()) {
  network.watch_gradients([counts = counts_, scale](int node, const at::Tensor& gradient) {
    LayerGradients found;
    count_gradient(gradient, 1, scale, found);
    std::lock_guard lock(counts->mutex);
    counts->of_node[node].add(found);
  });
}

ActivationGradients::~ActivationGradients() { network_.watch_gradients({}); }

std::vector<LayerGradients> ActivationGradients::layers() const {
  std::lock_guard lock(counts_->mutex);
  std::vector<LayerGradients> list;
  for (const auto& [node, counts] : counts_->of_node) {
    list.push_back(counts);
    list.back().layer = network_.graph().nodes[size_t(node)].name;
  }
  return list;
}

}  // namespace tomograd
