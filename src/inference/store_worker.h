// One worker of a tiled prediction, and the end of it. Any worker may be killed at any time: a tile counts when its shard and
// then its record are published, and what is not there is done again by whoever runs next.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "inference/store_plan.h"
#include "nn/network.h"
#include "volume/label_levels.h"

namespace tomograd {

// What every way of computing a tile needs beside the network's own memory: labels, chunks under way, the codecs' scratch.
int64_t tile_io_bytes(const StoreTiles& tiles, int threads);

// Bytes above the process's size that a tile needs at most: activations (of a mixed-scale dense network alone: MsdTile's), input,
// labels, chunks under way.
int64_t store_tile_bytes(const Graph& graph, const StoreTiles& tiles, int bytes_per_value, int threads);

// Error(budget) when held_bytes + store_tile_bytes() exceed the limit (0 = none), naming the largest tile that would fit.
void check_store_memory(const Graph& graph, const StoreTiles& tiles, int bytes_per_value, int threads, int64_t held_bytes, int64_t max_memory_bytes);

struct StoreWork {
  int64_t done = 0, skipped = 0;                 // tiles computed; tiles whose record and shard were there and agreed
  double seconds = 0;
};

// Logits [class][z][y][x] of a region [channel][z][y][x], computed by something else than the network itself (a device, a backend).
using RegionForward = std::function<void(const float* region, Extent size, float* logits)>;

// The same where nothing but a core, a box in the region, is needed; what stands beside it in logits does not matter.
using CoreForward = std::function<void(const float* region, Extent size, const Box& core, float* logits)>;

// Tiles i with i % workers == worker (0-based), in rising order, in the network's present precision. The network sees the whole
// region, the core is kept; faces that are the region's and not the volume's are bordered as the network borders the volume.
// With `forward` that computes, the same network elsewhere. Stops between tiles: Error(stopped). Error(failure) naming the tile whose
// logits are not finite.
StoreWork run_store_worker(Env& env, Network& network, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool,
                           const CoreForward& forward = {}, const std::stop_token& stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

// The same with a network of another program, in the windows of the plan. `forward` fills logits for what a window has without its margin.
StoreWork run_window_worker(Env& env, const RegionForward& forward, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool,
                            const std::stop_token& stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

int64_t finished_tiles(Env& env, const std::string& out, const StorePlan& plan);  // records that are there, for a progress line

// Reads every shard against its record; Error(input) naming the first few tiles that are missing or differ. Then the coarser levels
// (volume/label_levels.h) unless they are there, manifest.json, the group's metadata and the marker `complete`: equal bytes whoever
// did the tiles. Returns the digest over all shards.
std::string merge_store(Env& env, const StorePlan& plan, const StoreSource& source, const std::string& out, const std::vector<std::string>& classes, ThreadPool& pool,
                        int64_t slab_bytes = usual_label_slab, const std::stop_token& stop = {}, const std::function<void(double share)>& progress = {});

}  // namespace tomograd
