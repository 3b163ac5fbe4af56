#include "cli/openvino_loader.h"

#include "base/error.h"
#include "cli/library_loader.h"

namespace tomograd {
namespace {

Backend* load_openvino() {
  LoadedLibrary library = load_library("libtomograd_openvino.so", "tomograd_make_openvino", Symbols::own);
  if (!library.there) fail_usage("OpenVINO is not part of this build (libtomograd_openvino.so)", "to get it: .venv/bin/pip install openvino, then make build");
  if (!library.function) fail_usage("OpenVINO could not be loaded" + library.reasons, "to mend it: .venv/bin/pip install openvino, then make build");
  return reinterpret_cast<Backend* (*)()>(library.function)();
}

}  // namespace

Backend& openvino() {
  static Backend* loaded = load_openvino();
  return *loaded;
}

}  // namespace tomograd
