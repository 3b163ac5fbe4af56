// Sizes of the words in charts, in points.
#pragma once

namespace tomograd {
namespace type_size { inline constexpr double small = 9.5, normal = 10.5, large = 12.5; }
}  // namespace tomograd
