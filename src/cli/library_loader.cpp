#include "cli/library_loader.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {

std::string program_folder() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) fail_failure("the program's own path is not readable at /proc/self/exe");
  return parent_path(std::string(path, size_t(length)));
}

LoadedLibrary load_library(const std::string& file, const char* symbol, Symbols symbols) {
  LoadedLibrary loaded;
  for (const char* place : {".", "../lib/tomograd"}) {
    std::string path = join_path(join_path(program_folder(), place), file);
    if (system_env().kind(path) != FileKind::file) continue;
    loaded.there = true;
    void* library = dlopen(path.c_str(), RTLD_NOW | (symbols == Symbols::shared ? RTLD_GLOBAL : RTLD_LOCAL));
    if (!library) {
      loaded.reasons += std::string(": ") + dlerror();
      continue;
    }
    loaded.function = dlsym(library, symbol);
    if (!loaded.function) fail_failure(text("'", file, "' is not one of this version"), "build it with the program: make build");
    break;
  }
  return loaded;
}

}  // namespace tomograd
