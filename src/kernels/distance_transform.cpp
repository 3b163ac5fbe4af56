#include "kernels/distance_transform.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace tomograd {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void scan_row(const uint8_t* mask, int64_t n, double spacing, double* squared) {
  int64_t last = -1;
  for (int64_t i = 0; i < n; ++i) {
    if (mask[i]) last = i;
    double d = double(i - last) * spacing;
    squared[i] = last < 0 ? infinity : d * d;
  }
  last = -1;
  for (int64_t i = n - 1; i >= 0; --i) {
    if (mask[i]) last = i;
    double d = double(last - i) * spacing;
    if (last >= 0) squared[i] = std::min(squared[i], d * d);
  }
}

// One line: into[i] = min over j of from[j] + (spacing * (i - j))^2.
class Envelope {
 public:
  explicit Envelope(int64_t longest) : top_(size_t(longest)), start_(size_t(longest) + 1), from_(size_t(longest)) {}
  double* line() { return from_.data(); }

  void lower(int64_t n, double spacing, double* into, int64_t stride) {
    double inverse = 1 / (2 * spacing * spacing);
    int64_t count = 0;  // parabolas of the envelope; parabola k rules from start_[k] on
    for (int64_t j = 0; j < n; ++j) {
      if (from_[size_t(j)] == infinity) continue;
      double crossing = -infinity;
      while (count > 0) {
        int64_t k = top_[size_t(count - 1)];
        crossing = 0.5 * double(j + k) + (from_[size_t(j)] - from_[size_t(k)]) * inverse / double(j - k);
        if (crossing > start_[size_t(count - 1)]) break;
        --count;
      }
      if (count == 0) crossing = -infinity;
      top_[size_t(count)] = j;
      start_[size_t(count++)] = crossing;
    }
    if (count == 0) {
      for (int64_t i = 0; i < n; ++i) into[i * stride] = infinity;
      return;
    }
    start_[size_t(count)] = infinity;
    for (int64_t i = 0, k = 0; i < n; ++i) {
      while (start_[size_t(k + 1)] < double(i)) ++k;
      double d = double(i - top_[size_t(k)]) * spacing;
      into[i * stride] = from_[size_t(top_[size_t(k)])] + d * d;
    }
  }

 private:
  std::vector<int64_t> top_;
  std::vector<double> start_, from_;
};

void along_axis(double* squared, int64_t lines, int64_t line_step, int64_t n, int64_t stride, double spacing, Envelope& envelope) {
  for (int64_t line = 0; line < lines; ++line) {
    double* first = squared + line * line_step;
    bool flat = true;  // nothing but zeros or nothing but infinity stays as it is
    for (int64_t i = 0; i < n; ++i) {
      envelope.line()[i] = first[i * stride];
      flat = flat && first[i * stride] == first[0] && (first[0] == 0 || first[0] == infinity);
    }
    if (!flat) envelope.lower(n, spacing, first, stride);
  }
}

}  // namespace

void squared_distance_transform(const uint8_t* mask, Extent size, const std::array<double, 3>& spacing_zyx, double* squared) {
  int64_t plane = size.y * size.x;
  for (int64_t row = 0; row < size.z * size.y; ++row) scan_row(mask + row * size.x, size.x, spacing_zyx[2], squared + row * size.x);
  Envelope envelope(std::max({size.z, size.y, int64_t{1}}));
  for (int64_t z = 0; z < size.z; ++z) along_axis(squared + z * plane, size.x, 1, size.y, size.x, spacing_zyx[1], envelope);
  along_axis(squared, plane, 1, size.z, plane, spacing_zyx[0], envelope);
}

}  // namespace tomograd
