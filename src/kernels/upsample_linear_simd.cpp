// The kernels of upsample_linear.h for one instruction set: rows are added up along z and y, which is flat, and then along x.
// Vectors are 16 numbers wide everywhere, so all instruction sets give the same bits.
#include "kernels/upsample_linear.h"

#include "kernels/upsample_linear_taps.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors wider than a register are passed between inlined functions only

namespace tomograd::TOMOGRAD_ISA {

extern const UpsampleKernels<float> upsample_float;
extern const UpsampleKernels<uint16_t> upsample_bfloat;

namespace {

typedef float Floats __attribute__((vector_size(64)));
typedef float LooseFloats __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t LooseHalves __attribute__((vector_size(32), aligned(2), may_alias));
constexpr int64_t width = 16;

inline Floats load(const float* p) { return *reinterpret_cast<const LooseFloats*>(p); }
inline Floats load(const uint16_t* p) { return Floats(__builtin_convertvector(Halves(*reinterpret_cast<const LooseHalves*>(p)), Words) << 16); }
inline void store(float* p, const Floats& v) { *reinterpret_cast<LooseFloats*>(p) = v; }
inline void store(uint16_t* p, const Floats& v) {
  Words bits = Words(v), rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  rounded = (Words(v == v) & rounded) | (Words(v != v) & 0x7FC0);
  *reinterpret_cast<LooseHalves*>(p) = __builtin_convertvector(rounded, Halves);
}
template <class T>
inline Floats load_some(const T* p, int64_t n) {
  T copy[width] = {};
  for (int64_t i = 0; i < n; ++i) copy[i] = p[i];
  return load(copy);
}
template <class T>
inline void store_some(T* p, int64_t n, const Floats& v) {
  T copy[width];
  store(copy, v);
  for (int64_t i = 0; i < n; ++i) p[i] = copy[i];
}

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
void forward(const UpsampleShape& s, const T* x, int64_t z, float* row, T* y) {
  Taps along_z = sources_of(z, s.from.z, !s.planes);
  for (int64_t oy = 0; oy < s.to.y; ++oy) {
    Taps along_y = sources_of(oy, s.from.y, true);
    const T* rows[4];
    float weights[4];
    int count = 0;
    for (int a = 0; a < along_z.count; ++a)
      for (int b = 0; b < along_y.count; ++b) {
        rows[count] = x + (along_z.tap[a].place * s.from.y + along_y.tap[b].place) * s.from.x * s.channels;
        weights[count++] = along_z.tap[a].weight * along_y.tap[b].weight;
      }
    weighted_sum(rows, weights, count, s.from.x * s.channels, row);
    for (int64_t ox = 0; ox < s.to.x; ++ox) {
      Taps along_x = sources_of(ox, s.from.x, true);
      const float* voxels[2];
      float of_voxel[2];
      for (int d = 0; d < along_x.count; ++d) voxels[d] = row + along_x.tap[d].place * s.channels, of_voxel[d] = along_x.tap[d].weight;
      weighted_sum(voxels, of_voxel, along_x.count, s.channels, y + (oy * s.to.x + ox) * s.pitch);
    }
  }
}

template <class T>
void backward(const UpsampleShape& s, const T* g, int64_t z, float* row, T* dx) {
  Taps along_z = results_of(z, s.from.z, s.to.z, !s.planes);
  bool dense = s.pitch == s.channels;
  for (int64_t iy = 0; iy < s.from.y; ++iy) {
    Taps along_y = results_of(iy, s.from.y, s.to.y, true);
    const T* rows[16];
    float weights[16];
    int count = 0;
    for (int a = 0; a < along_z.count; ++a)
      for (int b = 0; b < along_y.count; ++b) {
        rows[count] = g + (along_z.tap[a].place * s.to.y + along_y.tap[b].place) * s.to.x * s.pitch;
        weights[count++] = along_z.tap[a].weight * along_y.tap[b].weight;
      }
    if (dense) {
      weighted_sum(rows, weights, count, s.to.x * s.channels, row);
    } else {
      for (int64_t ox = 0; ox < s.to.x; ++ox) {
        const T* voxels[16];
        for (int r = 0; r < count; ++r) voxels[r] = rows[r] + ox * s.pitch;
        weighted_sum(voxels, weights, count, s.channels, row + ox * s.channels);
      }
    }
    for (int64_t ix = 0; ix < s.from.x; ++ix) {
      Taps along_x = results_of(ix, s.from.x, s.to.x, true);
      const float* voxels[4];
      float of_voxel[4];
      for (int d = 0; d < along_x.count; ++d) voxels[d] = row + along_x.tap[d].place * s.channels, of_voxel[d] = along_x.tap[d].weight;
      weighted_sum(voxels, of_voxel, along_x.count, s.channels, dx + (iy * s.from.x + ix) * s.channels);
    }
  }
}

}  // namespace

const UpsampleKernels<float> upsample_float = {forward<float>, backward<float>};
const UpsampleKernels<uint16_t> upsample_bfloat = {forward<uint16_t>, backward<uint16_t>};

}  // namespace tomograd::TOMOGRAD_ISA
