// Cells as points: components of a mask with their centroids, touching ones split, planes read once from the first to the last
// and never the whole volume in memory. Coordinates are voxels Z, Y, X of the whole volume (absolute), distances micrometres.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/extent.h"

namespace tomograd {

struct Detection {
  std::array<double, 3> centre{};                // Z, Y, X
  int64_t voxels = 0;
};

struct DetectOptions {
  std::array<double, 3> spacing{1, 1, 1};        // Z, Y, X in um
  double min_volume_um3 = 0;                     // smaller ones are dropped, after splitting
  // Two hills of the distance to the background become two cells when the pass between them lies this much below the lower
  // one's top (its dynamics, as in h-maxima); 0 = components stay whole.
  double split_um = 0;
  Extent origin{0, 0, 0};                        // of the planes in the whole volume; added to the centres
};

// Components of 26 neighbours. A component is finished, split and forgotten once a plane has none of it, so that memory follows
// what is under way. Components whose bounding box has more than 2^27 voxels are not split.
class CellDetector {
 public:
  CellDetector(int64_t rows, int64_t columns, const DetectOptions& options);
  ~CellDetector();
  void add_plane(const uint8_t* mask);           // [y][x], 0 = background; planes from z = 0 on
  std::vector<Detection> finish();               // in the order of z, y, x
  int64_t components() const;                    // before splitting and dropping

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One detection per value above 0: the cells of an instance volume.
class InstanceCentroids {
 public:
  explicit InstanceCentroids(int64_t rows, int64_t columns, Extent origin = {0, 0, 0});
  ~InstanceCentroids();
  void add_plane(const uint32_t* instances);
  std::vector<Detection> finish();               // in the order of the values

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What overlapping tiles saw. A cell is seen whole by the tile in whose core its centre lies, when the tiles' margin is at least
// its size: others' copies are dropped. Of what remains, detections of unlike tiles nearer than `same_um` are one cell, and the
// larger is kept: parts of one that was larger than the margin. Cores must not overlap. In the order of z, y, x.
struct TileDetections { Box core; std::vector<Detection> cells; };
std::vector<Detection> join_tiles(const std::vector<TileDetections>& tiles, const std::array<double, 3>& spacing, double same_um);

// Cuts one component as CellDetector does; `mask` [z][y][x], any number of voxels. Centres in the mask's voxels.
std::vector<Detection> split_component(const uint8_t* mask, Extent size, const std::array<double, 3>& spacing, double depth_um);

}  // namespace tomograd
