// Private to the engine rooms
// The fit: one network, a code, and observed voxels that the network's output must come near. One step() is one iteration on one tile.
//   out = f(code + perturbation);  error of A(out) to the observed voxels;  Adam or L-BFGS;
//   average' = d average + (1 - d) out, d = min(spec.average, (1+t)/(10+t)).
// With code = observed the error is that of the voxels which this iteration hides from the network (visible_image.h).
// A step whose output is more than backtrack_db worse than the last accepted one of its tile is skipped: weights and moments go back
// to what they were before the step that led there, and the output does not enter the average.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/network.h"
#include "nn/optimizer.h"
#include "restoration/backtracking.h"
#include "restoration/data_term.h"
#include "restoration/fit.h"
#include "restoration/input_code.h"
#include "restoration/lbfgs.h"
#include "restoration/restore_plan.h"
#include "restoration/saved_tensors.h"
#include "restoration/slice_profile.h"

namespace tomograd {

struct ObservedVoxels {                             // on the observed grid, in the unit scale
  Buffer<float> voxels;
  Buffer<uint8_t> use;                           // VoxelUse; empty = all are fitted
  DataTerm term;
};

class ImagePrior : public Fit {
 public:
  // `plan` and `observation` must outlive this.
  ImagePrior(const RestoreSpec& spec, const RestorePlan& plan, const ObservedVoxels& observation, Precision precision);

  FitStep step() override;                       // a round is over when all tiles were fitted equally often
  int64_t iterations() const override { return iteration_; }
  int64_t taken_back() const override { return backtracking_.taken_back(); }
  double criterion(const std::string& rule) const override { return rule == "variance" ? variance() : held_out_loss(); }
  double variance() const;                       // exponential variance of the outputs, mean over voxels and tiles
  double held_out_loss() const;                  // of the averages, at voxels that the fit does not see
  void keep_best() override;                     // of all tiles' averages
  bool has_best() const override { return !tiles_.front().best.empty(); }
  void write(bool best, float* into) override;   // tiles blended

  Network& network() { return network_; }
  Optimizer& optimizer() { return optimizer_; }

 private:
  struct Tile {
    Buffer<float> average, best;
    int64_t fitted = 0, accepted = 0, held_out_voxels = 0;
    double psnr = 0, variance = 0, held_out = 0;
  };
  struct Window { const float* voxels; const uint8_t* use; };  // a tile's part of the observation
  Window observed_part(int64_t tile);
  struct Evaluation {                            // of the network on a tile, the same function for the same iteration number
    at::Tensor field, output, slopes;            // what the network returns; its part on the tile; the loss's derivative by that part
    DataErrors errors;
  };
  Evaluation evaluate(int64_t index, int64_t iteration);
  void backward(Evaluation& at);
  void move(int64_t index, Evaluation& at);
  bool accepts(Tile& tile, const DataErrors& errors, double psnr);
  void average_in(Tile& tile, const float* output, const Window& seen_by);
  void save();
  void take_back();

  RestoreSpec spec_;
  const RestorePlan& plan_;
  const ObservedVoxels& observation_;
  SliceProfile profile_;
  Network network_;
  Optimizer optimizer_;
  Lbfgs lbfgs_, saved_lbfgs_;
  VisibleImage image_;
  InputCode code_;
  at::ScalarType code_type_;
  std::vector<Tile> tiles_;
  Extent seen_size_;                             // of a tile, on the observed grid
  Buffer<float> seen_, part_voxels_;
  Buffer<uint8_t> part_use_;                     // a tile's, less what an iteration does not fit
  SavedTensors saved_weights_, saved_moments_;
  Backtracking backtracking_;
  int64_t iteration_ = 0;
};

}  // namespace tomograd
