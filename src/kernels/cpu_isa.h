// Which instruction set the kernels use: the best the processor has, or the one forced (tests and measurements force each).
#pragma once

namespace tomograd {

enum class CpuIsa { plain, avx2, avx512, avx512bf16, amx };  // amx: avx512bf16 with matrix tiles of bf16
inline constexpr CpuIsa all_isas[] = {CpuIsa::plain, CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512bf16, CpuIsa::amx};
CpuIsa best_isa();                               // of this processor
CpuIsa current_isa();                            // best, unless TOMOGRAD_ISA or force_isa() says otherwise
void force_isa(CpuIsa isa);                      // an unsupported one is Error(usage)
const char* isa_name(CpuIsa isa);
// Number format in which networks compute fastest here: "bf16" where the processor multiplies it natively, elsewhere it is
// emulated and slower than "f32".
const char* fastest_precision();

}  // namespace tomograd
