// Loads libtomograd_engine.so. Only verbs that compute come here, so the others start without libtorch.
#include <stdlib.h>

#include "base/error.h"
#include "cli/engine.h"
#include "cli/library_loader.h"

namespace tomograd {
namespace {

// Threads of libgomp, which torch brings, spin at barriers for milliseconds and keep from the processor whom they wait for when other
// programs want it: with two busy ones beside, 60 steps of examples/unet-tiny.toml took 2.4, 2.9 and 14 s, with this bound 1.7 to 2.1 s;
// alone there is no difference (2026-11-26, 2 processors). Read once, when the library is loaded; what the user says stands.
void bound_spinning() {
  if (!::getenv("OMP_WAIT_POLICY") && !::getenv("GOMP_SPINCOUNT")) ::setenv("GOMP_SPINCOUNT", "5000", 1);
}

Engine* load_engine() {
  bound_spinning();
  LoadedLibrary library = load_library("libtomograd_engine.so", "tomograd_make_engine", Symbols::shared);
  if (!library.function) fail_failure("the engine library libtomograd_engine.so could not be loaded" + library.reasons, "build it with: make build");
  return reinterpret_cast<Engine* (*)()>(library.function)();
}

}  // namespace

Engine& engine() {
  static Engine* loaded = load_engine();
  return *loaded;
}

}  // namespace tomograd
