#include "restoration/plane_pairs.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "base/error.h"
#include "restoration/copy_box.h"
#include "volume/cubic_slices.h"

namespace tomograd {
void copy_window(const float* volume, Extent size, const PlaneWindow& window, int64_t height, int64_t width, float* into) {
  int64_t stride[3] = {size.y * size.x, size.x, 1};
  const float* plane = volume + window.plane * stride[window.across()];
  for (int64_t r = 0; r < height; ++r) {
    int64_t row = window.row + (window.rows_backwards ? height - 1 - r : r);
    const float* from = plane + std::clamp<int64_t>(row, 0, size[window.rows] - 1) * stride[window.rows];
    for (int64_t c = 0; c < width; ++c) {
      int64_t column = window.column + (window.columns_backwards ? width - 1 - c : c);
      into[r * width + c] = from[std::clamp<int64_t>(column, 0, size[window.columns] - 1) * stride[window.columns]];
    }
  }
}

PlanePairs::PlanePairs(const SliceProfile& profile, Extent seen, const float* voxels) : seen_(seen), factor_(profile.factor), voxels_(voxels) {
  double squares = 0, count = 0;
  for (int axis = 0; axis < 3; ++axis) {
    if (axis == profile.axis || !can_be_made_coarse(seen[axis], factor_)) continue;
    axes_.push_back(axis);
    SliceProfile along = profile;
    along.axis = axis;
    Extent fine = seen;
    fine[axis] = seen[axis] / factor_ * factor_;
    Made& made = made_[axis];
    made.coarse_size = along.seen(fine);
    made.coarse = Buffer<float>(made.coarse_size.voxels()), made.interpolated = Buffer<float>(fine.voxels());
    Buffer<float> kept(fine.voxels());
    copy_box(voxels, seen, {{}, fine}, kept.data());
    apply(along, fine, kept.data(), made.coarse.data());
    cubic_slices(made.coarse.data(), made.coarse_size, axis, factor_, made.interpolated.data());
    for (int64_t i = 0; i < kept.size(); ++i) squares += double(made.interpolated[i] - kept[i]) * double(made.interpolated[i] - kept[i]);
    count += double(kept.size());
  }
  interpolation_error_ = squares / std::max(1.0, count);
  if (axes_.empty()) fail_input(text("slices of ", to_string(seen), " voxels, thick along axis ", "zyx"[profile.axis], ", are too small to be made coarse by ", factor_, " along their own axes"), "use --set code=noise");
}

void PlanePairs::fill(const PlaneWindow& window, int64_t height, int64_t width, float* coarse, float* interpolated, float* fine) const {
  const Made& made = made_[window.rows];
  Extent size = made.coarse_size;
  PlaneWindow of_coarse = window;
  of_coarse.row /= factor_;
  copy_window(made.coarse.data(), size, of_coarse, height / factor_, width, coarse);
  size[window.rows] *= factor_;
  copy_window(made.interpolated.data(), size, window, height, width, interpolated);
  copy_window(voxels_, seen_, window, height, width, fine);
}

PlaneErrors plane_errors(const PlaneShape& shape, const float* said, const float* interpolated, const float* fine, float* slopes) {
  std::vector<PlaneErrors> parts(static_cast<size_t>(shape.planes));  // summed in order, so that threads do not matter
  double n = double(shape.planes * shape.factor * shape.rows * shape.width);
  float weight = 2.0f / float(n);
  at::parallel_for(0, shape.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      for (int64_t r = 0; r < shape.rows; ++r)
        for (int64_t k = 0; k < shape.factor; ++k)
          for (int64_t c = 0; c < shape.width; ++c) {
            int64_t thin = ((p * shape.rows + r) * shape.factor + k) * shape.width + c, thick = ((p * shape.factor + k) * shape.rows + r) * shape.width + c;
            float off = interpolated[thin] - fine[thin], left = off + said[thick];
            parts[size_t(p)].squared += double(left) * double(left), parts[size_t(p)].of_interpolation += double(off) * double(off);
            if (slopes) slopes[thick] = weight * left;
          }
  });
  PlaneErrors errors;
  for (const PlaneErrors& part : parts) errors.squared += part.squared / n, errors.of_interpolation += part.of_interpolation / n;
  return errors;
}

}  // namespace tomograd
