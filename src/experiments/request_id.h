// Names for requests that are sent again when their answer got lost.
#pragma once

#include <string>

namespace tomograd {

std::string new_request_id();                    // 128 random bits, as nobody else has made or will make

}  // namespace tomograd
