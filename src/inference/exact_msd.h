// A mixed-scale dense network over a volume whose feature maps do not fit into memory, with the bits of the untiled result.
//
// A halo as wide as the receptive field is hopeless (depth 50: 275 voxels on each side). So layers are computed in groups: within
// a group each tile has the halo of that group alone, shrinking from layer to layer; between groups the maps lie on disk as f32.
// Every voxel is the same chain of multiply-adds wherever it is computed (kernels/msd_conv.h), so no bit depends on the tiles.
// Networks with statistics over the whole volume (instance norm) cannot be cut like this. Torch-free.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/env.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {

struct ExactPlan {
  Extent volume, core;                           // tiles meet without overlap; the last ones are cut
  std::vector<int64_t> ends;                     // group g: layers [ends[g - 1], ends[g])
  double arithmetic = 1;                         // multiply-adds, over those of one untiled pass
  int64_t scratch_bytes = 0;                     // maps on disk
  bool reflect = true;                           // how the network borders the volume; else with zeros
  int64_t peak_bytes = 0;                        // of the largest region's stack, its reading and its classes
  Extent grid() const { return {ceil_div(volume.z, core.z), ceil_div(volume.y, core.y), ceil_div(volume.x, core.x)}; }
  int64_t groups() const { return int64_t(ends.size()); }
};

// The longest groups that keep arithmetic at most `most_arithmetic` times that of one pass, and memory within max_memory_bytes (0 =
// no limit); a group of one layer repeats nothing. Error(budget) naming a core that would fit when this one does not.
ExactPlan plan_exact(const MsdNetwork& network, Extent volume, Extent core, int64_t classes, int64_t max_memory_bytes, double most_arithmetic = 2.5);

// What the network reads: one input channel, [z][y][x] of the box.
using ReadBox = std::function<void(int64_t channel, const Box& box, float* into)>;
// Classes of one core, [class][z][y][x] of the box.
using UseLogits = std::function<void(const Box& box, const float* logits)>;

// One tile of one group: reads the maps of the groups before it from `scratch` and writes its own there, or (last group) hands the
// classes on. Tiles of one group need no order; a tile whose maps are in `scratch` already is left as it is. False: it was.
bool run_exact_tile(Env& env, const std::string& scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, int64_t group, int64_t tile, const ReadBox& read,
                    const UseLogits& use, const ForEach& for_each);

// All tiles of all groups. Checks the free disk space first (Error(budget)); Error(stopped) between tiles, the next call goes on.
// `scratch` is made by the first call, and refused when it was made for another plan; the caller removes it. finished(tile): its
// classes are known already, the last group leaves it out.
void run_exact(Env& env, const std::string& scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, const ReadBox& read, const UseLogits& use,
               const ForEach& for_each, const std::function<bool(int64_t tile)>& finished = {}, std::stop_token stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

}  // namespace tomograd
