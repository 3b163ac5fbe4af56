// A mixed-scale dense network over a volume whose feature maps do not fit into memory, with the bits of the untiled result.
//
// A halo as wide as the receptive field is hopeless (depth 50: 275 voxels on each side). So layers are computed in groups: within
// a group each tile has the halo of that group alone, shrinking from layer to layer; between groups the maps lie on disk as f32.
// Every voxel is the same chain of multiply-adds wherever it is computed (kernels/msd_conv.h), so no bit depends on the tiles.
// Networks with statistics over the whole volume (instance norm) cannot be cut like this. Torch-free.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/parallel.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"
#include "volume/zarr_array.h"

namespace tomograd {

struct ExactPlan {
  Extent volume, core;                           // tiles meet without overlap; the last ones are cut
  std::vector<int64_t> ends;                     // group g: layers [ends[g - 1], ends[g])
  double arithmetic = 1;                         // multiply-adds, over those of one untiled pass
  int64_t scratch_bytes = 0;                     // maps on disk
  bool reflect = true;                           // how the network borders the volume; else with zeros
  int64_t peak_bytes = 0;                        // of the largest region's stack, its reading and its classes
  Extent grid() const { return {ceil_div(volume.z, core.z), ceil_div(volume.y, core.y), ceil_div(volume.x, core.x)}; }
  int64_t tiles() const { return grid().voxels(); }
  int64_t groups() const { return int64_t(ends.size()); }
};

Extent exact_chunk(Extent core);                 // of the maps on disk: divides the core, at most 32 voxels a side where its sides allow
int64_t exact_io_bytes(Extent core, int threads);  // chunks being read or written

struct ExactShare { int64_t worker = 0, workers = 1; };  // tiles t with t % workers == worker

// The longest groups that keep arithmetic at most `most_arithmetic` times that of one pass, and memory within max_memory_bytes (0 =
// no limit; exact_io_bytes() come on top); a group of one layer repeats nothing. Error(budget) naming a core that would fit when this one
// does not.
ExactPlan plan_exact(const MsdNetwork& network, Extent volume, Extent core, int64_t classes, int64_t max_memory_bytes, double most_arithmetic = 2.5);
// The same for groups that were chosen before. Error(input) when they are not the network's.
ExactPlan exact_plan_of(const MsdNetwork& network, Extent volume, Extent core, int64_t classes, std::vector<int64_t> ends);

// What the network reads: one input channel, [z][y][x] of the box.
using ReadBox = std::function<void(int64_t channel, const Box& box, float* into)>;
// Classes of one core, [class][z][y][x] of the box.
using UseLogits = std::function<void(const Box& box, const float* logits)>;

// The tiles of a plan, in one process or several: what they leave is in the folder `scratch`, which the caller removes.
class ExactMsd {
 public:
  // All arguments outlive this.
  ExactMsd(Env& env, std::string scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, ThreadPool& pool);

  // Makes `scratch`, or checks that it is this plan's (Error(input)). Before the first tile is there: Error(budget) when the disk
  // cannot hold the maps. Several processes may do so at once.
  void prepare();

  // One tile of one group: reads the maps of the groups before it and writes its own, or (last group) hands the classes on. Tiles of
  // one group need no order; a tile whose maps are there already is left as it is. False: it was.
  bool run_tile(int64_t group, int64_t tile, const ReadBox& read, const UseLogits& use);

  // A share of the group's tiles. Error(stopped) between tiles: the next call goes on. finished(tile): its classes
  // are known already, the last group leaves it out. Error(input) naming the file when a map of an earlier group is not there.
  void run_group(int64_t group, ExactShare share, const ReadBox& read, const UseLogits& use, const std::function<bool(int64_t tile)>& finished = {}, const std::stop_token& stop = {},
                 const std::function<void(int64_t done, int64_t of)>& progress = {});

 private:
  std::string maps_folder(int64_t group) const;
  ZarrArray& maps(int64_t group);
  bool has_maps(int64_t group, int64_t tile) const;
  void write_maps(int64_t group, int64_t tile, const MsdLayout& layout, const float* stack, const Box& core, Extent inner);

  Env& env_;
  std::string scratch_;
  const ExactPlan& plan_;
  const MsdNetwork& network_;
  const MsdHead& head_;
  ThreadPool& pool_;
  std::vector<std::unique_ptr<ZarrArray>> maps_;  // of finished groups, opened when first read
};

}  // namespace tomograd
