// Networks run by a library that is not part of us. It comes as a plugin of its own, libtomograd_openvino.so (openvino/, built where
// OpenVINO is found), which the program loads only when it is asked for: this header is all that both sides know of each other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/extent.h"

namespace tomograd {

struct BackendCompute {
  bool bf16 = false;                             // else f32
  int threads = 1;
};

class BackendTiles {                             // a network made ready for tiles of one size
 public:
  virtual ~BackendTiles() = default;
  virtual int64_t classes() const = 0;           // channels of what it returns
  virtual Extent output() const = 0;
  // tile: [channel][z][y][x]; into: [class][z][y][x] of output(). One call at a time; Error(failure).
  virtual void run(const float* tile, float* into) = 0;
};

enum class AxisOrder { zyx, xyz };               // of the network's own arrays; tiles of ours are always [z][y][x]

enum class NetworkReturns { logits, softmax, sigmoid };  // what its last operator says; anything else counts as logits

class BackendNetwork {
 public:
  virtual ~BackendNetwork() = default;
  virtual int64_t channels() const = 0;
  virtual Extent fixed_size() const = 0;         // of tiles; 0 along axes where any will do
  virtual NetworkReturns returns() const = 0;
  virtual Extent output_size(Extent tile) = 0;   // by its shapes alone; Error(input) as compile()
  // Error(input): the network does not take tiles of this size, returns another number of axes or numbers that are not floating point,
  // or the processor has no bf16.
  virtual std::unique_ptr<BackendTiles> compile(Extent tile, const BackendCompute& compute) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string version() = 0;             // "2026.4.1"
  // Error(input) naming the file when it is not readable as a network, or is none of one image [batch][channel][z][y][x] to one
  // image, floating point both, with a fixed number of channels. `what` names it in messages. With another order of axes the network
  // is one of [batch][channel][x][y][z]; what it takes and returns is turned, sizes are Z,Y,X as ever.
  virtual std::unique_ptr<BackendNetwork> read_file(const std::string& path, AxisOrder axes) = 0;
  virtual std::unique_ptr<BackendNetwork> read_onnx(const std::string& bytes, const std::string& what) = 0;
};

extern "C" Backend* tomograd_make_openvino();   // what the plugin exports

}  // namespace tomograd
