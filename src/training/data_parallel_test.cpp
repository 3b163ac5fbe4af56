// One step over several ranks against the same step of one process with the whole batch.
#include "training/data_parallel.h"

#include <torch/torch.h>

#include <cmath>

#include "nn/golden_test_support.h"
#include "nn/loss.h"
#include "spec/text_formats.h"
#include "training/ranks_test_support.h"

namespace tomograd {
namespace {

constexpr int64_t batch_rows = 5;

// A small hourglass with a dropout that drops voxels; norms of all kinds when it is "batch".
ModelSpec hourglass(const std::string& norm) {
  std::string blocks = R"(
    [[block]]
    name = "a"
    op = "conv"
    channels = 4
    norm = "NORM"
    activation = "leaky_relu"
    dropout = 0.3
    whole_channels = false
    [[block]]
    name = "b"
    op = "conv"
    channels = 6
    stride = 2
    norm = "NORM"
    STATISTICS
    activation = "prelu"
    dropout = 0.2
    [[block]]
    name = "c"
    op = "conv"
    channels = 5
    order = "before"
    norm = "NORM"
    scale = false
    activation = "swish"
    [[block]]
    name = "up"
    op = "upsample"
    factor = 2
    [[block]]
    name = "join"
    op = "concat"
    from = ["a", "up"]
    [[block]]
    name = "out"
    op = "conv"
    kernel = 1
  )";
  for (size_t at; (at = blocks.find("NORM")) != std::string::npos;) blocks.replace(at, 4, norm);
  blocks.replace(blocks.find("STATISTICS"), 10, norm == "batch" ? "statistics = 'last60'" : "");
  ModelSpec spec = spec_from<ModelSpec>(parse_toml(blocks, "test"));
  spec.kind = "graph";
  spec.in_channels = 2;
  spec.out_channels = 3;
  spec.patch = {8, 6, 10};
  return spec;
}

struct Problem {
  ModelSpec model;
  LossSpec loss;
  bool in_double = true, recomputing = false, one_host = true;
  at::Tensor images = hashed(5, {batch_rows, 2, 8, 6, 10});
  at::Tensor labels = some_labels();

  static at::Tensor some_labels() {              // rows unlike each other; one without the last class, one in which little counts
    at::Tensor labels = ((hashed(6, {batch_rows, 8, 6, 10}) + 0.5) * 3).to(at::kByte).clamp_max_(2);
    labels[1].clamp_max_(1);
    labels[3].slice(0, 2).fill_(255);
    return labels;
  }
};

struct StepResult {
  double loss = 0;
  at::Tensor gradient, buffers;                  // of all parameters in a row; running statistics
};

StepResult take_step(const Problem& problem, RankGroup* group, int64_t ranks = 1) {
  at::set_num_threads(1);
  Network network(build_graph(problem.model), 7, {});
  if (problem.in_double) network.to_double();
  network.use_recomputing(problem.recomputing);
  BatchShare share = share_of(group ? group->place().rank : 0, ranks, batch_rows);
  share.ranks = group;
  network.share_batch(share);
  at::Tensor images = share.idle() ? at::zeros_like(problem.images.narrow(0, 0, 1)) : problem.images.narrow(0, share.first, share.count);
  at::Tensor labels = share.idle() ? at::full_like(problem.labels.narrow(0, 0, 1), 255) : problem.labels.narrow(0, share.first, share.count).contiguous();
  std::optional<GradientSums> sums;
  if (group) sums.emplace(*group, network.parameters(), 600);  // bytes: several buckets, and a parameter larger than one
  StepResult result;
  for (int64_t part = 0; part < 2; ++part) {     // gradients accumulate over two passes with other dropout
    at::Tensor value = loss(problem.loss, network.forward(images, true, 11 + part), {1}, labels, nullptr, network.batch_share());
    if (sums && part == 1) sums->expect();
    value.backward();
    result.loss += value.item<double>();
  }
  if (sums) sums->finish();
  std::vector<at::Tensor> gradients, buffers;
  for (auto& [name, parameter] : network.parameters()) gradients.push_back(parameter.grad().reshape({-1}).to(at::kDouble).clone());
  for (auto& [name, tensor] : network.state())
    if (!tensor.requires_grad()) buffers.push_back(tensor.reshape({-1}).to(at::kDouble).clone());
  result.gradient = at::cat(gradients);
  buffers.push_back(at::zeros({1}, at::kDouble));
  result.buffers = at::cat(buffers);
  return result;
}

std::vector<StepResult> take_step_over(const Problem& problem, int64_t ranks) {
  std::vector<StepResult> results(static_cast<size_t>(ranks));
  for (const auto& error : as_ranks(ranks, [&](RankGroup& group) { results[size_t(group.place().rank)] = take_step(problem, &group, ranks); }, problem.one_host)) EXPECT_EQ(error, "");
  return results;
}

double distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).norm().item<double>(); }
double length(const at::Tensor& a) { return a.norm().item<double>(); }

