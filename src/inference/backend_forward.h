// Tiles through a backend (backend/backend.h) instead of our own kernels: one of our networks, exported for the size of the tile and handed
// over in memory, or a network of somebody else.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <memory>
#include <string>

#include "backend/backend.h"
#include "inference/predictor.h"
#include "inference/store_worker.h"

namespace tomograd {

// What the backend returns for a tile becomes logits as the blending takes them: of two classes where there is one channel
// (whose logit, or share, is that of class 1), and logarithms where the network returns shares.
enum class TileReturns { logits, shares };

// Error(failure) when `returns` is shares and something outside 0 to 1 comes.
TileForward tile_forward(std::shared_ptr<BackendTiles> tiles, TileReturns returns);

// Our network for tiles of any size that it takes: compiled when a size comes first, and kept for as long as no other does.
TileForward tile_forward(Network& network, Backend& backend, const BackendCompute& compute);
CoreForward core_forward(Network& network, Backend& backend, const BackendCompute& compute);

// A network of somebody else in the windows of a plan (store_plan.h), with the channels it takes.
RegionForward region_forward(std::shared_ptr<BackendTiles> tiles, int64_t channels, TileReturns returns);

}  // namespace tomograd
