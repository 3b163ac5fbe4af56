#include "experiments/request_id.h"

#include <random>
#include <sstream>

namespace tomograd {

std::string new_request_id() {
  thread_local std::random_device device;
  std::ostringstream out;
  out << std::hex;
  for (int i = 0; i < 4; ++i) {
    out.width(8), out.fill('0');
    out << uint32_t(device());
  }
  return out.str();
}

}  // namespace tomograd
