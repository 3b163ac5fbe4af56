#include "base/random.h"

#include <cmath>

namespace tomograd {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = uint64_t{0xD2511F53u} * c[0];
    uint64_t p1 = uint64_t{0xCD9E8D57u} * c[2];
    c = {uint32_t(p1 >> 32) ^ c[1] ^ k[0], uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k[1], uint32_t(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

namespace {
uint64_t mix(uint64_t v) {  // the finaliser of splitmix64
  v ^= v >> 30;
  v *= 0xBF58476D1CE4E5B9ull;
  v ^= v >> 27;
  v *= 0x94D049BB133111EBull;
  return v ^ (v >> 31);
}
}  // namespace

uint64_t purpose_hash(std::string_view purpose) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (unsigned char c : purpose) hash = (hash ^ c) * 0x100000001B3ull;
  return mix(hash);
}

Random::Random(uint64_t seed, std::string_view purpose, uint64_t epoch, uint64_t index) {
  uint64_t key = mix(mix(seed) ^ purpose_hash(purpose));
  key_ = {uint32_t(key), uint32_t(key >> 32)};
  // Two counter words hold the position in the stream, one the low half of the index, one the rest: epochs are mixed
  // into the key so that an index may use all 64 bits of its own.
  uint64_t epoch_key = mix(key ^ mix(epoch + 1));
  key_[0] ^= uint32_t(epoch_key);
  key_[1] ^= uint32_t(epoch_key >> 32);
  counter_ = {0, 0, uint32_t(index), uint32_t(index >> 32)};
}

uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

uint64_t Random::bits64() {
  uint64_t low = bits();
  return low | uint64_t{bits()} << 32;
}

double Random::uniform() { return double(bits64() >> 11) * 0x1p-53; }

int64_t Random::below(int64_t n) {
  uint64_t range = uint64_t(n);
  uint64_t limit = ~uint64_t{0} - (~uint64_t{0} % range + 1) % range;  // the largest value that leaves no bias
  uint64_t value;
  do value = bits64();
  while (value > limit);
  return int64_t(value % range);
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  double angle = 2.0 * 3.141592653589793238462643 * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

}  // namespace tomograd
