// How a volume larger than memory is predicted by workers that know nothing of each other: its cores, one per tile, fill the
// volume without overlap, and each is one shard of the output, so that no two workers share a file; a tile reads its core and a halo
// around it. Published as OUT/plan.json (tomograd.tileplan/1) before the first tile; all workers read it. Torch-free.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/graph.h"
#include "inference/store_constants.h"
#include "spec/value.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

class StoreTiles {                               // geometry alone
 public:
  // Cores of `tile` voxels (cut at the volume's far faces). Error(input) when a number is not above 0 (halo: below 0).
  StoreTiles(Extent volume, Extent tile, Extent halo);
  Extent volume() const { return volume_; }
  Extent tile() const { return tile_; }          // never larger than the volume
  Extent halo() const { return halo_; }
  Extent grid() const;                           // tiles along the axes
  int64_t count() const { return grid().voxels(); }
  Box core(int64_t tile) const;                  // z slowest
  Box region(int64_t tile) const;                // core and halo, cut at the volume
  ZarrIndex shard(int64_t tile) const;           // its place in the output's shard grid
  Extent block() const;                          // chunks of the output: at most 64 voxels where a side of the tile divides so
  Extent shard_size() const;                     // a multiple of block(); the tile where there is more than one
  int64_t tile_bytes(int64_t bytes_per_voxel) const { return tile_.voxels() * bytes_per_voxel; }

 private:
  Extent volume_, tile_, halo_;
};

// The region as the network can take it: grown inside the volume until its sizes are legal. Error(input) when the volume is too small.
Box legal_region(const Graph& graph, const Box& region, Extent volume);
Extent largest_region(const Graph& graph, const StoreTiles& tiles);

// Of a network of another program nothing is known but the sizes it takes and returns: every tile is read in a window of one size.
struct StoreWindow {
  Extent size;                                   // core and halo on both sides, whatever the volume's size
  Extent margin;                                 // what the network does not return of it, on each side; at most the halo
  std::string normalize, activation, axes;       // what its file does not say (--normalize, --activation, --axes)
  bool operator==(const StoreWindow&) const = default;
};

struct StorePlan {
  StoreTiles tiles;
  std::string model_digest, source_path, source_digest, precision, isa;
  std::vector<ChannelConstants> channels;
  std::vector<int64_t> values;                   // label value of each class, 0 .. 255
  int64_t threads = 0;                           // 0: any number gives the same bits (networks of our own kernels)
  int64_t seed = 0;
  std::string device = "cpu";                    // or "cuda": not which one, their results are the same; or a backend, "torch", "openvino 2026.4.1"
  std::vector<int64_t> exact_ends = {};          // the untiled result by groups of layers (inference/exact_msd.h), where each ends; empty: tiles with a halo
  std::optional<StoreWindow> window = {};        // of a network of another program
  bool exact() const { return !exact_ends.empty(); }
  bool own_kernels() const { return device == "cpu" || device == "cuda"; }
};

// Where the window of a tile lies: shifted into the volume and its margin, or with the volume in its middle where it is larger.
// Its margin taken off, it holds the core.
Box window_of(const StorePlan& plan, int64_t tile);

std::string plan_text(const StorePlan& plan);
StorePlan parse_plan(const std::string& json, const std::string& name);

ZarrArrayInfo output_array(const StoreTiles& tiles);

std::string plan_path(const std::string& out);               // OUT/plan.json
std::string output_folder(const std::string& out);           // OUT/s0
std::string record_path(const std::string& out, int64_t tile);  // OUT/tiles/000/000017.json: at most a thousand in a folder

// Makes OUT/s0's metadata and then plan.json; both may be there already if they are the same (two workers that start at once
// make the same). Error(input): OUT holds the plan of another prediction.
void publish_plan(Env& env, const std::string& out, const StorePlan& plan);

}  // namespace tomograd
