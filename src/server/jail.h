// Rights that a process gives up before it looks at bytes of others: afterwards it computes with the memory and the open files it has, and
// asks the kernel for little else. Each means goes as far as the kernel has it; the report says which did.
#pragma once

#include <cstdint>
#include <string>

namespace tomograd {

struct JailLimits {
  int64_t address_bytes = 0;                     // of the whole address space; 0 = as it is
  int64_t cpu_seconds = 0;                       // in all; 0 = as it is
  int64_t files = 256;                           // open at once
  bool filter = true;                            // false: as on a kernel that filters no system calls
};

struct JailReport {
  bool system_calls = false;                     // seccomp: read, receive, write, memory, threads and clocks; no open, socket, exec, fork, kill, ptrace
  int landlock = 0;                              // its version; 0 = this kernel has none. No path can be opened
  bool other_user = false;                       // was root and is nobody now
  bool limits = false;                           // memory, processor time, open files; no files written, no core
};

// For this thread and those it starts; cannot be taken back. Never fails: what a kernel refuses is missing from the report.
JailReport enter_jail(const JailLimits& limits);
JailReport possible_jail();                      // what enter_jail() would reach here
std::string jail_text(const JailReport& jail);   // "system calls filtered, no files by name (Landlock 4), resource limits"

}  // namespace tomograd