// In float64 sums in another order are all that differs.
void expect_one_process(const Problem& problem, const std::string& what) {
  StepResult alone = take_step(problem, nullptr);
  for (int64_t ranks : {2, 3, 7}) {              // of 7, two have no row
    std::vector<StepResult> all = take_step_over(problem, ranks);
    if (::testing::Test::HasFailure()) return;
    for (const StepResult& one : all) {
      EXPECT_NEAR(one.loss, alone.loss, 1e-12 * std::abs(alone.loss)) << what << ", " << ranks << " ranks";
      EXPECT_LE(distance(one.gradient, alone.gradient), 1e-12 * length(alone.gradient)) << what << ", " << ranks << " ranks";
      EXPECT_LE(distance(one.buffers, alone.buffers), 1e-12 * length(alone.buffers) + 1e-15) << what << ", " << ranks << " ranks";
      EXPECT_TRUE(at::equal(one.gradient, all[0].gradient)) << what << ", " << ranks << " ranks: the bits differ between ranks";
      EXPECT_TRUE(at::equal(one.buffers, all[0].buffers)) << what << ", " << ranks << " ranks: the bits differ between ranks";
    }
  }
}

class DataParallelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RankGroup::available()) GTEST_SKIP() << "this build has no Gloo (libgloo-dev)";
  }
};

TEST_F(DataParallelTest, GradientsAreThoseOfTheWholeBatch) {
  for (std::string norm : {"batch", "instance"})
    for (bool batch_dice : {true, false})
      for (bool one_host : {true, false}) {
        Problem problem{hourglass(norm), {}};
        problem.loss.batch_dice = batch_dice;
        problem.one_host = one_host;
        expect_one_process(problem, norm + (batch_dice ? ", one Dice" : ", a Dice per patch") + (one_host ? "" : ", by messages"));
      }
}

// What is computed a second time in the backward pass meets the others a second time.
TEST_F(DataParallelTest, RecomputingMakesNoDifference) {
  Problem problem{hourglass("batch"), {}};
  problem.recomputing = true;
  expect_one_process(problem, "recomputing");
}

TEST_F(DataParallelTest, EveryLossIsThatOfTheWholeBatch) {
  for (std::string kind : {"ce", "dice", "generalized_dice", "deepmedic"})
    for (bool batch_dice : {true, false}) {
      Problem problem{hourglass("batch"), {}};
      problem.loss.kind = kind;
      problem.loss.batch_dice = batch_dice;
      problem.loss.class_weights = {0.5, 2, 3};
      problem.loss.include_background = kind == "dice";
      expect_one_process(problem, kind);
    }
}

// In float32 no order of sums is the true one: the ranks may be as far from float64 as one process is, and twice that again, as
// their order is another; u is the rounding of one addition, of which a gradient of this size takes at least one.
TEST_F(DataParallelTest, Float32IsAsCloseAsOneProcess) {
  constexpr double u = 0x1p-24;
  for (std::string norm : {"batch", "instance"}) {
    Problem exact{hourglass(norm), {}};
    StepResult truth = take_step(exact, nullptr);
    Problem problem = exact;
    problem.in_double = false;
    double alone = distance(take_step(problem, nullptr).gradient, truth.gradient);
    for (int64_t ranks : {2, 3})
      for (const StepResult& one : take_step_over(problem, ranks))
        EXPECT_LE(distance(one.gradient, truth.gradient), 3 * alone + u * length(truth.gradient)) << norm << ", " << ranks << " ranks; one process: " << alone / length(truth.gradient);
  }
}

TEST_F(DataParallelTest, SameBitsEveryTime) {
  Problem problem{hourglass("batch"), {}};
  problem.in_double = false;
  for (bool one_host : {true, false}) {
    problem.one_host = one_host;
    std::vector<StepResult> first = take_step_over(problem, 3), second = take_step_over(problem, 3);
    EXPECT_TRUE(at::equal(first[0].gradient, second[0].gradient)) << (one_host ? "in memory" : "by messages");
  }
}

TEST(DataParallelShare, RowsAreSharedOutOnce) {
  for (int64_t batch : {1, 2, 5, 64})
    for (int64_t ranks : {1, 2, 3, 7}) {
      int64_t next = 0;
      for (int64_t r = 0; r < ranks; ++r) {
        BatchShare share = share_of(r, ranks, batch);
        EXPECT_EQ(share.first, next);
        EXPECT_LE(share.count, (batch + ranks - 1) / ranks);
        next += share.count;
      }
      EXPECT_EQ(next, batch);
    }
}

TEST_F(DataParallelTest, ALostRankIsFoundAtOnce) {
  for (bool one_host : {true, false}) {
    std::vector<std::string> errors = as_ranks(3, [&](RankGroup& group) {
      at::Tensor one = at::ones({3}, at::kDouble);
      group.add_up(one);
      EXPECT_EQ(one[0].item<double>(), 3);
      if (group.place().rank == 1) fail_failure("this rank breaks");
      group.add_up(one);
    }, one_host);
    EXPECT_NE(errors[1].find("this rank breaks"), std::string::npos);
    for (size_t r : {0, 2}) EXPECT_NE(errors[r].find(rank_lost_message), std::string::npos) << errors[r];
  }
}

TEST_F(DataParallelTest, RanksThatWouldTrainDifferentThingsAreRefused) {
  RunSpec spec;
  std::vector<std::string> errors = as_ranks(2, [&](RankGroup& group) {
    RunSpec own = spec;
    own.optimizer.learning_rate += group.place().rank == 1 ? 1e-9 : 0;
    own.threads = 1 + group.place().rank;        // may differ
    Network network(build_graph(hourglass("batch")), 7, {});
    DataParallel parallel(&group, batch_rows);
    parallel.begin(network, own, Value::table(), 0);
  });
  for (const auto& error : errors) EXPECT_NE(error.find("rank 1 would not train what rank 0 trains"), std::string::npos) << error;
}

}  // namespace
}  // namespace tomograd
