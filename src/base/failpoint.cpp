#include "base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace tomograd {
namespace {

struct Armed {
  std::string action;
  long only = 0;  // 0 = every time
  long reached = 0;
};

std::map<std::string, Armed> parse(const char* setting) {
  std::map<std::string, Armed> armed;
  std::string rest = setting ? setting : "";
  while (!rest.empty()) {
    std::string item = rest.substr(0, rest.find(';'));
    rest.erase(0, item.size() + 1);
    size_t equal = item.find('=');
    if (equal == std::string::npos) continue;
    std::string action = item.substr(equal + 1);
    size_t at = action.find('@');
    long only = at == std::string::npos ? 0 : std::atol(action.c_str() + at + 1);
    armed[item.substr(0, equal)] = {action.substr(0, at), only, 0};
  }
  return armed;
}

}  // namespace

void reach_failpoint(const char* name) {
  static std::map<std::string, Armed> armed = parse(std::getenv("TOMOGRAD_FAILPOINTS"));
  static std::mutex mutex;
  if (armed.empty()) return;
  std::string action;
  {
    std::lock_guard lock(mutex);
    auto found = armed.find(name);
    if (found == armed.end()) return;
    if (++found->second.reached; found->second.only && found->second.reached != found->second.only) return;
    action = found->second.action;
  }
  if (action == "kill") ::kill(::getpid(), SIGKILL);
  if (action == "error") fail_failure(std::string("failpoint ") + name);
  if (action.rfind("sleep:", 0) == 0) system_clock().sleep_seconds(std::atof(action.c_str() + 6));
  if (action.rfind("hold:", 0) == 0)
    while (::access(action.c_str() + 5, F_OK) == 0) system_clock().sleep_seconds(0.02);
}

}  // namespace tomograd
