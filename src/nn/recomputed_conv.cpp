// Private to the engine rooms
#include "nn/recomputed_conv.h"

#include <torch/csrc/autograd/engine.h>
#include <torch/torch.h>

#include "nn/maybe_tensor.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Held : torch::CustomClassHolder {
  explicit Held(Recomputation r) : recomputation(std::move(r)) {}
  Recomputation recomputation;
};

struct RecomputedConvolution : torch::autograd::Function<RecomputedConvolution> {
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<Held>& held, const at::Tensor& x, at::TensorList sources, at::TensorList parameters, const at::Tensor& weight,
                            const MaybeTensor& of_bias) {
    const Recomputation& r = held->recomputation;
    variable_list saved = sources.vec();
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    saved.push_back(weight);
    at::Tensor bias = tensor_or_none(of_bias);
    saved.push_back(bias);
    context->save_for_backward(saved);
    context->saved_data["held"] = c10::IValue::make_capsule(held);
    context->saved_data["sources"] = int64_t(sources.size());
    if (r.whole) return r.whole(x);
    torch::AutoGradMode as_in_training(true);      // convolve_padded chooses the implementation by it
    return convolve_padded(r.call, x, channels_last(weight.detach().to(x.scalar_type())), bias.defined() ? bias.detach().to(x.scalar_type()) : bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& from_above) {
    variable_list saved = context->get_saved_variables();
    auto held = c10::static_intrusive_pointer_cast<Held>(context->saved_data["held"].toCapsule());
    const Recomputation& r = held->recomputation;
    size_t count = size_t(context->saved_data["sources"].toInt());
    at::Tensor bias = saved.back(), weight = saved[saved.size() - 2];
    saved.resize(saved.size() - 2);
    variable_list inputs(saved.begin() + int64_t(count), saved.end()), sources;  // of the recomputed values: parameters, then sources
    for (size_t i = 0; i < count; ++i) {
      sources.push_back(saved[i].detach().requires_grad_(saved[i].requires_grad()));
      inputs.push_back(sources.back());
    }
    std::erase_if(inputs, [](const at::Tensor& t) { return !t.requires_grad(); });
    at::Tensor x, d_weight, d_bias, above = from_above[0];
    {
      torch::AutoGradMode on(true);
      x = r.input(sources);
      if (r.whole) {
        if (bias.defined() && bias.requires_grad()) inputs.push_back(bias);
        inputs.push_back(weight);
        x = r.whole(x);
      }
    }
    saved.clear();
    sources.clear();
    if (!r.whole) std::tie(above, d_weight, d_bias) = convolution_gradients(r.call, above, x.detach(), weight, bias, x.requires_grad());
    variable_list found;
    if (x.requires_grad() && !inputs.empty()) found = backward_of(std::move(x), std::move(above), std::move(inputs));
    if (r.whole) {
      d_weight = found.back();
      found.pop_back();
      if (bias.defined() && bias.requires_grad()) d_bias = found.back(), found.pop_back();
    }
    return in_order(context, found, count, d_weight, d_bias);
  }

 private:
  // Gradients of `inputs`, undefined where y does not depend on them. Unlike torch::autograd::grad it does not hold on to y and its
  // gradient, which are as large as all else here.
  static variable_list backward_of(at::Tensor y, at::Tensor above, variable_list inputs) {
    torch::autograd::edge_list root = {torch::autograd::impl::gradient_edge(y)}, leaves;
    for (const at::Tensor& input : inputs) leaves.push_back(input.grad_fn() ? torch::autograd::impl::gradient_edge(input) : torch::autograd::Edge(torch::autograd::impl::grad_accumulator(input), 0));
    y = at::Tensor();
    inputs.clear();
    variable_list gradients;
    gradients.push_back(std::move(above));
    return torch::autograd::Engine::get_default_engine().execute(root, std::move(gradients), false, false, false, leaves);
  }

  // For each argument of forward: none for the first two, then sources, parameters, weight, bias.
  static variable_list in_order(AutogradContext* context, const variable_list& found, size_t sources, const at::Tensor& d_weight, const at::Tensor& d_bias) {
    variable_list saved = context->get_saved_variables(), result(2);
    size_t parameters = saved.size() - 2 - sources, of_parameters = 0;
    for (size_t p = 0; p < parameters; ++p) of_parameters += saved[sources + p].requires_grad() ? 1 : 0;
    size_t next_source = of_parameters, next_parameter = 0;
    for (size_t i = 0; i < sources + parameters; ++i) {
      size_t& next = i < sources ? next_source : next_parameter;
      bool wanted = saved[i].requires_grad();
      result.push_back(wanted && next < found.size() ? found[next] : at::Tensor());
      if (wanted) ++next;
    }
    result.push_back(d_weight);
    result.push_back(d_bias);
    return result;
  }
};

}  // namespace

at::Tensor recomputed_convolution(Recomputation recomputation, const at::Tensor& x, const std::vector<at::Tensor>& sources, const std::vector<at::Tensor>& parameters, const at::Tensor& weight,
                                  const at::Tensor& bias) {
  return RecomputedConvolution::apply(c10::make_intrusive<Held>(std::move(recomputation)), x, at::TensorList(sources), at::TensorList(parameters), weight, if_defined(bias));
}

}  // namespace tomograd
