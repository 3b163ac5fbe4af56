// Raw voxels of any type and byte order to floats or labels: value = raw * slope + intercept in double.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "volume/nifti.h"

namespace tomograd {

// Calls f(T{}) with the C++ type of a voxel type.
template <class F>
auto with_voxel_type(VoxelType type, F&& f) {
  switch (type) {
    case VoxelType::u8: return f(uint8_t{});
    case VoxelType::i8: return f(int8_t{});
    case VoxelType::u16: return f(uint16_t{});
    case VoxelType::i16: return f(int16_t{});
    case VoxelType::u32: return f(uint32_t{});
    case VoxelType::i32: return f(int32_t{});
    case VoxelType::u64: return f(uint64_t{});
    case VoxelType::i64: return f(int64_t{});
    case VoxelType::f32: return f(float{});
    case VoxelType::f64: return f(double{});
  }
  fail_failure("unknown voxel type");
}

template <class T, bool Swapped>
T load_voxel(const unsigned char* from) {
  if constexpr (sizeof(T) == 1) {
    T value;
    std::memcpy(&value, from, 1);
    return value;
  } else {
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>> bits;
    std::memcpy(&bits, from, sizeof bits);
    if constexpr (Swapped) {
      if constexpr (sizeof(T) == 2) bits = __builtin_bswap16(bits);
      else if constexpr (sizeof(T) == 4) bits = __builtin_bswap32(bits);
      else bits = __builtin_bswap64(bits);
    }
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
}

struct ConversionFindings {
  int64_t not_finite = 0;   // values that are NaN or infinite as floats
  int64_t beyond_exact = 0; // 64-bit integers above 2^53, which a double cannot hold
};

template <class T, bool Swapped>
void convert_to_floats(const unsigned char* raw, int64_t count, double slope, double intercept, float* into, ConversionFindings& findings) {
  if (slope == 1 && intercept == 0) {
    if constexpr (std::is_same_v<T, float> && !Swapped) std::memcpy(into, raw, size_t(count) * sizeof(float));
    else
      for (int64_t i = 0; i < count; ++i) into[i] = float(double(load_voxel<T, Swapped>(raw + i * int64_t(sizeof(T)))));
  } else {
    for (int64_t i = 0; i < count; ++i) into[i] = float(double(load_voxel<T, Swapped>(raw + i * int64_t(sizeof(T)))) * slope + intercept);
  }
  if (std::is_floating_point_v<T> || slope != 1 || intercept != 0)
    for (int64_t i = 0; i < count; ++i) findings.not_finite += !(std::abs(into[i]) <= std::numeric_limits<float>::max());
  if constexpr (sizeof(T) == 8 && std::is_integral_v<T>)
    for (int64_t i = 0; i < count; ++i) findings.beyond_exact += std::abs(double(load_voxel<T, Swapped>(raw + i * 8))) > 9007199254740992.0;
}

struct BadLabel { int64_t index = -1; double value = 0; };  // index -1: all good

// Labels are integers after rint; 1e-3 covers what slopes such as 2^-32 leave. Comparisons are false for NaN.
inline bool to_label(double value, uint16_t& label) {
  bool inside = value > -0.5 && value < 65535.5;
  int whole = inside ? int(value + 0.5) : 0;
  label = uint16_t(whole);
  return inside && std::abs(value - double(whole)) <= 1e-3;
}

template <class T, bool Swapped>
BadLabel convert_to_labels(const unsigned char* raw, int64_t count, double slope, double intercept, uint16_t* into) {
  auto value = [&](int64_t i) { return double(load_voxel<T, Swapped>(raw + i * int64_t(sizeof(T)))) * slope + intercept; };
  bool bad = false;
  for (int64_t i = 0; i < count; ++i) bad |= !to_label(value(i), into[i]);
  if (bad)
    for (int64_t i = 0; i < count; ++i)
      if (uint16_t label; !to_label(value(i), label)) return {i, value(i)};
  return {};
}

}  // namespace tomograd
