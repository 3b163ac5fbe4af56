// What a restoration of one volume from itself is: `denoise`, `superres`, `inpaint`. The volume is the output of a network whose input is
// a fixed random code, x* = f_theta*(z), and theta is fitted to the one observed volume (Ulyanov et al., "Deep image prior", CVPR 2018). With code = observed
// the volume itself is the input, and the network is fitted to voxels that it does not see (src/restoration/visible_image.h). With code = planes a network
// learns super-resolution from the slices themselves (src/restoration/plane_fit.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/field.h"
#include "spec/model_spec.h"

namespace tomograd {

struct PriorStopSpec {  // when to stop without knowing the clean volume; src/restoration/stopping.h
  std::string rule = "auto";
  int64_t window = 100, patience = 200;
  double holdout = 0.02;
  template <class V> void visit(V&& v) {
    v(rule, "rule", "auto (holdout), holdout (error of voxels that are kept from the fit), variance (of the last outputs), or none: all iterations", one_of({"auto", "holdout", "variance", "none"}));
    v(window, "window", "iterations before the criterion counts (with tiles: rounds over all tiles; code = planes: tens)", between(1, 1000000));
    v(patience, "patience", "iterations (with tiles: rounds; code = planes: tens) without a better value that end the fit", between(1, 1000000));
    v(holdout, "holdout", "holdout: share of the observed voxels (code = planes: slices) that the fit does not see", between(0.0001, 0.5));
  }
};

struct RestoreSpec {
  std::string task = "denoise";
  ModelSpec model;                               // channels and patch follow from the code and the volume
  std::string code = "noise";
  int64_t code_depth = 32;
  double code_scale = 0.1, perturbation = 1.0 / 30, hidden = 0.05;
  std::string optimizer = "adam";
  double learning_rate = 0.01;
  int64_t iterations = 3000;
  double max_seconds = 0;
  double average = 0.99, backtrack_db = 5;
  PriorStopSpec stop;
  std::string noise = "gaussian";
  double sigma = 0;
  int64_t factor = 2;
  std::string axis = "auto", profile = "box";
  bool keep_known = true;
  Extent tile = cube(0);
  double overlap = 0.25;
  bool recompute = false;
  std::string device = "auto", precision = "auto";
  int64_t seed = 0, threads = 0;
  template <class V> void visit(V&& v) {
    v(task, "task", "what is restored", one_of({"denoise", "superres", "inpaint"}));
    v(model, "model", "the network");
    v(code, "code", "input of the network: uniform noise, meshgrid (three channels of coordinates from 0 to 1), observed (the volume, some voxels hidden), or planes (superres: the slices, made coarse along their own axes as the scanner did across them, teach the network what that loses)", one_of({"noise", "meshgrid", "observed", "planes"}));
    v(code_depth, "code_depth", "channels of a noise code; with observed, of the noise beside the volume, which may be 0", between(0, 1024));
    v(hidden, "hidden", "observed: share of the voxels that are hidden from the network anew in each iteration, and are what it is fitted to (superres: none)", between(0.0001, 0.9));
    v(code_scale, "code_scale", "a noise code is uniform between 0 and this", between(1e-6, 100));
    v(perturbation, "perturbation", "standard deviation of the noise that is added to the noise or meshgrid code anew in each iteration", between(0, 10));
    v(optimizer, "optimizer", "how weights are updated; adam, or lbfgs, whose step sees one perturbation and one set of hidden voxels but whose memory is of those before: it goes best with perturbation 0 and a noise code", one_of({"adam", "lbfgs"}));
    v(learning_rate, "learning_rate", "learning rate", between(1e-8, 10));
    v(iterations, "iterations", "most iterations; with tiles, each is one tile", between(1, 100000000));
    v(max_seconds, "max_seconds", "most seconds of fitting; 0 = no limit", at_least(0, "seconds"));
    v(average, "average", "decay of the exponential average of the outputs (code = planes: of the weights), which is the result", between(0, 0.99999));
    v(backtrack_db, "backtrack_db", "a step that lowers the PSNR to the observed volume by more than this (code = planes: to that much below interpolation) is taken back; 0 = never", between(0, 1000, "dB"));
    v(stop, "stop", "when to stop without knowing the clean volume");
    v(noise, "noise", "noise of the observed volume: gaussian, or rician (magnitude MRI)", one_of({"gaussian", "rician"}));
    v(sigma, "sigma", "rician: its standard deviation in the units of the file; 0 = from the background in the corners", at_least(0));
    v(factor, "factor", "superres: new slices for each slice", between(2, 16));
    v(axis, "axis", "superres: the axis across the slices; auto = that of the largest spacing", one_of({"auto", "z", "y", "x"}));
    v(profile, "profile", "superres: how a thick slice sees thin ones: box (their mean) or lanczos (Lanczos-2)", one_of({"box", "lanczos"}));
    v(keep_known, "keep_known", "inpaint: known voxels keep their values; superres: thick slices do (the nearest volume that has them)");
    v(tile, "tile", "size of the parts that are fitted in turn, Z,Y,X; 0 = the whole volume where it fits", between(0, 1 << 20, "voxels"));
    v(overlap, "overlap", "share of a tile that its neighbour covers too", between(0, 0.9));
    v(recompute, "recompute", "activation checkpointing: keep the results of convolutions alone for the backward pass and compute norms and activations a second time");
    v(device, "device", "auto or cpu");
    v(precision, "precision", "number format of the network's compute", one_of({"auto", "f32", "bf16", "f16"}));
    v(seed, "seed", "seed of weights, code and perturbation", at_least(0));
    v(threads, "threads", "threads; 0 = all the machine has", between(0, 1024));
  }
};

// The networks that --size names: `small` for processors, `published` as in the paper (128 channels on five levels, 6.5 million weights). A network that
// sees the image needs room for it at full resolution and little depth; one that grows it from noise the other way round.
inline ModelSpec prior_model(const std::string& size, bool sees_the_image) {
  ModelSpec model;
  model.kind = "skip";
  if (size == "published") {
    model.preset = "denoise";
    return model;
  }
  model.n_down = sees_the_image ? std::vector<int64_t>{16, 16, 32} : std::vector<int64_t>{8, 16, 32, 64};
  model.n_skip = {sees_the_image ? 16 : 4};
  model.upsample = "linear";
  model.pad = "zero";
  return model;
}

// Of code = planes: residual units of two convolutions in the plane, without norms (Lim et al., "EDSR", CVPRW 2017), whose output starts at zero.
inline ModelSpec plane_model() {
  auto conv = [](const char* name, int64_t channels) {
    BlockSpec block;
    block.name = name, block.op = "conv", block.channels = channels, block.kernel = {1, 3, 3};
    if (channels > 0) block.activation = "leaky_relu", block.slope = 0.1;
    return block;
  };
  BlockSpec sum, again, out = conv("out", 0);
  sum.name = "sum", sum.op = "add", sum.from = {"second", "head"};
  again.name = "again", again.op = "repeat", again.from = {"first", "sum"};
  out.starts_at_zero = true;
  ModelSpec model;
  model.kind = "graph";
  model.block = {conv("head", 32), conv("first", 32), conv("second", 32), sum, again, out};
  return model;
}

// What a restoration is before anything is set. `published` keeps the paper's code, learning rate and perturbation; a processor makes hundreds of
// iterations where the paper made thousands, so that `small` goes faster. It sees the image where single voxels are in doubt: noise, and missing voxels
// that are `scattered`. Holes have no visible neighbours to learn from, and the prior of the network's shape is what fills them. PSNR at 48^3 voxels:
//                                                 from the image       from noise
//   noise of 25/255, 250 iterations: a phantom    27.7                 24.7
//                               a head, T1        29.4                 26.6
//   half of all voxels missing (head), 200        29.3                 26.1      of the missing voxels, as the next line
//   twelve holes of 10^3 (head), 200              19.4                 22.8
// Thin slices are learned from what the slices themselves show. 96^3 voxels, pairs of slices averaged, where it stops by itself (a minute; cubic interpolation
// in brackets): a head 36.0 dB (32.5), from noise 33.0 after 15 minutes; a brain, T1 with contrast 39.9 (37.2), FLAIR 38.6 (36.8); a phantom 40.9 (36.1).
// Its settings were chosen on the phantom and the brain.
// `code`: a code that the user named; empty = the task's own.
inline RestoreSpec default_restoration(const std::string& task, const std::string& size, bool scattered = false, const std::string& code = "") {
  RestoreSpec spec;
  spec.task = task;
  if (size == "small" && code.empty()) spec.code = task == "superres" ? "planes" : task == "denoise" || (task == "inpaint" && scattered) ? "observed" : "noise";
  else if (!code.empty()) spec.code = code;
  bool sees = spec.code == "observed";
  spec.model = prior_model(size, sees);
  if (spec.code == "planes") {
    spec.model = plane_model();
    spec.learning_rate = 0.005, spec.perturbation = 0;
    spec.stop.window = 10, spec.stop.patience = 40, spec.stop.holdout = 0.04;
  }
  if (size == "published" || spec.code == "planes") return spec;
  if (sees) spec.code_depth = 0, spec.perturbation = 0;
  else spec.learning_rate = 0.02, spec.perturbation = 1.0 / 60;
  return spec;
}

}  // namespace tomograd
