// What a stretch of the program needs at most, told apart from what came before it.
#pragma once

namespace tomograd {

// Gives freed memory back and lets the kernel count process_peak_bytes() anew from what is resident now. False where the kernel does
// not do that (no /proc/self/clear_refs): the peak stays that of the whole process.
bool restart_peak_bytes();

}  // namespace tomograd
