// Loads libtomograd_engine.so. Only verbs that compute come here, so the others start without libtorch.
#include "base/error.h"
#include "cli/engine.h"
#include "cli/library_loader.h"

namespace tomograd {
namespace {

Engine* load_engine() {
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
