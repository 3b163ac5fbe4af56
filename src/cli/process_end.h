// What the end of a process of ours says about what it was doing.
#pragma once

#include <signal.h>

namespace tomograd {

// Signals that a program brings upon itself. Any other comes from outside: somebody takes the machine back, or memory is short.
inline bool is_crash(int signal) { return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE || signal == SIGILL; }

}  // namespace tomograd
