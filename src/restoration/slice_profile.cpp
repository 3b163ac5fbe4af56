#include "restoration/slice_profile.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "arch/lanczos.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t lanczos_lobes = 2;
constexpr int64_t columns_at_once = 4096;

// Seen along its axis a volume is [outer][n][inner]; columns (outer, inner) do not know of each other.
struct Columns {
  int64_t outer = 1, thin = 1, inner = 1;
  Columns(Extent size, int axis) : thin(size[axis]) {
    for (int a = 0; a < 3; ++a) (a < axis ? outer : inner) *= a == axis ? 1 : size[a];
  }
  template <class Body>                          // body(outer, first inner, one behind the last)
  void for_each(const Body& body) const {
    int64_t parts = ceil_div(inner, columns_at_once), grain = std::max<int64_t>(1, columns_at_once / std::min(inner, columns_at_once));
    at::parallel_for(0, outer * parts, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(i / parts, i % parts * columns_at_once, std::min(inner, (i % parts + 1) * columns_at_once));
    });
  }
};

}  // namespace

Extent SliceProfile::seen(Extent thin) const {
  Extent size = thin;
  size[axis] = thin[axis] / factor;
  return size;
}

SliceProfile slice_profile(const std::string& name, int64_t factor, int axis) {
  SliceProfile profile;
  profile.axis = axis, profile.factor = factor;
  if (factor == 1) return profile;
  if (name == "box") {
    profile.weights.assign(size_t(factor), 1.0f / float(factor));
    return profile;
  }
  double middle = double(factor - 1) / 2, sum = 0;
  profile.first = int64_t(std::floor(middle - double(lanczos_lobes * factor))) + 1;
  std::vector<double> weights;
  for (int64_t place = profile.first; double(place) - middle < double(lanczos_lobes * factor); ++place) sum += weights.emplace_back(lanczos_kernel((double(place) - middle) / double(factor), lanczos_lobes));
  profile.weights.clear();
  for (double weight : weights) profile.weights.push_back(float(weight / sum));
  return profile;
}

Geometry thin_grid(const Geometry& thick, int64_t factor, int axis) {
  Geometry thin = thick;
  thin.size[axis] *= factor;
  int column = 2 - axis;                         // of the affine: i, j, k = x, y, z
  double start = -double(factor - 1) / 2 / double(factor);  // of thin slice 0, in thick slices
  for (int row = 0; row < 3; ++row) {
    auto& r = thin.affine[size_t(row)];
    r[3] += r[size_t(column)] * start;
    r[size_t(column)] /= double(factor);
  }
  return thin;
}

int thickest_axis(const Geometry& geometry) {
  auto spacing = geometry.spacing();
  return int(std::max_element(spacing.begin(), spacing.end()) - spacing.begin());
}

void apply(const SliceProfile& profile, Extent thin, const float* x, float* y) {
  Columns columns(thin, profile.axis);
  int64_t thick = columns.thin / profile.factor;
  columns.for_each([&](int64_t o, int64_t begin, int64_t end) {
    for (int64_t j = 0; j < thick; ++j) {
      float* to = y + (o * thick + j) * columns.inner;
      std::fill(to + begin, to + end, 0.0f);
      for (size_t k = 0; k < profile.weights.size(); ++k) {
        int64_t place = std::clamp<int64_t>(profile.factor * j + profile.first + int64_t(k), 0, columns.thin - 1);
        const float* from = x + (o * columns.thin + place) * columns.inner;
        for (int64_t i = begin; i < end; ++i) to[i] += profile.weights[k] * from[i];
      }
    }
  });
}

void apply_transposed(const SliceProfile& profile, Extent thin, const float* y, float* x) {
  Columns columns(thin, profile.axis);
  int64_t thick = columns.thin / profile.factor;
  columns.for_each([&](int64_t o, int64_t begin, int64_t end) {
    for (int64_t p = 0; p < columns.thin; ++p) std::fill(x + (o * columns.thin + p) * columns.inner + begin, x + (o * columns.thin + p) * columns.inner + end, 0.0f);
    for (int64_t j = 0; j < thick; ++j) {
      const float* from = y + (o * thick + j) * columns.inner;
      for (size_t k = 0; k < profile.weights.size(); ++k) {
        int64_t place = std::clamp<int64_t>(profile.factor * j + profile.first + int64_t(k), 0, columns.thin - 1);
        float* to = x + (o * columns.thin + place) * columns.inner;
        for (int64_t i = begin; i < end; ++i) to[i] += profile.weights[k] * from[i];
      }
    }
  });
}

void project(const SliceProfile& profile, Extent thin, const float* y, float* x) {
  constexpr int most_steps = 30;
  constexpr double small_enough = 1e-12;         // of the squares at the start: float32 knows no better
  size_t seen = size_t(profile.seen(thin).voxels()), all = size_t(thin.voxels());
  std::vector<float> residual(seen), direction, sum(seen, 0.0f), image(seen), spread(all);
  auto dot = [](const std::vector<float>& a, const std::vector<float>& b) {
    double total = 0;
    for (size_t i = 0; i < a.size(); ++i) total += double(a[i]) * double(b[i]);
    return total;
  };
  apply(profile, thin, x, residual.data());
  for (size_t i = 0; i < seen; ++i) residual[i] = y[i] - residual[i];
  direction = residual;
  double first = dot(residual, residual), squares = first;
  for (int step = 0; step < most_steps && squares > small_enough * first; ++step) {
    apply_transposed(profile, thin, direction.data(), spread.data());
    apply(profile, thin, spread.data(), image.data());
    double along = squares / dot(direction, image), before = squares;
    for (size_t i = 0; i < seen; ++i) sum[i] += float(along) * direction[i], residual[i] -= float(along) * image[i];
    squares = dot(residual, residual);
    for (size_t i = 0; i < seen; ++i) direction[i] = residual[i] + float(squares / before) * direction[i];
  }
  apply_transposed(profile, thin, sum.data(), spread.data());
  for (size_t i = 0; i < all; ++i) x[i] += spread[i];
}

}  // namespace tomograd
