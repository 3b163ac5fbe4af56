#include "kernels/cpu_isa.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace tomograd {
namespace {

// Processes have to ask for the tiles' registers. A no (an old kernel, small alternative stacks of signals) is not an error.
bool tiles_allowed() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr long ask_for_state = 0x1023, tile_data = 18;   // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
#else
  return false;
#endif
}

CpuIsa detect() {
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  if (bf16 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && tiles_allowed()) return CpuIsa::amx;
  if (bf16) return CpuIsa::avx512bf16;
  return avx512 ? CpuIsa::avx512 : avx2 ? CpuIsa::avx2 : CpuIsa::plain;
}

CpuIsa from_environment() {
  const char* name = std::getenv("TOMOGRAD_ISA");
  if (!name) return best_isa();
  for (CpuIsa isa : all_isas)
    if (std::string(name) == isa_name(isa)) {
      if (isa > best_isa()) fail_usage(text("TOMOGRAD_ISA is ", name, ", this processor has at most ", isa_name(best_isa())));
      return isa;
    }
  fail_usage(text("TOMOGRAD_ISA is '", name, "', must be plain, avx2, avx512, avx512bf16 or amx"));
}

std::atomic<int> forced{-1};

}  // namespace

const char* fastest_precision() { return best_isa() >= CpuIsa::avx512bf16 ? "bf16" : "f32"; }

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
  const char* names[] = {"plain", "avx2", "avx512", "avx512bf16", "amx"};
  return names[int(isa)];
}

}  // namespace tomograd
