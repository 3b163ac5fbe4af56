#include "server/jail.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool watched = true;                   // a sanitizer reserves terabytes and reads /proc while it works
#else
constexpr bool watched = false;
#endif
constexpr uid_t nobody = 65534;

#if defined(__x86_64__)
constexpr uint32_t this_machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t this_machine = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t this_machine = 0;             // no filter was written for it
#endif

// What decoding takes. Arguments are not looked at: none of these reaches beyond this process and its open descriptors.
constexpr int allowed_calls[] = {
    __NR_read, __NR_pread64, __NR_write, __NR_close, __NR_recvmsg, __NR_munmap, __NR_mremap, __NR_madvise, __NR_brk, __NR_futex, __NR_set_robust_list, __NR_sched_yield, __NR_clock_gettime, __NR_gettimeofday,
    __NR_clock_nanosleep, __NR_nanosleep, __NR_restart_syscall, __NR_getrandom, __NR_getpid, __NR_gettid, __NR_rt_sigprocmask, __NR_rt_sigaction, __NR_rt_sigreturn, __NR_sigaltstack, __NR_exit, __NR_exit_group,
#ifdef __NR_rseq
    __NR_rseq,
#endif
};

constexpr uint32_t low_half(size_t argument) { return uint32_t(offsetof(seccomp_data, args) + 8 * argument); }  // of a 64-bit argument, little-endian

// Threads may be started and processes not; memory may not become code. Everything else fails with EPERM, which our code reports in a sentence.
std::vector<sock_filter> filter_program() {
  const uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> program;
  auto add = [&](uint16_t code, uint32_t k, uint8_t yes = 0, uint8_t no = 0) { program.push_back({code, yes, no, k}); };
  auto load = [&](uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); };
  auto answer = [&](uint32_t what) { add(BPF_RET | BPF_K, what); };
  load(offsetof(seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, this_machine, 1, 0);
  answer(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(seccomp_data, nr));
  for (int call : allowed_calls) add(BPF_JMP | BPF_JEQ | BPF_K, uint32_t(call), 0, 1), answer(SECCOMP_RET_ALLOW);
  for (int call : {__NR_mmap, __NR_mprotect}) {
    add(BPF_JMP | BPF_JEQ | BPF_K, uint32_t(call), 0, 4);
    load(low_half(2));
    add(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
    answer(refused);
    answer(SECCOMP_RET_ALLOW);
  }
  add(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
  load(low_half(0));
  add(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
  answer(SECCOMP_RET_ALLOW);
  answer(refused);
#ifdef __NR_clone3
  add(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1);
  answer(SECCOMP_RET_ERRNO | ENOSYS);            // its flags lie in memory, where no filter sees them; the C library falls back to clone
#endif
  answer(refused);
  return program;
}

bool filter_system_calls() {
  if (watched || this_machine == 0) return false;
  std::vector<sock_filter> program = filter_program();
  sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0;
}

// Of Landlock only what restricts without exceptions is used, so its header, which is newer than some systems, is not needed.
constexpr long landlock_create_ruleset = 444, landlock_restrict_self = 446;

int landlock_version() {
  long version = ::syscall(landlock_create_ruleset, nullptr, size_t{0}, 1u);
  return version < 0 ? 0 : int(version);
}

int forbid_paths() {
  if (watched) return 0;
  const int version = landlock_version();
  if (version == 0) return 0;
  const int rights = version == 1 ? 13 : version == 2 ? 14 : version <= 4 ? 15 : 16;  // kinds of access that it knows
  uint64_t handled = (uint64_t{1} << rights) - 1;
  const int rules = int(::syscall(landlock_create_ruleset, &handled, sizeof handled, 0u));
  if (rules < 0) return 0;
  const bool done = ::syscall(landlock_restrict_self, rules, 0u) == 0;
  ::close(rules);
  return done ? version : 0;
}

bool become_nobody() {
  if (::geteuid() != 0) return false;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0;
}

bool limit_to(int kind, int64_t most) {
  rlimit now{};
  if (::getrlimit(__rlimit_resource_t(kind), &now) != 0) return false;
  now.rlim_cur = now.rlim_max = std::min<rlim_t>(now.rlim_max, rlim_t(most));
  return ::setrlimit(__rlimit_resource_t(kind), &now) == 0;
}

}  // namespace

JailReport enter_jail(const JailLimits& limits) {
  JailReport jail;
  ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  jail.other_user = become_nobody();
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);          // other processes of this user do not look into it
  jail.limits = limit_to(RLIMIT_CORE, 0) && limit_to(RLIMIT_FSIZE, 0) && limit_to(RLIMIT_NOFILE, limits.files);
  if (limits.cpu_seconds > 0) jail.limits &= limit_to(RLIMIT_CPU, limits.cpu_seconds);
  if (limits.address_bytes > 0 && !watched) jail.limits &= limit_to(RLIMIT_AS, limits.address_bytes);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);   // forgotten when the user changes, so it comes after
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return jail;
  jail.landlock = forbid_paths();
  jail.system_calls = limits.filter && filter_system_calls();
  return jail;
}

JailReport possible_jail() {
  JailReport jail;
  uint32_t action = SECCOMP_RET_ERRNO;
  jail.system_calls = !watched && this_machine != 0 && ::syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
  jail.landlock = watched ? 0 : landlock_version();
  jail.other_user = ::geteuid() == 0, jail.limits = true;
  return jail;
}

std::string jail_text(const JailReport& jail) {
  std::string all;
  auto add = [&](bool has, const std::string& words) { all += has ? (all.empty() ? "" : ", ") + words : ""; };
  add(jail.system_calls, "system calls filtered"), add(jail.landlock > 0, text("no files by name (Landlock ", jail.landlock, ")"));
  add(jail.other_user, "as nobody"), add(jail.limits, "resource limits");
  if (!jail.system_calls) all += std::string(all.empty() ? "" : "; ") + (watched ? "no filter of system calls under a sanitizer" : "this kernel filters no system calls");
  return all;
}

}  // namespace tomograd
