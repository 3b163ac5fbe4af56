// Facts of volumes as JSON between the server and the process that decodes for it. What is read back is checked: a decoder that was taken over
// may say anything. Private to this room.
#pragma once

#include "server/volume_view.h"
#include "spec/value.h"

namespace tomograd {

Value geometry_value(const Geometry& geometry);
Geometry geometry_from(const Value& value);      // Error(input): sizes below 1 or beyond 2^40 voxels along an axis
Extent extent_from(const Value& value);          // the same
Value facts_value(const VolumeFacts& facts);     // without paths
VolumeFacts facts_from(const Value& value);
Value range_value(const ValueRange& range);
ValueRange range_from(const Value& value);

}  // namespace tomograd
