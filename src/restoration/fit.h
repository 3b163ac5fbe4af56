// Private to the engine rooms
// A fit of one volume to itself, iteration by iteration, whatever the network sees and is fitted to: image_prior.h, plane_fit.h.
#pragma once

#include <cstdint>
#include <string>

#include "spec/restore_spec.h"
#include "spec/run_spec.h"

namespace tomograd {

struct FitStep {
  bool accepted = true;
  double psnr = 0;                               // of this iteration's output to what it is fitted to, dB; infinite for a tile without any
  bool round_over = false;                       // the stopping rule is to be asked
};

class Fit {
 public:
  virtual ~Fit() = default;
  virtual FitStep step() = 0;
  virtual int64_t iterations() const = 0;
  virtual int64_t taken_back() const = 0;
  virtual double criterion(const std::string& rule) const = 0;  // what the rule "holdout" or "variance" watches
  virtual void keep_best() = 0;                  // what there is now is the result, unless this is called again
  virtual bool has_best() const = 0;
  virtual void write(bool best, float* into) = 0;  // the restored volume of now or of the best time, in the unit scale
};

double psnr_of(double mean_square);              // data range 1
OptimizerSpec adam_of(const RestoreSpec& spec, double average);  // average: decay of the average of the weights; 0 = none

}  // namespace tomograd
