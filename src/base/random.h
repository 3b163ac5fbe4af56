// Counter-based randomness: a value is a function of (seed, purpose, epoch, index) and of its position in that stream,
// so nothing has to be saved, and neither the number of workers nor the order of work changes a result.
// Philox 4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tomograd {

// One block of Philox 4x32-10: 128 random bits from a 128-bit counter and a 64-bit key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A stable 64-bit hash of a purpose ("sampling", "weights/encoder.0"); FNV-1a followed by a finaliser.
uint64_t purpose_hash(std::string_view purpose);

// A stream of random numbers, cheap to create (one per sample, per layer, per phantom lesion).
class Random {
 public:
  Random(uint64_t seed, std::string_view purpose, uint64_t epoch = 0, uint64_t index = 0);

  uint32_t bits();                     // 32 uniform bits
  uint64_t bits64();
  double uniform();                    // [0, 1), 53 bits
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  int64_t below(int64_t n);            // 0 .. n-1, unbiased; n >= 1
  double normal();                     // mean 0, standard deviation 1 (Box-Muller)
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_, block_;
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace tomograd
