// Losses over logits [n][class][z][y][x] (float32) and labels [n][z][y][x] (uint8 class, 255 = not counted).
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace tomograd {

struct LossParts { std::vector<std::pair<std::string, double>> parts; };  // "dice", "ce", for the log

// Heads of other resolutions see the labels reduced by nearest neighbour; a head smaller than the labels by valid
// convolutions sees their centre. Weights are normalised to sum 1.
at::Tensor loss(const LossSpec& spec, const std::vector<at::Tensor>& heads, const std::vector<double>& head_weights, const at::Tensor& labels, LossParts* parts);

}  // namespace tomograd
