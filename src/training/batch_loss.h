// Forward pass and loss of one batch of the patch queue: the first half of every step, whoever makes it. Private to the engine rooms.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include "nn/loss.h"
#include "nn/network.h"
#include "sampling/patch_queue.h"

namespace tomograd {

// Reads the batch where it lies; it must stay until backward() of the value is done. `number`: running number of the batch since
// the start of training, for dropout.
at::Tensor batch_loss(Network& network, const LossSpec& spec, Batch& batch, int64_t number, LossParts* parts);

}  // namespace tomograd
