// "--box z0:z1,y0:y1,x0:x1": a part of a volume as numpy writes it. Missing ends are the volume's own.
#pragma once

#include <string>

#include "base/extent.h"

namespace tomograd {

// Brackets and spaces are ignored. Error(usage) naming the axis when it is no box or leaves the volume.
Box parse_box(const std::string& given, Extent volume);
std::string box_text(const Box& box);            // "[0:100, 1000:1100, 750:850]"

}  // namespace tomograd
