// A real training for benchmarks of searches, made in milliseconds: a perceptron with one hidden layer learns which voxels of the head-neck
// phantom are lesions, from their intensities in its seven modalities. What comes out depends on the settings and, as that of every training,
// on the luck of its seed: where the weights begin and in which order the voxels come.
#pragma once

#include <cstdint>

namespace tomograd {

struct VoxelTraining {
  double rate = 0.1, decay = 1e-4;               // of stochastic gradient descent
  int64_t batch = 16;
  double momentum = 0.9;
};

// 1 - mean Dice of both targets over validation voxels, after every training voxel was seen equally often whatever the batch: 0 to 1, 1 where
// the weights grew beyond all numbers. The voxels are the same for all seeds.
double voxel_training_error(const VoxelTraining& settings, uint64_t seed);

// Mean over 64 seeds of its own, which no search meets (theirs are below 1e9).
double mean_voxel_training_error(const VoxelTraining& settings);

}  // namespace tomograd
