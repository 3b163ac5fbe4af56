#include "nn/optimizer.h"

#include <torch/torch.h>

#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

std::string tensor_name(const std::string& kind, const std::string& parameter) { return "optimizer." + kind + "." + parameter; }

}  // namespace

struct Optimizer::State {
  OptimizerSpec spec;
  double l1 = 0, l2 = 0;
  NamedTensors parameters;
  std::vector<at::Tensor> weights, first, second, steps, average;  // first: velocity or first moment
  bool two_moments = false;
  int64_t step = 0;

  double collect(std::vector<at::Tensor>& gradients, int64_t accumulated, double loss_scale);
  void update(std::vector<at::Tensor>& gradients, double learning_rate);
  void rmsprop(std::vector<at::Tensor>& gradients, double learning_rate);
};

Optimizer::Optimizer(const OptimizerSpec& spec, NamedTensors parameters, double l1, double l2) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.spec = spec;
  s.l1 = l1;
  s.l2 = l2;
  s.parameters = std::move(parameters);
  s.two_moments = spec.kind != "sgd";
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : s.parameters) {
    at::Tensor plain = tensor.detach();
    s.weights.push_back(plain);
    s.first.push_back(at::zeros_like(plain));
    if (s.two_moments) s.second.push_back(at::zeros_like(plain));
    s.steps.push_back(at::zeros({}, plain.options().dtype(at::kFloat)));
    if (spec.average > 0) s.average.push_back(plain.clone());
  }
}

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;

// Gradients divided, with the penalties, clipped; returns their norm before clipping. An infinite or undefined gradient stays
// one through all of that, so the norm shows it.
double Optimizer::State::collect(std::vector<at::Tensor>& gradients, int64_t accumulated, double loss_scale) {
  double squares = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor g = parameters[i].second.grad();
    if (!g.defined()) fail_failure(text("parameter ", parameters[i].first, " has no gradient"));
    if (g.scalar_type() == at::kHalf || g.scalar_type() == at::kBFloat16) fail_failure(text("the gradient of parameter ", parameters[i].first, " is not float32"), "weights are kept in float32 and cast where they are used");
    g = g.detach();
    if (g.strides() != weights[i].strides()) g = at::empty_like(weights[i]).copy_(g);
    if (accumulated > 1) g.div_(double(accumulated));
    if (loss_scale != 1) g.mul_(1 / loss_scale);
    const std::string& name = parameters[i].first;
    bool conv_weight = g.dim() == 5 && name.size() > 7 && name.compare(name.size() - 7, 7, ".weight") == 0;
    if (conv_weight && l1 > 0) g.add_(weights[i].sign(), l1);
    if (conv_weight && l2 > 0) g.add_(weights[i], 2 * l2);
    double norm = g.norm().item<double>();
    squares += norm * norm;
    gradients.push_back(g);
  }
  double norm = std::sqrt(squares);
  if (spec.clip_norm > 0 && std::isfinite(norm) && norm > spec.clip_norm)
    for (at::Tensor& g : gradients) g.mul_(spec.clip_norm / norm);
  return norm;
}

void Optimizer::State::rmsprop(std::vector<at::Tensor>& gradients, double learning_rate) {
  constexpr double rho = 0.9, epsilon = 1e-4;
  for (size_t i = 0; i < weights.size(); ++i) {
    at::Tensor g = spec.weight_decay > 0 ? gradients[i].add(weights[i], spec.weight_decay) : gradients[i];
    second[i].mul_(rho).addcmul_(g, g, 1 - rho);
    at::Tensor move = (second[i] + epsilon).rsqrt_().mul_(g).mul_(learning_rate);
    first[i].mul_(spec.momentum).sub_(move);
    weights[i].add_(first[i], spec.momentum).sub_(move);
  }
}

