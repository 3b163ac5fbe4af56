#include "base/markup.h"

#include <algorithm>

namespace tomograd {

std::string escaped_markup(std::string_view raw) {
  std::string result;
  for (char c : raw) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '"') result += "&quot;";
    else result += c;
  }
  return result;
}

size_t letter_count(std::string_view utf8) {
  return size_t(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace tomograd
