// The environment of a program that is to be started.
#pragma once

#include <string>
#include <vector>

namespace tomograd {

// NAME=VALUE of this process without the names in `without` and those that `variables` (NAME=VALUE) say anew; then `variables`.
std::vector<std::string> environment_with(const std::vector<std::string>& variables, const std::vector<std::string>& without = {});

// What exec wants: pointers into `strings`, which must outlive them, and a null.
std::vector<char*> exec_list(std::vector<std::string>& strings);

}  // namespace tomograd
