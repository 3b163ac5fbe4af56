#include "restoration/rician.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr float large = 3.75f;                   // where the second polynomial begins

struct Corner { double sigma = 0, ratio = 0; };  // ratio: standard deviation of m over sigma

// exp(-z) I0(z) times sqrt(z) where z is large; and the same of I1.
float bessel0_tail(float t) {
  return 0.39894228f + t * (0.01328592f + t * (0.00225319f + t * (-0.00157565f + t * (0.00916281f + t * (-0.02057706f + t * (0.02635537f + t * (-0.01647633f + t * 0.00392377f)))))));
}
float bessel1_tail(float t) {
  return 0.39894228f + t * (-0.03988024f + t * (-0.00362018f + t * (0.00163801f + t * (-0.01031555f + t * (0.02282967f + t * (-0.02895312f + t * (0.01787654f + t * -0.00420059f)))))));
}
float bessel0_start(float s) { return 1.0f + s * (3.5156229f + s * (3.0899424f + s * (1.2067492f + s * (0.2659732f + s * (0.0360768f + s * 0.0045813f))))); }
float bessel1_start(float s) {  // I1(z) / z
  return 0.5f + s * (0.87890594f + s * (0.51498869f + s * (0.15084934f + s * (0.02658733f + s * (0.00301532f + s * 0.00032411f)))));
}

}  // namespace

float bessel_ratio(float z) {
  if (z < large) {
    float s = z / large * (z / large);
    return z * bessel1_start(s) / bessel0_start(s);
  }
  return bessel1_tail(large / z) / bessel0_tail(large / z);
}

float log_bessel0_scaled(float z) {
  if (z < large) return std::log(bessel0_start(z / large * (z / large))) - z;
  return std::log(bessel0_tail(large / z)) - 0.5f * std::log(z);
}

double background_sigma(const Buffer<float>& voxels, Extent size) {
  constexpr int64_t share = 8, least = 2;
  constexpr double most_zeros = 0.05, rayleigh_ratio = 0.655136;
  Extent box;
  for (int axis = 0; axis < 3; ++axis) box[axis] = std::min(size[axis], std::max(least, size[axis] / share));
  std::vector<Corner> corners;
  for (int corner = 0; corner < 8; ++corner) {
    Extent begin;
    for (int axis = 0; axis < 3; ++axis) begin[axis] = (corner >> axis & 1) ? size[axis] - box[axis] : 0;
    double sum = 0, squares = 0, count = double(box.voxels());
    int64_t zeros = 0;
    for (int64_t z = begin.z; z < begin.z + box.z; ++z)
      for (int64_t y = begin.y; y < begin.y + box.y; ++y)
        for (int64_t x = begin.x; x < begin.x + box.x; ++x) {
          double m = voxels[(z * size.y + y) * size.x + x];
          sum += m, squares += m * m, zeros += m == 0;
        }
    if (double(zeros) > most_zeros * count) continue;
    double sigma = std::sqrt(squares / count / 2);
    corners.push_back({sigma, std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))) / sigma});
  }
  const char* hint = "give the standard deviation of the noise: --sigma, in the units of the file";
  if (corners.size() < 2) fail_input("the corners of the volume are blank, so they do not show how strong the noise is", hint);
  double tolerance = std::max(0.25, 3 / std::sqrt(2 * double(box.voxels())));  // small boxes vary by themselves
  std::nth_element(corners.begin(), corners.begin() + 1, corners.end(), [](const Corner& a, const Corner& b) { return a.sigma < b.sigma; });
  if (std::abs(corners[1].ratio / rayleigh_ratio - 1) > tolerance)
    fail_input(text("the corners of the volume do not hold noise alone: in the second darkest the standard deviation is ", corners[1].ratio, " sigma, that of Rayleigh noise ", rayleigh_ratio, " sigma"), hint);
  return corners[1].sigma;
}

}  // namespace tomograd
