// The coarser levels of a label image whose finest one is there already, such as one that workers have written tile by tile: what
// `block` makes of labels it reads, by the same majority.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/env.h"
#include "base/parallel.h"
#include "volume/nifti.h"
#include "volume/zarr_ome.h"

namespace tomograd {

// The image with all its levels, s0, s1, ...: until one fits into a block of 64 voxels.
ZarrImage label_image(const std::string& name, const Geometry& geometry, bool orientation_known);

constexpr int64_t usual_label_slab = int64_t{128} << 20;

// Counted bytes of write_label_levels() at most. `block`: of FOLDER/s0.
int64_t label_levels_memory(const Geometry& geometry, VoxelType type, Extent block, int threads, int64_t slab_bytes = usual_label_slab);

// Makes FOLDER/s1, s2, ... of the whole numbers in FOLDER/s0 ([z][y][x]), which it reads in slabs of about so many bytes and 2 planes at
// least. The bytes made depend neither on them nor on threads; what is there is replaced file by file, so that of two who do it
// at once neither harms the other. Error(input): a chunk of s0 is missing or damaged.
void write_label_levels(Env& env, const std::string& folder, const Geometry& geometry, ThreadPool& pool, int64_t slab_bytes = usual_label_slab,
                        const std::function<void(double share)>& progress = {});

// Of all files of these levels; "" when one is missing.
std::string digest_of_label_levels(Env& env, const std::string& folder, const Geometry& geometry, VoxelType type);

}  // namespace tomograd
