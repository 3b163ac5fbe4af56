#include "search/sobol.h"

#include <array>
#include <bit>
#include <cstddef>

namespace tomograd {
namespace {

struct Direction {
  uint32_t polynomial;                           // with its leading and last bit
  std::array<uint32_t, 7> first;
};
constexpr int known = 24;
constexpr Direction directions[known] = {
    {1, {1}}, {3, {1}}, {7, {1, 3}}, {11, {1, 3, 1}}, {13, {1, 1, 1}}, {19, {1, 1, 3, 3}}, {25, {1, 3, 5, 13}}, {37, {1, 1, 5, 5, 17}},
    {41, {1, 1, 5, 5, 5}}, {47, {1, 1, 7, 11, 19}}, {55, {1, 1, 5, 1, 1}}, {59, {1, 1, 1, 3, 11}}, {61, {1, 3, 5, 5, 31}}, {67, {1, 3, 3, 9, 7, 49}},
    {91, {1, 1, 1, 15, 21, 21}}, {97, {1, 3, 1, 13, 27, 49}}, {103, {1, 1, 1, 15, 7, 5}}, {109, {1, 3, 1, 15, 13, 25}}, {115, {1, 1, 5, 5, 19, 61}},
    {131, {1, 3, 7, 11, 23, 15, 103}}, {137, {1, 3, 7, 13, 13, 15, 69}}, {143, {1, 1, 3, 13, 7, 35, 63}}, {145, {1, 3, 5, 9, 1, 25, 53}}, {157, {1, 3, 1, 13, 9, 35, 107}}};

// The 32 direction numbers of a dimension.
std::array<uint32_t, 32> numbers_of(int dimension) {
  std::array<uint32_t, 32> m{};
  const Direction& of = directions[dimension];
  const int degree = dimension == 0 ? 0 : std::bit_width(of.polynomial) - 1;
  for (int k = 0; k < 32; ++k) {
    if (degree == 0) { m[std::size_t(k)] = 1; continue; }
    if (k < degree) { m[std::size_t(k)] = of.first[std::size_t(k)]; continue; }
    uint32_t v = m[std::size_t(k - degree)] ^ (m[std::size_t(k - degree)] << degree);
    for (int j = 1; j < degree; ++j)
      if (of.polynomial >> (degree - j) & 1) v ^= m[std::size_t(k - j)] << j;
    m[std::size_t(k)] = v;
  }
  for (int k = 0; k < 32; ++k) m[std::size_t(k)] <<= 31 - k;
  return m;
}

uint64_t mixed(uint64_t v) {  // finaliser of splitmix64
  v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9ull;
  v = (v ^ v >> 27) * 0x94D049BB133111EBull;
  return v ^ v >> 31;
}

// Each bit is flipped or not by a coin that depends on all bits above it.
uint32_t scrambled(uint32_t v, uint64_t key) {
  uint32_t result = 0;
  for (int bit = 31; bit >= 0; --bit) {
    uint64_t above = bit == 31 ? 0 : v >> (bit + 1);
    uint32_t coin = uint32_t(mixed(key ^ mixed((above << 6 | uint64_t(bit)) + 0x9E3779B97F4A7C15ull)) >> 63);
    result |= ((v >> bit & 1) ^ coin) << bit;
  }
  return result;
}

}  // namespace

uint32_t sobol_bits(uint32_t index, int dimension) {
  static const auto table = [] {
    std::array<std::array<uint32_t, 32>, known> all{};
    for (int d = 0; d < known; ++d) all[std::size_t(d)] = numbers_of(d);
    return all;
  }();
  uint32_t v = 0;
  for (int k = 0; index != 0; ++k, index >>= 1)
    if (index & 1) v ^= table[std::size_t(dimension)][std::size_t(k)];
  return v;
}

std::vector<double> sobol_point(uint32_t index, int dimensions, uint64_t seed) {
  std::vector<double> point(static_cast<std::size_t>(dimensions));
  for (int d = 0; d < dimensions; ++d) {
    const uint64_t key = mixed(mixed(seed) + uint64_t(d) + 1);
    const uint32_t bits = d < known ? scrambled(sobol_bits(index, d), key) : uint32_t(mixed(key ^ mixed(index + 0x9E3779B97F4A7C15ull)) >> 32);
    point[std::size_t(d)] = (double(bits) + 0.5) * 0x1p-32;
  }
  return point;
}

}  // namespace tomograd
