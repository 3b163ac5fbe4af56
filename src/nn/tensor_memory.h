// CPU tensors of this process out of one Arena (base/arena.h). Torch-free to include.
#pragma once

namespace tomograd {

void use_tensor_arena();                         // from now on; once per process, before the first tensor
void release_free_tensor_memory();               // what no tensor holds goes back to the system; does nothing without the arena

}  // namespace tomograd
