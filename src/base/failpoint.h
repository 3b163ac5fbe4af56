// Named places at which a test build can be made to fail: FAILPOINT("checkpoint.before_rename").
// Armed by the environment variable TOMOGRAD_FAILPOINTS="name=kill;name2=error;name3=sleep:2.5;name4=hold:FILE" (hold:
// while the file is there; each may carry "@N": only the N-th time it is reached). Costs nothing in builds without TOMOGRAD_FAILPOINTS_ON.
#pragma once

namespace tomograd {
void reach_failpoint(const char* name);
}

#ifdef TOMOGRAD_FAILPOINTS_ON
#define FAILPOINT(name) ::tomograd::reach_failpoint(name)
#else
#define FAILPOINT(name) ((void)0)
#endif
