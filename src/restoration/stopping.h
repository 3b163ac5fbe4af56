// When to stop a fit that would learn the noise in the end, without the clean volume: a criterion is told after every iteration, its smallest value
// marks the result, and `patience` iterations without a smaller one end the fit.
//   holdout   the loss of the average of the outputs at voxels that the fit does not see. Their noise is independent of the output, so that
//             the expected value is the error to the clean volume plus a constant (the self-validation of Li et al., BMVC 2021).
//   variance  how much the outputs move: VAR' = (1 - a) (VAR + a |x - mean|^2) with the exponential mean mean' = (1 - a) mean + a x (Wang et al.,
//             "Early stopping for deep image prior", TMLR 2023, their ES-EMV, which needs no window of stored outputs). The mean is our average
//             of the outputs, so that it costs nothing. It falls while the image forms and rises as the noise is learned.
// Window, patience and the choice of holdout were set on a phantom of 24^3 voxels with noise of 25/255 and the small network: the best average has
// 27.0 dB (iteration 520), holdout takes 26.8 dB (of 370, with 276 voxels held out), variance 25.0 dB (of 100: the perturbation of the code
// moves the outputs as much as the noise that is learned). That was from a noise code; where the network sees the image, holdout takes 28.81 dB
// of 28.87 on a phantom of 48^3. No clean volume ever reaches this class.
#pragma once

#include <cstdint>

#include "spec/restore_spec.h"

namespace tomograd {

enum class StopAdvice { go_on, best, stop };

class StopRule {
 public:
  explicit StopRule(const PriorStopSpec& spec) : spec_(spec) {}
  StopAdvice tell(double value);                    // after iteration 1, 2, ...; values that are not finite never are the best
  int64_t best_at() const { return best_at_; }   // 0: there was none yet
  double best() const { return best_; }

 private:
  PriorStopSpec spec_;
  int64_t told_ = 0, best_at_ = 0;
  double best_ = 0;
};

// One step of the exponential mean and variance, in place; returns the mean of (x - average)^2 from before. `share` = a, 1 for the first output.
double update_average(const float* x, float* average, int64_t n, double share);

}  // namespace tomograd
