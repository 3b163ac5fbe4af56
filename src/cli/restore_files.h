// Volumes that are restored: read from any format, written as NIfTI or TIFF with what the input's header says.
#pragma once

#include <string>

#include "base/env.h"
#include "spec/restore_spec.h"
#include "spec/value.h"
#include "volume/nifti.h"

namespace tomograd {

struct RestoreInput {
  Geometry geometry;
  bool orientation_known = false;
  std::string path;
  NiftiHeader header;                            // of a NIfTI
  bool nifti = false;
};

RestoreInput open_restore_input(Env& env, const std::string& path);  // header alone; Error(input) for more than one channel or frame
Volume read_restore_input(Env& env, RestoreInput& input);
// 1 = known: voxels that `mask` does not mark. Error(input) where it marks none.
Buffer<uint8_t> read_known(Env& env, const std::string& mask, const RestoreInput& input);
// Nearly all missing voxels (99 of 100) have a known one among their 26 neighbours: there are no holes to speak of.
bool is_scattered(const Buffer<uint8_t>& known, Extent size);

// What goes before the settings: a code that they name brings its own network and rates.
RestoreSpec restoration_before(const Value& settings, const std::string& task, const std::string& size, bool scattered);

void check_restore_output(const std::string& out, const RestoreInput& input);  // Error(usage), before anything is computed
// float32, or whole numbers from 0 to 65535 (rounded; what lies beyond is cut).
void write_restored(Env& env, const std::string& out, const Volume& volume, const RestoreInput& input, bool whole_numbers);

}  // namespace tomograd
