#include "cli/box_option.h"

#include <charconv>
#include <vector>

#include "base/error.h"

namespace tomograd {

Box parse_box(const std::string& given, Extent volume) {
  std::vector<std::string> parts(1);
  for (char c : given)
    if (c == ',') parts.emplace_back();
    else if (c != ' ' && c != '[' && c != ']') parts.back() += c;
  const char* hint = "expected z0:z1,y0:y1,x0:x1, such as 0:100,1000:1100,750:850";
  if (parts.size() != 3) fail_usage(text("--box is \"", given, "\", which names ", parts.size(), " axes"), hint);
  Box box;
  for (int axis = 0; axis < 3; ++axis) {
    const std::string& part = parts[size_t(axis)];
    size_t colon = part.find(':');
    auto number = [&](const std::string& digits, int64_t otherwise) {
      if (digits.empty()) return otherwise;
      int64_t value = 0;
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc{} || end != digits.data() + digits.size()) fail_usage(text("--box has \"", part, "\" along ", "zyx"[axis]), hint);
      return value;
    };
    if (colon == std::string::npos) fail_usage(text("--box has \"", part, "\" along ", "zyx"[axis]), hint);
    int64_t begin = number(part.substr(0, colon), 0), end = number(part.substr(colon + 1), volume[axis]);
    if (begin < 0 || end <= begin || end > volume[axis]) fail_usage(text("--box has ", begin, ":", end, " along ", "zyx"[axis], ", where the volume goes from 0 to ", volume[axis]));
    box.begin[axis] = begin, box.size[axis] = end - begin;
  }
  return box;
}

std::string box_text(const Box& box) {
  Extent end = box.end();
  return text("[", box.begin.z, ":", end.z, ", ", box.begin.y, ":", end.y, ", ", box.begin.x, ":", end.x, "]");
}

}  // namespace tomograd
