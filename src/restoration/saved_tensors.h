// Private to the engine rooms
// Copies of weights or moments as they were before a step, so that the step can be taken back.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "nn/optimizer.h"

namespace tomograd {

class SavedTensors {
 public:
  void save(const NamedTensors& from) {
    at::NoGradGuard no_grad;
    if (saved_.empty())
      for (const auto& [name, tensor] : from) saved_.emplace_back(name, tensor.detach().clone());
    else
      for (size_t i = 0; i < from.size(); ++i) saved_[i].second.copy_(from[i].second);
  }
  bool empty() const { return saved_.empty(); }
  std::map<std::string, at::Tensor> by_name() const { return {saved_.begin(), saved_.end()}; }

 private:
  NamedTensors saved_;
};

}  // namespace tomograd
