// The kernels of upsample_linear.h for one instruction set: rows are added up along z and y, which is flat, and then along x.
// Vectors are 16 numbers wide everywhere, so all instruction sets give the same bits.
#include "kernels/upsample_linear.h"

#include "kernels/lanes16.h"
#include "kernels/upsample_linear_taps.h"

namespace tomograd::TOMOGRAD_ISA {

extern const UpsampleKernels<float> upsample_float;
extern const UpsampleKernels<uint16_t> upsample_bfloat;

namespace {

using namespace lanes16;

// to[k] = the sum of weight[r] from[r][k] for n values.
template <class To, class From>
inline void weighted_sum(const From* const* from, const float* weight, int count, int64_t n, To* to) {
  int64_t k = 0;
  for (; k + width <= n; k += width) {
    Floats sum = load(from[0] + k) * weight[0];
    for (int r = 1; r < count; ++r) sum += load(from[r] + k) * weight[r];
    store(to + k, sum);
  }
  if (k == n) return;
  Floats sum = load_some(from[0] + k, n - k) * weight[0];
  for (int r = 1; r < count; ++r) sum += load_some(from[r] + k, n - k) * weight[r];
  store_some(to + k, n - k, sum);
}

template <class T>
void sum_of_taps(const UpsampleShape& s, const TapPlane& p, const T* from, float* row, T* to) {
  for (int64_t y = 0; y < p.to_y; ++y) {
    Taps along_y = p.along(s, 1, y);
    const T* rows[16];
    float weights[16];
    int count = 0;
    for (int a = 0; a < p.along_z.count; ++a)
      for (int b = 0; b < along_y.count; ++b) {
        rows[count] = from + (p.along_z.tap[a].place * p.from.y + along_y.tap[b].place) * p.from.x * p.from_pitch;
        weights[count++] = p.along_z.tap[a].weight * along_y.tap[b].weight;
      }
    if (p.from_pitch == p.channels) {
      weighted_sum(rows, weights, count, p.from.x * p.channels, row);
    } else {
      for (int64_t x = 0; x < p.from.x; ++x) {
        const T* voxels[16];
        for (int r = 0; r < count; ++r) voxels[r] = rows[r] + x * p.from_pitch;
        weighted_sum(voxels, weights, count, p.channels, row + x * p.channels);
      }
    }
    for (int64_t x = 0; x < p.to_x; ++x) {
      Taps along_x = p.along(s, 2, x);
      const float* voxels[4];
      float of_voxel[4];
      for (int d = 0; d < along_x.count; ++d) voxels[d] = row + along_x.tap[d].place * p.channels, of_voxel[d] = along_x.tap[d].weight;
      weighted_sum(voxels, of_voxel, along_x.count, p.channels, to + (y * p.to_x + x) * p.to_pitch);
    }
  }
}

template <class T>
void forward(const UpsampleShape& s, const T* x, int64_t z, float* row, T* y) { sum_of_taps(s, plane_of_result(s, z), x, row, y); }
template <class T>
void backward(const UpsampleShape& s, const T* g, int64_t z, float* row, T* dx) { sum_of_taps(s, plane_of_source(s, z), g, row, dx); }

}  // namespace

const UpsampleKernels<float> upsample_float = {forward<float>, backward<float>};
const UpsampleKernels<uint16_t> upsample_bfloat = {forward<uint16_t>, backward<uint16_t>};

}  // namespace tomograd::TOMOGRAD_ISA