void Optimizer::State::update(std::vector<at::Tensor>& gradients, double learning_rate) {
  const OptimizerSpec& o = spec;
  if (o.kind == "deepmedic_rmsprop") return rmsprop(gradients, learning_rate);
  if (o.kind == "sgd") {
    bool momentum = o.momentum > 0;
    std::vector<at::Tensor> velocity = momentum ? first : std::vector<at::Tensor>();
    at::_fused_sgd_(weights, gradients, velocity, o.weight_decay, o.momentum, learning_rate, 0.0, momentum, false, step == 0, {}, {});
    return;
  }
  for (at::Tensor& count : steps) count.fill_(double(step + 1));
  if (o.kind == "adamw") at::_fused_adamw_(weights, gradients, first, second, {}, steps, learning_rate, o.beta1, o.beta2, o.weight_decay, o.epsilon, false, false, {}, {});
  else if (o.kind == "adam") at::_fused_adam_(weights, gradients, first, second, {}, steps, learning_rate, o.beta1, o.beta2, o.weight_decay, o.epsilon, false, false, {}, {});
  else fail_input(text("optimiser '", o.kind, "' is not known"));
}

double Optimizer::step(double learning_rate, int64_t accumulated, double loss_scale) {
  State& s = *state_;
  torch::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  double norm = s.collect(gradients, accumulated, loss_scale);
  if (!std::isfinite(norm)) return norm;
  s.update(gradients, learning_rate);
  ++s.step;
  double decay = std::min(s.spec.average, double(1 + s.step) / double(10 + s.step));
  for (size_t i = 0; i < s.average.size(); ++i) s.average[i].lerp_(s.weights[i], 1 - decay);
  return norm;
}

void Optimizer::zero_gradients() {
  for (auto& [name, tensor] : state_->parameters) tensor.mutable_grad() = at::Tensor();
}

NamedTensors Optimizer::state() {
  State& s = *state_;
  NamedTensors list;
  list.emplace_back("optimizer.step", at::full({1}, s.step, at::kLong));
  for (size_t i = 0; i < s.parameters.size(); ++i) {
    const std::string& name = s.parameters[i].first;
    list.emplace_back(tensor_name("first", name), s.first[i]);
    if (s.two_moments) list.emplace_back(tensor_name("second", name), s.second[i]);
    if (!s.average.empty()) list.emplace_back(tensor_name("average", name), s.average[i]);
  }
  return list;
}

void Optimizer::load(const std::map<std::string, at::Tensor>& tensors) {
  State& s = *state_;
  torch::NoGradGuard no_grad;
  auto find = [&](const std::string& name) -> const at::Tensor& {
    auto found = tensors.find(name);
    if (found == tensors.end()) fail_input(text("the checkpoint has no tensor '", name, "'"));
    return found->second;
  };
  auto copy = [&](const at::Tensor& into, const std::string& name) {
    const at::Tensor& from = find(name);
    if (from.sizes() != into.sizes()) fail_input(text("tensor '", name, "' of the checkpoint has another shape than this network's"));
    into.copy_(from);
  };
  const at::Tensor& count = find("optimizer.step");
  if (count.numel() != 1 || count.scalar_type() != at::kLong) fail_input("tensor 'optimizer.step' of the checkpoint is not one 64-bit integer");
  s.step = count.item<int64_t>();
  for (size_t i = 0; i < s.parameters.size(); ++i) {
    const std::string& name = s.parameters[i].first;
    copy(s.first[i], tensor_name("first", name));
    if (s.two_moments) copy(s.second[i], tensor_name("second", name));
    if (!s.average.empty()) copy(s.average[i], tensor_name("average", name));
  }
}

NamedTensors Optimizer::averaged() {
  State& s = *state_;
  NamedTensors list;
  for (size_t i = 0; i < s.parameters.size(); ++i)
    list.emplace_back(s.parameters[i].first, s.average.empty() ? s.weights[i] : s.average[i]);
  return list;
}

}  // namespace tomograd
