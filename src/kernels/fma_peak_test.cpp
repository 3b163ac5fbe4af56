#include "kernels/fma_peak.h"

#include <gtest/gtest.h>

#include "kernels/cpu_isa.h"

namespace tomograd {
namespace {

TEST(FmaPeak, EveryStepIsTaken) {
  for (CpuIsa isa : all_isas) {
    if (isa > best_isa()) continue;
    force_isa(isa);
    FmaChain whole = fma_chain_f32(64), part = fma_chain_f32(3);
    EXPECT_EQ(whole.result, whole.answer);
    EXPECT_EQ(part.result, part.answer) << "three steps are exact in single precision";
    EXPECT_GE(part.flop, 6);
    FmaChain dots = fma_chain_bf16(1000);
    EXPECT_EQ(dots.result, dots.answer);
    EXPECT_EQ(dots.flop > 0, isa >= CpuIsa::avx512bf16);
  }
  force_isa(best_isa());
}

}  // namespace
}  // namespace tomograd
