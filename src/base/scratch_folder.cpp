#include "base/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {

ScratchFolder::ScratchFolder(const std::string& purpose) {
  const char* place = ::getenv("TMPDIR");
  path_ = join_path(place && *place ? place : "/tmp", "tomograd-XXXXXX");
  if (!::mkdtemp(path_.data())) fail_failure(text("no folder for ", purpose, " can be made, '", path_, "': ", std::strerror(errno)), "set TMPDIR to a folder that can be written");
}

ScratchFolder::~ScratchFolder() {
  try {
    local_env().remove_tree(path_);
  } catch (const Error&) {                       // what lay there was for a moment
  }
}

}  // namespace tomograd
