// The run spec: everything that decides what a training run does. Written resolved into the run folder as spec.toml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/field.h"
#include "spec/model_spec.h"
#include "spec/precision_spec.h"

namespace tomograd {

struct ClassesSpec {  // how label values become classes; class 0 is background and always there
  std::vector<std::string> names;                // foreground classes in order; empty = the labels of the dataset
  std::vector<std::vector<int64_t>> values;      // label values of each name; empty = as the dataset says
  bool whole = false;                            // one class "whole" of every label value > 0
  template <class V> void visit(V&& v) {
    v(names, "names", "foreground class names in order; empty takes the labels of the dataset");
    v(values, "values", "label values merged into each class of `names`");
    v(whole, "whole", "a single foreground class of every label value above 0");
  }
};

struct PreprocessSpec {
  std::vector<std::string> channels;             // modalities used, in order; empty = all of the dataset
  std::vector<std::string> leave_out;            // modalities taken away from `channels`
  std::string normalize = "auto";
  std::vector<double> clip_percentiles;          // {low, high} inside the normalisation region; empty = none
  std::string crop = "none";
  std::vector<double> spacing;                   // target spacing Z,Y,X in mm; empty = as the scans are
  std::string missing = "zero";
  template <class V> void visit(V&& v) {
    v(channels, "channels", "modalities used, in order; empty uses all of the dataset");
    v(leave_out, "leave_out", "modalities left out, in training and in testing");
    v(normalize, "normalize", "intensity normalisation per channel and case; auto = zscore in the ROI when there is one, else zscore of non-background", one_of({"auto", "none", "zscore", "zscore_roi", "minmax"}));
    v(clip_percentiles, "clip_percentiles", "percentiles to which intensities are clipped first, low and high", between(0, 100, "%"));
    v(crop, "crop", "crop every case to this region before sampling", one_of({"none", "roi", "nonzero"}));
    v(spacing, "spacing", "voxel spacing to resample to, Z,Y,X; empty keeps that of the scans", between(0.01, 100, "mm"));
    v(missing, "missing", "what a case that lacks a channel does", one_of({"zero", "skip", "error"}));
  }
};

struct SamplingSpec {
  Extent patch = cube(64);
  int64_t batch = 2;
  double foreground = 0.5;                       // share of patches whose centre is a foreground voxel
  std::vector<double> class_weights;             // per foreground class, relative; empty = equal
  Value case_weights = Value::table();           // case id -> relative weight; cases that are not named have 1
  int64_t epoch_patches = 256;                   // patches of one epoch; class shares are exact over it
  int64_t reads_per_case = 4;                    // patches taken in a row from one case before the next is read
  double min_fraction = 0;                       // least share of foreground voxels in a foreground patch
  std::string locations;                         // CSV of case,z,y,x (patch centres) or a folder of weight maps; empty = drawn
  int64_t queue_megabytes = 256;
  int64_t cache_megabytes = 1024;
  int64_t workers = 1;
  template <class V> void visit(V&& v) {
    v(patch, "patch", "size of a training patch, Z,Y,X; 0,0,0 fits patch, batch and spacing to the training cases by nnU-Net's rules", between(0, 1 << 20, "voxels"));
    v(batch, "batch", "patches per step; 0 = 2, or what fits with a fitted patch", between(0, 4096));
    v(foreground, "foreground", "share of patches centred on a foreground voxel, exact over an epoch", between(0, 1));
    v(class_weights, "class_weights", "relative weight of each foreground class as patch centre; empty = equal", at_least(0));
    v(case_weights, "case_weights", "relative weights of training cases, a table of case id = weight; cases not named have 1");
    v(epoch_patches, "epoch_patches", "patches in an epoch", between(1, 1e9));
    v(reads_per_case, "reads_per_case", "patches taken in a row from one case", between(1, 1e6));
    v(min_fraction, "min_fraction", "least share of foreground voxels in a patch drawn as foreground", between(0, 1));
    v(locations, "locations", "patch centres: a CSV file with the columns case,z,y,x, or a folder of weight maps CASE.nii.gz; empty = drawn from the labels");
    v(queue_megabytes, "queue_megabytes", "memory for patches made ahead", between(1, 1e6, "MB"));
    v(cache_megabytes, "cache_megabytes", "memory for decoded blocks of all cases that are block stores (*.zarr); blocks of patches in the making come on top", between(1, 1e7, "MB"));
    v(workers, "workers", "threads that make patches", between(0, 256));
  }
};

struct AugmentSpec {  // probabilities per patch; nnU-Net's list and order
  bool enabled = true;
  std::vector<double> flip = {0.5, 0.5, 0.5};    // per axis Z,Y,X
  double transpose = 0;                          // Y and X exchanged
  double rotate = 0, rotate_degrees = 30, scale = 0;
  std::vector<double> scale_range = {0.7, 1.4};
  double noise = 0.1, noise_variance = 0.1;
  double blur = 0, brightness = 0.15, contrast = 0.15, low_resolution = 0, gamma = 0, gamma_inverted = 0;
  double channel_dropout = 0;                    // chance that a channel is set to zero for a patch
  template <class V> void visit(V&& v) {
    v(enabled, "enabled", "augment training patches at all");
    v(flip, "flip", "chance of a mirror image along Z, Y, X; must be 0 on the left-right axis when labels have sides", between(0, 1));
    v(transpose, "transpose", "chance of exchanging Y and X, for patches as long as wide; at 0.5, with flips at 0.5, the eight dihedral transforms are equally likely", between(0, 1));
    v(rotate, "rotate", "chance of a rotation", between(0, 1));
    v(rotate_degrees, "rotate_degrees", "largest rotation angle about each axis", between(0, 180, "degrees"));
    v(scale, "scale", "chance of zooming", between(0, 1));
    v(scale_range, "scale_range", "smallest and largest zoom", between(0.1, 10));
    v(noise, "noise", "chance of Gaussian noise", between(0, 1));
    v(noise_variance, "noise_variance", "largest variance of that noise", at_least(0));
    v(blur, "blur", "chance of Gaussian blur, sigma 0.5 to 1 voxel", between(0, 1));
    v(brightness, "brightness", "chance of multiplying intensities by 0.75 to 1.25", between(0, 1));
    v(contrast, "contrast", "chance of scaling intensities about their mean by 0.75 to 1.25", between(0, 1));
    v(low_resolution, "low_resolution", "chance of simulated low resolution, zoom 0.5 to 1", between(0, 1));
    v(gamma, "gamma", "chance of a gamma curve, 0.7 to 1.5", between(0, 1));
    v(gamma_inverted, "gamma_inverted", "chance of a gamma curve on the inverted image", between(0, 1));
    v(channel_dropout, "channel_dropout", "chance per channel of being zero for a patch", between(0, 0.9));
  }
};

struct LossSpec {
  std::string kind = "dice_ce";
  double dice_weight = 1, ce_weight = 1, smooth = 1e-5, l1 = 0, l2 = 0;
  bool include_background = false;
  bool batch_dice = true;
  std::vector<double> class_weights;
  template <class V> void visit(V&& v) {
    v(kind, "kind", "loss to minimise", one_of({"dice_ce", "dice", "ce", "generalized_dice", "deepmedic"}));
    v(dice_weight, "dice_weight", "weight of the Dice part", at_least(0));
    v(ce_weight, "ce_weight", "weight of the cross-entropy part", at_least(0));
    v(smooth, "smooth", "added to numerator and denominator of Dice", at_least(0));
    v(l1, "l1", "weight of the sum of absolute conv weights", at_least(0));
    v(l2, "l2", "weight of the sum of squared conv weights", at_least(0));
    v(include_background, "include_background", "count background as a Dice class");
    v(batch_dice, "batch_dice", "one Dice over the whole batch instead of one per patch");
    v(class_weights, "class_weights", "weight of each class, background first, in cross-entropy; empty = equal", at_least(0));
  }
};

struct OptimizerSpec {
  std::string kind = "adamw";
  double learning_rate = 2e-3, momentum = 0.9, weight_decay = 1e-2, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clip_norm = 0;
  int64_t accumulate = 1;
  std::string batch_scaling = "none";
  int64_t scaled_from = 2;
  double average = 0;
  template <class V> void visit(V&& v) {
    v(kind, "kind", "optimiser", one_of({"sgd", "adam", "adamw", "deepmedic_rmsprop"}));
    v(learning_rate, "learning_rate", "learning rate before the schedule", between(0, 100));
    v(momentum, "momentum", "momentum of sgd and deepmedic_rmsprop, Nesterov", between(0, 1));
    v(weight_decay, "weight_decay", "decoupled for adamw, added to the gradient otherwise", at_least(0));
    v(beta1, "beta1", "Adam's first moment decay", between(0, 1));
    v(beta2, "beta2", "second moment decay; rho of deepmedic_rmsprop is 0.9", between(0, 1));
    v(epsilon, "epsilon", "Adam's epsilon", at_least(0));
    v(clip_norm, "clip_norm", "largest norm of the gradient; 0 = no limit", at_least(0));
    v(accumulate, "accumulate", "batches whose gradients are averaged before a step", between(1, 100000));
    v(batch_scaling, "batch_scaling", "how the learning rate grows with the patches of a step, sampling.batch times accumulate: linear (with warm-up, Goyal 2017), sqrt, or none", one_of({"none", "linear", "sqrt"}));
    v(scaled_from, "scaled_from", "batch_scaling: the patches of a step for which learning_rate was found", between(1, 100000));
    v(average, "average", "decay of the exponential average of weights that is validated and saved; 0 = none", between(0, 0.99999));
  }
};

struct ScheduleSpec {
  std::string kind = "poly";
  double power = 0.9, floor = 0.01, factor = 0.5;
  int64_t warmup_steps = 0;
  std::vector<double> milestones;
  template <class V> void visit(V&& v) {
    v(kind, "kind", "how the learning rate falls over the run", one_of({"constant", "poly", "cosine", "steps"}));
    v(power, "power", "exponent of poly", at_least(0));
    v(floor, "floor", "poly and cosine end at this share of the learning rate", between(0, 1));
    v(factor, "factor", "steps multiplies by this at each milestone", between(0, 1));
    v(warmup_steps, "warmup_steps", "steps over which the learning rate rises linearly from 0", at_least(0, "steps"));
    v(milestones, "milestones", "positions of steps as shares of the run", between(0, 1));
  }
};

struct ValidationSpec {
  std::vector<std::string> patients;             // validated on, never trained on
  std::vector<std::string> test_patients;        // neither trained nor validated on; predicted at the end of a trial
  double fraction = 0;                           // share of patients drawn for validation when `patients` is empty
  bool each_channel = false;                     // test cases are predicted also without each channel
  int64_t every_steps = 0;
  int64_t patience = 0;
  template <class V> void visit(V&& v) {
    v(patients, "patients", "patients kept for validation, with all their scans");
    v(test_patients, "test_patients", "patients kept for testing, with all their scans");
    v(each_channel, "each_channel", "predict the test cases also with each channel missing, filled with zeros after normalisation");
    v(fraction, "fraction", "share of the other patients drawn for validation when none are named", between(0, 0.9));
    v(every_steps, "every_steps", "steps between whole-volume validations; 0 = only at the end", at_least(0, "steps"));
    v(patience, "patience", "validations without a better Dice before training ends; 0 = never", at_least(0));
  }
};

struct PredictSpec {  // shared by validation, testing and the verb predict
  Extent tile = cube(96);
  double overlap = 0.5;
  std::string blend = "auto";
  bool mirror = false;
  template <class V> void visit(V&& v) {
    v(tile, "tile", "tile size Z,Y,X; fitted to legal sizes, the volume and the memory limit", at_least(1, "voxels"));
    v(overlap, "overlap", "share of a tile that its neighbour covers too", between(0, 0.9));
    v(blend, "blend", "how tiles are joined; auto = crop on axes of valid convolutions, where that is exact, else gaussian", one_of({"auto", "gaussian", "constant", "crop"}));
    v(mirror, "mirror", "average over all mirror images (test-time augmentation)");
  }
};

struct PostprocessSpec {
  std::string mode = "none";
  int64_t min_voxels = 0;
  bool fill_holes = false;
  template <class V> void visit(V&& v) {
    v(mode, "mode", "none, keep the largest component of each class, or auto = whatever of that, smallest size and filled holes helps on the validation cases", one_of({"none", "largest_component", "auto"}));
    v(min_voxels, "min_voxels", "components smaller than this are removed", at_least(0, "voxels"));
    v(fill_holes, "fill_holes", "fill holes enclosed by a class");
  }
};

struct CheckpointSpec {
  int64_t every_steps = 50;
  int64_t keep = 2;
  template <class V> void visit(V&& v) {
    v(every_steps, "every_steps", "steps between checkpoints", at_least(1, "steps"));
    v(keep, "keep", "checkpoints kept", between(1, 1000));
  }
};

struct RunSpec {
  std::string format = "tomograd.run/1";
  std::string data;                              // dataset.json
  std::string out;                               // run folder
  int64_t seed = 1;
  std::string device = "auto";
  int64_t threads = 0;                           // 0 = all; resolved once when the run is created
  int64_t ranks = 1;                             // of a host; who starts them: `train`, and the worker of a trial
  std::string precision = "auto";
  bool recompute = false;
  std::string split = "memory";
  int64_t max_steps = 0;                         // 0 = no limit; one of the two limits must be given
  int64_t pause_steps = 0;                       // the schedule is that of max_steps all the same; 0 = to the end
  double max_seconds = 0;
  ModelSpec model;
  ClassesSpec classes;
  PreprocessSpec preprocess;
  SamplingSpec sampling;
  AugmentSpec augment;
  LossSpec loss;
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  LossScaleSpec loss_scale;
  ValidationSpec validation;
  PredictSpec predict;
  PostprocessSpec postprocess;
  CheckpointSpec checkpoint;

