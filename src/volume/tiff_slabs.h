// A TIFF stack as a source of slabs (volume/slab_source.h).
#pragma once

#include "volume/slab_source.h"

namespace tomograd {

std::unique_ptr<SlabSource> open_tiff_slabs(Env& env, const std::string& path);

}  // namespace tomograd
