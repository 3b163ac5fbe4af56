#include "kernels/cpu_isa.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace tomograd {
namespace {

CpuIsa detect() {
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && __builtin_cpu_supports("avx512bf16")) return CpuIsa::avx512bf16;
  return avx512 ? CpuIsa::avx512 : avx2 ? CpuIsa::avx2 : CpuIsa::plain;
}

CpuIsa from_environment() {
  const char* name = std::getenv("TOMOGRAD_ISA");
  if (!name) return best_isa();
  for (CpuIsa isa : {CpuIsa::plain, CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512bf16})
    if (std::string(name) == isa_name(isa)) {
      if (isa > best_isa()) fail_usage(text("TOMOGRAD_ISA is ", name, ", this processor has at most ", isa_name(best_isa())));
      return isa;
    }
  fail_usage(text("TOMOGRAD_ISA is '", name, "', must be plain, avx2, avx512 or avx512bf16"));
}

std::atomic<int> forced{-1};

}  // namespace

const char* fastest_precision() { return best_isa() == CpuIsa::avx512bf16 ? "bf16" : "f32"; }

CpuIsa best_isa() {
  static CpuIsa isa = detect();
  return isa;
}

CpuIsa current_isa() {
  static CpuIsa chosen = from_environment();
  int force = forced;
  return force >= 0 ? CpuIsa(force) : chosen;
}

void force_isa(CpuIsa isa) {
  if (isa > best_isa()) fail_usage(text("instruction set ", isa_name(isa), " was asked for, this processor has at most ", isa_name(best_isa())));
  forced = int(isa);
}

const char* isa_name(CpuIsa isa) {
  const char* names[] = {"plain", "avx2", "avx512", "avx512bf16"};
  return names[int(isa)];
}

}  // namespace tomograd
