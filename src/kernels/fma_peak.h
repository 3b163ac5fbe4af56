// The processor's own limit, to be measured beside a kernel: chains of multiply-adds that touch no memory.
#pragma once

#include <cstdint>

namespace tomograd {

// One call of a chain: `rounds` dependent steps in each of enough independent vectors to fill the pipelines. `answer` is what
// every number must be at the end and `result` the average of what they are; a compiler that dropped the work would not know it.
struct FmaChain {
  double flop = 0, result = 0, answer = 0;
};

FmaChain fma_chain_f32(int64_t rounds);          // x = x / 2 + 1, which tends to 2; few rounds or many (> 60) have an exact answer
FmaChain fma_chain_bf16(int64_t rounds);         // x += 1 * 1 + 1 * 1 (tiles: 32 products), rounds <= 2^22; flop is 0 where there are no bf16 products

}  // namespace tomograd
