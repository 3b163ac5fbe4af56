// Finds and loads libtomograd_engine.so: beside the program (a build folder), or in ../lib/tomograd (an installation).
// Only verbs that compute come here, so the others start without libtorch.
#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include "base/env.h"
#include "base/error.h"
#include "cli/engine.h"

namespace tomograd {
namespace {

std::string program_folder() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) fail_failure("the program's own path is not readable at /proc/self/exe");
  return parent_path(std::string(path, size_t(length)));
}

Engine* load() {
  std::string reasons;
  for (const char* place : {"libtomograd_engine.so", "../lib/tomograd/libtomograd_engine.so"}) {
    std::string path = join_path(program_folder(), place);
    if (system_env().kind(path) != FileKind::file) continue;
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
      reasons += std::string(": ") + dlerror();
      continue;
    }
    auto make = reinterpret_cast<Engine* (*)()>(dlsym(library, "tomograd_make_engine"));
    if (!make) fail_failure(text("'", file_name(path), "' is not an engine of this version"), "build both with: make build");
    return make();
  }
  fail_failure("the engine library libtomograd_engine.so could not be loaded" + reasons, "build it with: make build");
}

}  // namespace

Engine& engine() {
  static Engine* loaded = load();
  return *loaded;
}

}  // namespace tomograd
