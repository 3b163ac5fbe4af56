// Sizes and boxes of voxel grids. Order is always Z, Y, X; all numbers are 64-bit.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tomograd {

struct Extent {
  int64_t z = 0, y = 0, x = 0;

  int64_t voxels() const { return z * y * x; }
  int64_t operator[](int axis) const { return axis == 0 ? z : axis == 1 ? y : x; }
  int64_t& operator[](int axis) { return axis == 0 ? z : axis == 1 ? y : x; }
  bool operator==(const Extent&) const = default;
};

inline Extent operator+(Extent a, Extent b) { return {a.z + b.z, a.y + b.y, a.x + b.x}; }
inline Extent operator-(Extent a, Extent b) { return {a.z - b.z, a.y - b.y, a.x - b.x}; }
inline Extent cube(int64_t side) { return {side, side, side}; }
inline bool fits_inside(Extent a, Extent b) { return a.z <= b.z && a.y <= b.y && a.x <= b.x; }
inline std::string to_string(Extent e) { return std::to_string(e.z) + "x" + std::to_string(e.y) + "x" + std::to_string(e.x); }

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }          // a >= 0, b > 0
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Half-open box [begin, begin + size).
struct Box {
  Extent begin, size;

  Extent end() const { return begin + size; }
  bool contains(Extent p) const { return p.z >= begin.z && p.y >= begin.y && p.x >= begin.x && p.z < begin.z + size.z && p.y < begin.y + size.y && p.x < begin.x + size.x; }
  bool operator==(const Box&) const = default;
};

// The part that both boxes share; its size is 0 on every axis when they share nothing.
Box intersection(const Box& a, const Box& b);

}  // namespace tomograd
