// What a restoration takes, known before it starts: sizes, tiles, bytes and arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/graph.h"
#include "restoration/prior_tiles.h"
#include "spec/restore_spec.h"
#include "volume/geometry.h"

namespace tomograd {

struct RestorePlan {
  Geometry observed, restored;                   // the same grid, or (superres) thin slices under thick ones
  int axis = 0;                                  // superres: across the slices
  PriorTiles tiles;                              // of the restored volume
  Extent field;                                  // the network's input and output: a tile, grown to the next size that the network takes; code = planes: {1, rows, columns}
  int64_t planes = 0;                            // code = planes: windows of slices in an iteration
  Graph graph;
  int64_t activation_bytes = 0;                  // of one iteration, the code included
  int64_t weight_bytes = 0;                      // weights, gradients, moments, and the last accepted ones
  int64_t volume_bytes = 0;                      // observed and restored voxels, averages, the best of them
  double iteration_flop = 0;                     // forward and backward (twice the forward) of one tile
  int64_t added_bytes() const { return activation_bytes + weight_bytes + volume_bytes; }  // beyond what the process holds
  int64_t shown_at_once(Extent plane) const { return std::max<int64_t>(1, planes * field.voxels() / plane.voxels()); }  // code = planes: whole planes, as many as a batch has voxels
  Extent crop_begin() const { return {(field.z - tiles.tile.z) / 2, (field.y - tiles.tile.y) / 2, (field.x - tiles.tile.x) / 2}; }
};

// Tiles as the spec says; where it says nothing and `limit_bytes` (0 = none) would be exceeded, the largest that fit. Error(budget) when nothing
// fits, with the numbers; Error(input) for a network or an axis that does not go with the volume.
RestorePlan plan_restoration(const RestoreSpec& spec, const Geometry& observed, int64_t limit_bytes);

Extent field_for(const Graph& graph, Extent tile);  // per axis the smallest size >= tile that the network takes

}  // namespace tomograd
