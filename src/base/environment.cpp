#include "base/environment.h"

#include <cstring>
#include <set>

extern char** environ;

namespace tomograd {

std::vector<std::string> environment_with(const std::vector<std::string>& variables, const std::vector<std::string>& without) {
  std::set<std::string> replaced(without.begin(), without.end());
  for (const auto& variable : variables) replaced.insert(variable.substr(0, variable.find('=')));
  std::vector<std::string> all;
  for (char** v = environ; *v; ++v)
    if (const char* end = std::strchr(*v, '='); !end || !replaced.contains(std::string(*v, size_t(end - *v)))) all.emplace_back(*v);
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

std::vector<char*> exec_list(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (auto& one : strings) list.push_back(one.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace tomograd
