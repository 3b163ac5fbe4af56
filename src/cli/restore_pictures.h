// Pictures of a restoration: the volume before and after, and as it forms.
#pragma once

#include <string>

#include "base/env.h"
#include "spec/restore_spec.h"
#include "volume/volume.h"

namespace tomograd {

// The middle slice of the observed and the restored volume beside each other (denoise: and of what was removed), across the thick slices for superres.
void write_restore_montage(Env& env, const std::string& path, const RestoreSpec& spec, const Volume& observed, const Buffer<uint8_t>& known, const Volume& restored, bool orientation_known);

// DIR/iteration-000100.png: the middle slice of the average after an iteration.
void write_restore_preview(Env& env, const std::string& directory, int64_t iteration, const Volume& average);

}  // namespace tomograd
