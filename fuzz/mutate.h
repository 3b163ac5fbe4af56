// Mutations of one input: bits, bytes, numbers that break readers, words of the dictionary, cuts, repetitions, and pieces of
// another input. The same generator state gives the same mutation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace tomograd {

struct Dice {  // splitmix64
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9, z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  size_t below(size_t n) { return n == 0 ? 0 : size_t(next() % n); }
};

class Mutator {
 public:
  Mutator(std::vector<std::string> words, size_t longest) : words_(std::move(words)), longest_(longest) {}

  std::string mutated(std::string input, const std::string& other, Dice& dice) const {
    for (size_t i = size_t(1) << dice.below(5); i > 0; --i) {
      once(input, other, dice);
      if (input.size() > longest_) input.resize(longest_);
    }
    return input;
  }

 private:
  void once(std::string& s, const std::string& other, Dice& dice) const {
    size_t at = dice.below(s.size()), place = dice.below(s.size() + 1);
    size_t length = std::min<size_t>(1 + dice.below(size_t(1) << dice.below(9)), s.size() - std::min(at, s.size()));
    switch (dice.below(s.empty() ? 3 : 13)) {
      case 0: s.insert(place, 1 + dice.below(8), char(dice.next())); break;
      case 1: if (!words_.empty()) s.insert(place, words_[dice.below(words_.size())]); break;
      case 2: {
        size_t from = dice.below(other.size() + 1);
        s.insert(place, other, from, 1 + dice.below(other.size() - from + 1));
        break;
      }
      case 3: s[at] = char(s[at] ^ 1 << dice.below(8)); break;
      case 4: s[at] = char(dice.next()); break;
      case 5: case 6: put(s, at, number(s.size(), dice), size_t(1) << dice.below(4), dice.below(2)); break;
      case 7: {
        double value = real(dice);
        uint64_t bits = 0;
        bool single = dice.below(2);
        float small = float(value);
        if (single) std::memcpy(&bits, &small, 4);
        else std::memcpy(&bits, &value, 8);
        put(s, at, bits, single ? 4 : 8, dice.below(3) == 0);
        break;
      }
      case 8: s.erase(at, length); break;
      case 9: {                                  // the same again, sometimes very often
        std::string piece = s.substr(at, length), run;
        for (size_t n = size_t(1) << dice.below(dice.below(4) == 0 ? 15 : 4); n > 0 && run.size() < longest_; --n) run += piece;
        s.insert(at, run);
        break;
      }
      case 10: if (dice.below(4) == 0) s.resize(place); else s.replace(at, length, other, dice.below(other.size() + 1), length); break;
      case 11: if (!words_.empty()) { const auto& word = words_[dice.below(words_.size())]; s.replace(at, std::min(word.size(), s.size() - at), word); } break;
      case 12: change_digits(s, at, dice); break;
    }
  }

  static void put(std::string& s, size_t at, uint64_t value, size_t bytes, bool reversed) {
    char raw[8];
    std::memcpy(raw, &value, 8);
    if (reversed) std::reverse(raw, raw + bytes);
    std::memcpy(s.data() + at, raw, std::min(bytes, s.size() - at));
  }

  static uint64_t number(size_t size, Dice& dice) {
    uint64_t edge = (uint64_t{1} << dice.below(64)) + dice.below(3) - 1;  // 2^k - 1, 2^k, 2^k + 1
    switch (dice.below(4)) {
      case 0: return edge;
      case 1: return ~edge + dice.below(2);
      case 2: return size + dice.below(33) - 16;
      default: return dice.below(18);
    }
  }

  static double real(Dice& dice) {
    constexpr double values[] = {0, -0.0, 1, -1, 0.5, 352, 1e-45, 1e-30, 1e30, 3e38, 1e300, 16777217, 9007199254740992.0};
    size_t pick = dice.below(std::size(values) + 3);
    return pick < std::size(values) ? values[pick] : pick == std::size(values) ? NAN : pick == std::size(values) + 1 ? INFINITY : -INFINITY;
  }

  static void change_digits(std::string& s, size_t at, Dice& dice) {  // the next decimal number of a text becomes another one
    constexpr const char* numbers[] = {"0", "-1", "1", "2", "7", "65535", "65536", "2147483648", "9223372036854775807", "9223372036854775808",
                                       "18446744073709551615", "1e308", "1e999", "0.5", "nan", "-9223372036854775808", "4294967296", "1000000"};
    size_t begin = s.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    size_t end = std::min(s.find_first_not_of("0123456789.", begin), s.size());
    s.replace(begin, end - begin, numbers[dice.below(std::size(numbers))]);
  }

  std::vector<std::string> words_;
  size_t longest_;
};

}  // namespace tomograd
