#include "training/mailbox.h"

#include <torch/torch.h>

#include "base/random.h"
#include "training/ranks_test_support.h"

namespace tomograd {
namespace {

TEST(Mailbox, AddsUpInTheOrderOfRanksAgainAndAgain) {
  if (!RankGroup::available()) GTEST_SKIP() << "this build has no Gloo (libgloo-dev)";
  constexpr int64_t ranks = 3, rounds = 500;
  auto number = [](int64_t rank, int64_t round, int64_t i) { return Random(1, "mailbox", uint64_t(round), uint64_t(rank * 10 + i)).uniform(-1, 1); };
  std::vector<std::string> errors = as_ranks(ranks, [&](RankGroup& group) {
    auto mailbox = Mailbox::make(group);
    ASSERT_NE(mailbox, nullptr);
    for (int64_t round = 0; round < rounds; ++round) {
      int64_t count = 1 + round % 7;
      at::Tensor values = at::empty({count}, at::kDouble);
      for (int64_t i = 0; i < count; ++i) values[i] = number(group.place().rank, round, i);
      mailbox->add_up(values, 60);
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(values[i].item<double>(), number(0, round, i) + number(1, round, i) + number(2, round, i)) << "round " << round;
    }
  });
  for (const auto& error : errors) EXPECT_EQ(error, "");
}

TEST(Mailbox, OneThatDoesNotComeInTimeIsNamed) {
  if (!RankGroup::available()) GTEST_SKIP() << "this build has no Gloo (libgloo-dev)";
  std::vector<std::string> errors = as_ranks(2, [&](RankGroup& group) {
    auto mailbox = Mailbox::make(group);
    at::Tensor one = at::ones({1}, at::kLong);
    if (group.place().rank == 0) mailbox->add_up(one, 0.1);
    else group.add_up(one);                      // stays until rank 0 has given up
  });
  EXPECT_NE(errors[0].find("rank 1 did not come in time"), std::string::npos) << errors[0];
  EXPECT_NE(errors[1].find("rank 0 has ended"), std::string::npos) << errors[1];
}

}  // namespace
}  // namespace tomograd
