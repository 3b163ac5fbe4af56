// One patch out of the blocks into its place in a batch.
// One pass of rows: blocks -> crop, mirror or affine, noise, brightness, statistics -> slot; then contrast, low resolution,
// gamma and blur in place while the channel is in cache. Order of steps as in nnU-Net: space, noise, blur, brightness,
// contrast, low resolution, inverted gamma, gamma (brightness multiplies, so it may be done before the blur).
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "kernels/augment.h"
#include "sampling/augmentation.h"
#include "sampling/sampler.h"
#include "volume/block_source.h"

namespace tomograd {

constexpr uint8_t not_counted = 255;             // label of voxels that losses leave out

struct PatchWorkspace {                          // scratch of one thread; grows to what a patch needs and stays
  Buffer<float> line, box, noise, copy;
  Buffer<uint8_t> label_line, label_box;
};

// image [channel][z][y][x], labels [z][y][x]. stream: write past the caches, for rings larger than those.
void render_patch(BlockSource& source, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation, bool stream, PatchWorkspace& workspace, float* image, uint8_t* labels);

// Blur, contrast, low resolution and gamma of one channel, in place. known: statistics of v when they are at hand, else null.
void apply_later_steps(const PatchKernels& kernels, const ChannelAugmentation& channel, const VoxelStatistics* known, Extent patch, Buffer<float>& copy, float* v);

// Where voxel (z, y, x) of the patch lies in the volume, Z Y X.
std::array<double, 3> source_position(const PatchAugmentation& augmentation, Extent begin, Extent patch, double z, double y, double x);

// The obvious way: whole boxes by copy_box, one step after the other, plain kernels. Affine patches agree with
// render_patch up to the rounding of coordinates (2^-18 voxels), everything else bit by bit.
void render_patch_reference(BlockSource& source, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation, float* image, uint8_t* labels);

}  // namespace tomograd