  template <class V> void visit(V&& v) {
    v(format, "format", "kind and version of this file", one_of({"tomograd.run/1"}));
    v(data, "data", "dataset.json to train on");
    v(out, "out", "folder of the run");
    v(seed, "seed", "seed of everything random", at_least(0));
    v(device, "device", "auto, cpu, cuda:N, or several to split the network over: cuda:N,M or, to try it, cpu,cpu");
    v(threads, "threads", "threads, of each rank; 0 = all the machine has", between(0, 1024));
    v(ranks, "ranks", "processes of one host that train the network together, each with its share of every batch, also as a trial of an experiment; train --ranks goes before it, and so do srun and torchrun", between(1, 1024));
    v(precision, "precision", "number format of the network's compute", one_of({"auto", "f32", "bf16", "f16"}));
    v(recompute, "recompute", "activation checkpointing: keep the results of convolutions alone for the backward pass and compute norms and activations a second time; less memory for a little time");
    v(split, "split", "where a network is cut that is split over devices: so that the fullest device holds least, or down_up, the encoder on the first of two and the decoder on the second", one_of({"memory", "down_up"}));
    v(max_steps, "max_steps", "optimiser steps after which training ends; 0 = no limit", at_least(0, "steps"));
    v(pause_steps, "pause_steps", "training pauses after so many of the max_steps, saves and tests its model; --resume with a larger number goes on; 0 = no pause", at_least(0, "steps"));
    v(max_seconds, "max_seconds", "seconds of training after which it ends; 0 = no limit", at_least(0, "s"));
    v(model, "model", "the network");
    v(classes, "classes", "how label values become classes");
    v(preprocess, "preprocess", "channels and intensities");
    v(sampling, "sampling", "how patches are drawn");
    v(augment, "augment", "how patches are varied");
    v(loss, "loss", "what is minimised");
    v(optimizer, "optimizer", "how weights are updated");
    v(schedule, "schedule", "how the learning rate changes");
    v(loss_scale, "loss_scale", "how gradients are kept in the range of the number format");
    v(validation, "validation", "who is held back, and when they are looked at");
    v(predict, "predict", "whole-volume prediction in validation and testing");
    v(postprocess, "postprocess", "cleaning of predictions");
    v(checkpoint, "checkpoint", "when the state is saved");
  }
};

}  // namespace tomograd
