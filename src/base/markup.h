// Text inside SVG, XML and HTML, and its length in letters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tomograd {

// With &, <, > and " as entities; all other bytes as they are.
std::string escaped_markup(std::string_view raw);

size_t letter_count(std::string_view utf8);      // code points, not bytes

}  // namespace tomograd
