// Private to the engine rooms
// Super-resolution with code = planes: a network in two dimensions learns from the slices themselves (plane_pairs.h) what interpolation misses, and
// is then applied to planes across the slices.
//   in    [plane][1][1][row of thick slices][column]
//   out   [plane][factor][1][row][column]: of each thick row its thin ones, less their interpolation; the network never works on the fine grid, and
//         needs not guess which of its rows are which (the sub-pixel convolution of Shi et al., CVPR 2016)
// One step() fits a few windows of slices, made coarse along one of their axes, mirrored or not, by Adam. The result is the network of averaged weights
// on the planes along both axes of the slices, and the mean of both (restoration.cpp then gives the thick slices back). Held out are whole slices.
// A step is taken back where its output is worse than interpolation of the same windows by more than backtrack_db would be of a usual error of interpolation,
// and the next ones are half as long.
#pragma once

#include <ATen/ATen.h>

#include <limits>
#include <vector>

#include "nn/network.h"
#include "nn/optimizer.h"
#include "restoration/backtracking.h"
#include "restoration/fit.h"
#include "restoration/plane_pairs.h"
#include "restoration/restore_plan.h"
#include "restoration/saved_tensors.h"

namespace tomograd {

class PlaneFit : public Fit {
 public:
  // `plan` and `voxels`, thick slices in the unit scale, must outlive this. Error(input) for slices that are too few or too small.
  PlaneFit(const RestoreSpec& spec, const RestorePlan& plan, const float* voxels, Precision precision);

  FitStep step() override;
  int64_t iterations() const override { return iteration_; }
  int64_t taken_back() const override { return backtracking_.taken_back(); }
  double criterion(const std::string& rule) const override;
  void keep_best() override { best_.save(optimizer_.averaged()); }
  bool has_best() const override { return !best_.empty(); }
  void write(bool best, float* into) override;

  const std::vector<int64_t>& held_out() const { return held_out_; }  // thick slices
  Network& network() { return network_; }

 private:
  struct Batch { at::Tensor coarse; Buffer<float> interpolated, fine; };
  Batch read(const std::vector<PlaneWindow>& windows) const;
  std::vector<PlaneWindow> drawn() const;
  double held_out_error();                       // of the averaged weights, mean square
  void add_planes(int columns_axis, float weight, float* into);

  RestoreSpec spec_;
  const RestorePlan& plan_;
  const float* voxels_;
  SliceProfile profile_;
  PlanePairs pairs_;
  Network network_, averaged_;
  Optimizer optimizer_;
  std::vector<int64_t> fitted_, held_out_;       // slices
  SavedTensors saved_weights_, saved_moments_, best_;
  Backtracking backtracking_;
  int64_t iteration_ = 0;
  double held_out_loss_ = std::numeric_limits<double>::quiet_NaN(), pace_ = 1;  // not yet known
};

}  // namespace tomograd
