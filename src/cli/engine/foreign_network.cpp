#include "cli/engine/foreign_network.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"

namespace tomograd {
namespace {

TileReturns returns_of(const BackendNetwork& network, int64_t classes, const std::string& file, const std::string& activation) {
  if (activation != "auto") return activation == "none" ? TileReturns::shares : TileReturns::logits;
  if (network.returns() == NetworkReturns::sigmoid && classes > 1)
    fail_input(text("'", file, "' ends in a sigmoid over ", classes, " channels: labels that may overlap, which one label map cannot hold"), "with --activation none the channel with the largest share wins, the first being background");
  return network.returns() == NetworkReturns::logits ? TileReturns::logits : TileReturns::shares;
}

// A part of the tile from a network of valid convolutions, and the tile at another resolution, are told apart by a larger tile: of
// the first as many voxels more come back as were added.
bool same_resolution(BackendNetwork& network, Extent size, Extent output) {
  Extent fixed = network.fixed_size();
  for (int64_t more : {16, 8, 32, 64, 4, 2, 1}) {
    Extent larger = size, wanted = output;
    for (int axis = 0; axis < 3; ++axis)
      if (fixed[axis] == 0) larger[axis] += more, wanted[axis] += more;
      else if (output[axis] != size[axis]) return false;  // cannot be told
    try {
      return network.output_size(larger) == wanted;
    } catch (const Error&) {                     // no size that it takes
    }
  }
  return false;
}

Extent margin_of(BackendNetwork& network, const std::string& file, Extent size, Extent output) {
  if (output == size) return {};
  auto refuse = [&](const std::string& expected, const std::string& hint) { fail_input(text("'", file, "' returns ", to_string(output), " voxels for a tile of ", to_string(size), "; expected ", expected), hint); };
  Extent margin;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t lost = size[axis] - output[axis];
    if (lost < 0 || output[axis] < 1) refuse("at most as many as it takes", "networks that return another resolution are not predicted with");
    if (lost % 2 != 0) refuse("a part in the middle of it", "an even number of voxels must be missing along each axis");
    margin[axis] = lost / 2;
  }
  if (!same_resolution(network, size, output))
    refuse("as many as it takes, or a part of as many voxels less whatever the tile", "networks that return another resolution, or a part of a tile whose size they fix, are not predicted with");
  return margin;
}

}  // namespace

ForeignNetwork open_foreign(Env& env, const std::string& file, const BackendChoice& backend, Precision precision, const std::function<Extent(Extent fixed)>& size_for) {
  if (env.kind(file) != FileKind::file) fail_input(text("there is no network '", file, "'"));
  std::unique_ptr<BackendNetwork> network = backend.library->read_file(file, backend.axes == "xyz" ? AxisOrder::xyz : AxisOrder::zyx);
  ForeignNetwork ready;
  ready.channels = network->channels(), ready.size = size_for(network->fixed_size());
  for (int axis = 0; axis < 3; ++axis)
    if (int64_t fixed = network->fixed_size()[axis]; fixed > 0 && fixed != ready.size[axis])
      fail_usage(text("'", file, "' takes tiles of ", fixed, " voxels along ", "zyx"[axis], " only, asked for are ", to_string(ready.size)), "--tile says their size; of a block store --tile and twice --halo together do");
  ready.tiles = network->compile(ready.size, {precision == Precision::bf16, at::get_num_threads()});
  ready.margin = margin_of(*network, file, ready.size, ready.tiles->output());
  ready.returns = returns_of(*network, ready.tiles->classes(), file, backend.activation);
  ready.classes = foreign_classes(std::max<int64_t>(2, ready.tiles->classes()));
  return ready;
}

ClassMap foreign_classes(int64_t count) {
  ClassMap classes;
  for (int64_t cls = 0; cls < count; ++cls) {
    classes.names.push_back(cls == 0 ? "background" : text("class ", cls));
    classes.class_of.push_back(int(cls));
  }
  return classes;
}

std::string foreign_digest(Env& env, const std::string& file) {
  std::string weights = file.substr(0, file.size() - 4) + ".bin";
  if (!file.ends_with(".xml") || env.kind(weights) != FileKind::file) return digest_of_file(env, file);
  return digest_of(digest_of_file(env, file) + "\n" + digest_of_file(env, weights) + "\n");
}

}  // namespace tomograd
