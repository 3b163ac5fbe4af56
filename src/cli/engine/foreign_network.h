// A network of another program (.onnx, .xml) made ready for tiles of one size, with all that can be known of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "cli/engine.h"
#include "dataset/prepared_case.h"
#include "inference/backend_forward.h"
#include "nn/precision.h"

namespace tomograd {

struct ForeignNetwork {
  std::shared_ptr<BackendTiles> tiles;
  int64_t channels = 0;
  Extent size, margin;                           // of a tile; what the network does not return of it, on each side
  TileReturns returns = TileReturns::logits;
  ClassMap classes;
};

// `size_for` says the tile's size when it knows what the file fixes of it (0 along an axis: nothing). Error(input) for a network of another
// resolution, one whose output does not lie in the middle, and labels that may overlap.
ForeignNetwork open_foreign(Env& env, const std::string& file, const BackendChoice& backend, Precision precision, const std::function<Extent(Extent fixed)>& size_for);

ClassMap foreign_classes(int64_t count);         // "background", "class 1", ...: label values are their numbers

// Of the file, and of the weights beside an .xml.
std::string foreign_digest(Env& env, const std::string& file);

}  // namespace tomograd
