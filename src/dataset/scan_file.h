// One file of a case, whatever its format: NIfTI, or an OME-Zarr group with level 0 as its voxels: a block store, or
// STORE/labels/NAME, a label image in one. A path is a store's when a part of it ends with ".zarr"; channels of a store are
// its frames.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "volume/block_store_counts.h"
#include "volume/nifti.h"
#include "volume/zarr_array.h"

namespace tomograd {

bool is_store_path(const std::string& path);

// Level 0 of a store; a block that is not there is an error. Error(input) when there is no such group.
std::unique_ptr<ZarrArray> open_store_array(Env& env, const std::string& path);

std::string store_digest(Env& env, const std::string& path);  // volume/block_store_digest.h

// Of a store: geometry, frames, type, and no bytes of a header (`raw` is empty).
NiftiHeader read_scan_header(Env& env, const std::string& path);

// The whole volume in memory. Error(input) as read_nifti; of a store it names the block that is missing or damaged.
Volume read_scan(Env& env, const std::string& path, int64_t frame = 0);
LabelVolume read_scan_labels(Env& env, const std::string& path);

// Values above 0 and how many voxels have them. Of a store's label image from the counts beside it, or block by block; of NIfTI
// from the whole volume.
std::map<int64_t, int64_t> read_label_voxels(Env& env, const std::string& path);

// The counts that `tomograd block` left beside a label image STORE/labels/NAME; nothing where there are none. Error(input)
// when they are of another size.
std::optional<LabelCounts> read_store_counts(Env& env, const std::string& path);

}  // namespace tomograd
