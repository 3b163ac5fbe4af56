// Losses over logits [n][class][z][y][x] (float32) and labels [n][z][y][x] (uint8 class, 255 = not counted).
//   ce                mean over counted voxels of -log p(true class); with class weights, the weighted mean
//   dice              1 - mean over classes of (2 I + s) / (P + G + s); I, P, G sums of p g, p, g over counted voxels of the
//                     batch (batch_dice) or of each patch; background only with include_background
//   dice_ce           dice_weight * dice + ce_weight * ce (Isensee 2021; MONAI's DiceCELoss with batch_dice = false and
//                     include_background = true)
//   generalized_dice  1 - (2 sum w I + s) / (sum w (P + G) + s), w = 1 / G^2, that of absent classes the largest of the
//                     others (Sudre 2017)
//   deepmedic         mean over counted voxels of -w log(p(true class) + 1e-6) (Kamnitsas 2017)
// Class weights concern the cross-entropies. L1 and L2 of the spec are the optimiser's (optimizer.h).
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <string>
#include <vector>

#include "nn/batch_share.h"
#include "spec/run_spec.h"

namespace tomograd {

struct LossParts { std::vector<std::pair<std::string, double>> parts; };  // "dice_loss", "cross_entropy", of the first head, for the log

// Heads of other resolutions see the labels reduced by nearest neighbour; a first head smaller than the labels by valid
// convolutions sees their centre, and the others that centre reduced. Weights are normalised to sum 1.
// Of a split batch: the loss of all its rows, the same on every rank, with the gradient of the rows that are here. What the losses
// need of the others are the few sums above.
at::Tensor loss(const LossSpec& spec, const std::vector<at::Tensor>& heads, const std::vector<double>& head_weights, const at::Tensor& labels, LossParts* parts,
                const BatchShare& share = {});

}  // namespace tomograd
