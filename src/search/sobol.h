// The Sobol sequence with the direction numbers of Joe and Kuo (new-joe-kuo-6, SIAM J. Sci. Comput. 30, 2008) and nested uniform
// scrambling (Owen 1995): every prefix of 2^k points keeps its even spread, every seed gives another sequence.
#pragma once

#include <cstdint>
#include <vector>

namespace tomograd {

// Point `index` of the sequence, `dimensions` numbers of [0, 1), each the middle of an interval of 2^-32. From the 25th dimension on they are
// plain random numbers: so many variables leave nothing of an even spread in the few points a search starts with.
std::vector<double> sobol_point(uint32_t index, int dimensions, uint64_t seed);

// Coordinate `dimension` (0 to 23) of point `index` before scrambling, times 2^32.
uint32_t sobol_bits(uint32_t index, int dimension);

}  // namespace tomograd
