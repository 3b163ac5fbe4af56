#include "cli/share_file.h"

#include "base/env.h"
#include "base/error.h"
#include "cli/library_loader.h"

namespace tomograd {

std::string share_file(const std::string& name) {
  for (const char* place : {"share/tomograd", "../share/tomograd"}) {  // a build folder, an installation
    std::string path = join_path(join_path(program_folder(), place), name);
    if (system_env().kind(path) == FileKind::file) return path;
  }
  fail_failure("the file share/tomograd/" + name + " is neither beside the program nor in ../share/tomograd", "install the program with: make install PREFIX=");
}

}  // namespace tomograd
