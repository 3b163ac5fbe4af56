// Tests that run once per instruction set; those the processor lacks are skipped visibly.
//   class BlendOnIsa : public IsaTest {};  TEST_P(BlendOnIsa, ...)  INSTANTIATE_TEST_SUITE_P(All, BlendOnIsa, every_isa(), isa_of)
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kernels/cpu_isa.h"

namespace tomograd {

class IsaTest : public testing::TestWithParam<CpuIsa> {
 protected:
  void SetUp() override {
    before_ = current_isa();
    if (GetParam() > best_isa()) GTEST_SKIP() << "this processor has no " << isa_name(GetParam());
    force_isa(GetParam());
  }
  void TearDown() override { force_isa(before_); }

 private:
  CpuIsa before_ = CpuIsa::plain;
};

inline auto every_isa() { return testing::ValuesIn(all_isas); }
inline std::string isa_of(const testing::TestParamInfo<CpuIsa>& info) { return isa_name(info.param); }

}  // namespace tomograd
