// Data files that come with the program and that users may edit: share/ of the sources, share/tomograd beside an installed program.
#pragma once

#include <string>

namespace tomograd {

// The path of such a file; Error(failure) when it is not there.
std::string share_file(const std::string& name);

}  // namespace tomograd
