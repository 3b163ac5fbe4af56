#include "kernels/fma_peak.h"

#include <cmath>

#include "kernels/cpu_isa.h"

namespace tomograd {

using Chain = FmaChain(int64_t rounds);
namespace isa_avx2 { Chain chain_f32, chain_bf16; }
namespace isa_avx512 { Chain chain_f32, chain_bf16; }
namespace isa_avx512bf16 { Chain chain_f32, chain_bf16; }
namespace isa_amx { Chain chain_bf16; }

FmaChain fma_chain_f32(int64_t rounds) {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::chain_f32(rounds);
    case CpuIsa::avx512: return isa_avx512::chain_f32(rounds);
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::chain_f32(rounds);
    case CpuIsa::plain: break;
  }
  float x = 0;
  for (int64_t i = 0; i < rounds; ++i) x = x * 0.5f + 1.0f;
  return {2.0 * double(rounds), x, 2 - 2 * std::pow(0.5, double(rounds))};
}

FmaChain fma_chain_bf16(int64_t rounds) {
  switch (current_isa()) {
    case CpuIsa::avx512bf16: return isa_avx512bf16::chain_bf16(rounds);
    case CpuIsa::amx: return isa_amx::chain_bf16(rounds);
    default: return {};
  }
}

}  // namespace tomograd
