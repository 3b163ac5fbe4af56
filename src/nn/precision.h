// Which arithmetic runs in which number format. The weights are float32 always: a network that computes in bf16 or f16 casts them
// anew in every pass, so that updates smaller than the format's step are not lost (Micikevicius et al. 2018, section 3.1).
//
// What stays in float32 whatever the precision, because a sum or an exponential leaves the narrow range or loses its small terms:
//
//   norms            mean, variance and the scaling by them; sums of partial sums in float64
//   softmax, losses  log-softmax, exponential, Dice and cross-entropy, gradient of the logits; sums over voxels in float64
//   exponentials     of ELU, swish and sigmoid, inside the operation
//   reductions       of convolutions and pooling inside the operation; gradients of biases, norms and slopes; gradient norm (float64)
//   updates          loss scale, penalties, clipping, moments, weights, their average
//   mixed-scale dense stacks in training (nn/msd_stack.h says why)
//   convolutions on the CPU with few channels (nn/few_channels.h), or of bf16 with an axis below 4 voxels (executor.cpp)
//
// and per operation of the graph, as op_formats() says it ("as input": nothing is added to what it gets):
//
//                                        operands          sums     result, fused    result, plain
//   conv, transposed_conv                the network's     float32  the network's    float32
//   msd, training                        float32           float32  float32          float32
//   msd with its head, inference, fused  the network's     float32  float32          (float32 throughout)
//   norm, lanczos                        float32           float32  as input         as input
//   pool                                 as input          float32  as input         as input
//   activation, dropout, bias,           as input          as input as input         as input
//     subsample, upsample, crop
//   concat, add                          widest input      same     widest input     widest input
//   input, heads                         float32; the input of convolutions alone is kept in bf16 on the CPU
//
// "Fused" is the CPU (Network::use_fused); everywhere else convolutions hand on float32, which is what torch.autocast would do
// with the norms and losses behind them.
#pragma once

#include <string>

#include "nn/network.h"

namespace tomograd {

// "f32", "bf16", "f16" and back; anything else, "auto" too, is Error(input): it must have been resolved.
Precision precision_of(const std::string& name);
const char* precision_name(Precision precision);

enum class Format { f32, network, as_input, widest };  // network: of Network::set_precision
struct OpFormats { Format operands = Format::as_input, sums = Format::as_input, result = Format::as_input; };
OpFormats op_formats(Op op, bool fused, bool training);

}  // namespace tomograd
