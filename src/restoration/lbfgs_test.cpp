#include "restoration/lbfgs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace tomograd {
namespace {

// f(w) = (w - w*)^T A (w - w*) / 2 over two tensors of float64, A with eigenvalues from 1 to 100.
struct Quadratic {
  at::Tensor a, best, first = torch::zeros({2, 3}, at::kDouble), second = torch::zeros({6}, at::kDouble);
  int64_t evaluations = 0;
  Quadratic() {
    torch::manual_seed(4);
    at::Tensor turned = std::get<0>(at::linalg_qr(torch::randn({12, 12}, at::kDouble)));
    a = turned.mm(at::diag(at::logspace(0, 2, 12, 10.0, at::kDouble))).mm(turned.t());
    best = torch::randn({12}, at::kDouble);
    first.set_requires_grad(true), second.set_requires_grad(true);
  }
  NamedTensors parameters() { return {{"first", first}, {"second", second}}; }
  double value(bool gradients) {
    ++evaluations;
    at::AutoGradMode mode(gradients);
    at::Tensor d = at::cat({first.reshape(-1), second}) - best, f = d.dot(a.mv(d)) / 2;
    if (gradients) {
      first.mutable_grad() = at::Tensor(), second.mutable_grad() = at::Tensor();
      f.backward();
    }
    return f.item<double>();
  }
};

TEST(Lbfgs, SolvesAQuadraticFarSoonerThanGradientDescent) {
  Quadratic q;
  Lbfgs optimizer(q.parameters(), 12);
  double value = q.value(true), start = value;
  for (int step = 0; step < 40; ++step) value = optimizer.step(0.1, value, [&](bool gradients) { return q.value(gradients); }).value;
  // Steepest descent with exact steps gains at most ((k-1)/(k+1))^2 a step where the worst start is met, k = 100: e^-1.6 in 40.
  EXPECT_LT(value, 1e-10 * start);
  EXPECT_LT((at::cat({q.first.detach().reshape(-1), q.second.detach()}) - q.best).abs().max().item<double>(), 1e-4);
  EXPECT_LT(q.evaluations, 120);
}

TEST(Lbfgs, NeverGoesUpAndKeepsItsPlaceWhereNothingIsLower) {
  Quadratic q;
  Lbfgs optimizer(q.parameters());
  double value = q.value(true);
  for (int step = 0; step < 5; ++step) {
    Lbfgs::Move move = optimizer.step(0.1, value, [&](bool gradients) { return q.value(gradients); });
    EXPECT_TRUE(move.moved);
    EXPECT_LT(move.value, value);
    value = move.value;
  }
  ASSERT_FALSE(optimizer.state().steps.empty());
  at::Tensor before = q.first.detach().clone();
  Lbfgs::Move move = optimizer.step(0.1, value, [](bool) { return 1e30; });
  EXPECT_FALSE(move.moved);
  EXPECT_EQ(move.value, value);
  EXPECT_TRUE(at::equal(before, q.first.detach()));
  EXPECT_TRUE(optimizer.state().steps.empty());
}

TEST(Lbfgs, AStateThatIsLoadedGoesOnInTheSameWay) {
  Quadratic q;
  Lbfgs optimizer(q.parameters());
  auto call = [&](bool gradients) { return q.value(gradients); };
  double value = q.value(true);
  for (int step = 0; step < 4; ++step) value = optimizer.step(0.1, value, call).value;
  Lbfgs::State state = optimizer.state();
  at::Tensor first = q.first.detach().clone(), second = q.second.detach().clone();
  double once = optimizer.step(0.1, value, call).value;
  {
    torch::NoGradGuard no_grad;
    q.first.copy_(first), q.second.copy_(second);
  }
  optimizer.load(state);
  EXPECT_EQ(q.value(true), value);
  EXPECT_EQ(optimizer.step(0.1, value, call).value, once);
}

}  // namespace
}  // namespace tomograd
