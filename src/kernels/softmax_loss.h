// The sweeps over voxels of losses on class probabilities p = softmax(logits) (nn/head_loss.h has the equations), one class
// and one run of voxels at a time. Labels are classes, 255 = not counted. f32; sums of one call are f32 in 16 lanes, so calls
// should stay below some ten thousand voxels.
#pragma once

#include <cstdint>

namespace tomograd {

struct ClassSums {  // over counted voxels: p where the label is the class, p, voxels of the class, and log p of these
  double inside = 0, predicted = 0, truth = 0, log_truth = 0;
};

struct SoftmaxLossKernels {
  ClassSums (*sums)(const float* p, const float* log_p, const uint8_t* label, int64_t voxels, int label_of_class);
  // mix += p (everywhere + at_truth [label is the class])
  void (*add_mix)(const float* p, const uint8_t* label, int64_t voxels, int label_of_class, float everywhere, float at_truth, float* mix);
  // p becomes counted p (everywhere + at_truth [is] - mix) + entropy (p - [is]), the derivative by the logit.
  void (*gradient)(float* p, const uint8_t* label, int64_t voxels, int label_of_class, float everywhere, float at_truth, const float* mix, const float* entropy);
};

const SoftmaxLossKernels& softmax_loss_kernels();
const SoftmaxLossKernels& softmax_loss_reference();

}  // namespace tomograd
