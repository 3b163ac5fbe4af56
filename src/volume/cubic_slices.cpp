#include "volume/cubic_slices.h"

#include <algorithm>
#include <cmath>

namespace tomograd {

void cubic_slices(const float* thick, Extent size, int axis, int64_t factor, float* thin) {
  int64_t outer = 1, inner = 1, slices = size[axis];  // seen along the axis: [outer][slices][inner]
  for (int a = 0; a < 3; ++a) (a < axis ? outer : inner) *= a == axis ? 1 : size[a];
  for (int64_t place = 0; place < slices * factor; ++place) {
    double at = (double(place) + 0.5) / double(factor) - 0.5, t = at - std::floor(at);
    int64_t first = int64_t(std::floor(at)) - 1;
    double weights[4] = {t * (-0.5 + t * (1 - 0.5 * t)), 1 + t * t * (-2.5 + 1.5 * t), t * (0.5 + t * (2 - 1.5 * t)), t * t * (-0.5 + 0.5 * t)};
    for (int64_t o = 0; o < outer; ++o) {
      const float* rows[4];
      for (int64_t k = 0; k < 4; ++k) rows[k] = thick + (o * slices + std::clamp<int64_t>(first + k, 0, slices - 1)) * inner;
      float* to = thin + (o * slices * factor + place) * inner;
      for (int64_t i = 0; i < inner; ++i) to[i] = float(weights[0] * double(rows[0][i]) + weights[1] * double(rows[1][i]) + weights[2] * double(rows[2][i]) + weights[3] * double(rows[3][i]));
    }
  }
}

}  // namespace tomograd
