#include "kernels/softmax_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "kernels/cpu_isa.h"

namespace tomograd {
namespace {

TEST(SoftmaxLoss, AllInstructionSetsFollowTheReference) {
  for (int64_t voxels : {1, 15, 16, 17, 1000, 8192}) {
    Random random(3, "softmax_loss", 0, uint64_t(voxels));
    std::vector<float> p, log_p, mix, entropy;
    std::vector<uint8_t> label;
    for (int64_t i = 0; i < voxels; ++i) {
      p.push_back(float(random.uniform(0.01, 1)));
      log_p.push_back(std::log(p.back()));
      mix.push_back(float(random.normal())), entropy.push_back(float(random.uniform()));
      int64_t drawn = random.below(4);
      label.push_back(drawn == 3 ? 255 : uint8_t(drawn));
    }
    for (CpuIsa isa : {CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512bf16}) {
      if (isa > best_isa()) continue;
      force_isa(isa);
      for (int c = 0; c < 4; ++c) {
        ClassSums plain = softmax_loss_reference().sums(p.data(), log_p.data(), label.data(), voxels, c);
        ClassSums fast = softmax_loss_kernels().sums(p.data(), log_p.data(), label.data(), voxels, c);
        double bound = 6e-8 * double(voxels / 16 + 16) * double(voxels);  // eps * length of a lane * size of the sum
        EXPECT_EQ(plain.truth, fast.truth);
        EXPECT_NEAR(plain.inside, fast.inside, bound);
        EXPECT_NEAR(plain.predicted, fast.predicted, bound);
        EXPECT_NEAR(plain.log_truth, fast.log_truth, 5 * bound);
        std::vector<float> mix_plain = mix, mix_fast = mix, p_plain = p, p_fast = p;
        softmax_loss_reference().add_mix(p.data(), label.data(), voxels, c, 0.3f, -0.7f, mix_plain.data());
        softmax_loss_kernels().add_mix(p.data(), label.data(), voxels, c, 0.3f, -0.7f, mix_fast.data());
        softmax_loss_reference().gradient(p_plain.data(), label.data(), voxels, c, 0.3f, -0.7f, mix.data(), entropy.data());
        softmax_loss_kernels().gradient(p_fast.data(), label.data(), voxels, c, 0.3f, -0.7f, mix.data(), entropy.data());
        EXPECT_EQ(mix_plain, mix_fast);  // the same operations in the same order, value by value
        EXPECT_EQ(p_plain, p_fast);
      }
    }
    force_isa(best_isa());
  }
}

}  // namespace
}  // namespace tomograd
