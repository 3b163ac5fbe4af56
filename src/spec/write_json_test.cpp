#include "spec/write_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "spec/json_oracle.h"

namespace tomograd {
namespace {

Value random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0: return Value();
    case 1: return random.chance(0.5);
    case 2: return int64_t(random.bits64()) >> random.below(64);
    case 3: return random.normal() * std::pow(10, double(random.below(60)) - 30);
    case 4: return double(random.below(2000)) / 8;
    case 5: {
      std::string s;
      for (int64_t n = random.below(12); n > 0; --n) s += char(random.chance(0.8) ? 32 + random.below(95) : random.below(256));
      return s;
    }
    case 6: {
      Value::List list;
      for (int64_t n = random.below(5); n > 0; --n) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      Value::Table table;
      for (int64_t n = random.below(5); n > 0; --n) table.emplace_back("k" + std::to_string(n), random_value(random, depth - 1));
      return table;
    }
  }
}

TEST(WriteJson, GivesTheBytesOfTheLibrary) {
  Random random(3, "write_json");
  auto compare = [](const Value& value) {
    for (bool pretty : {false, true}) {
      std::string ours;
      write_json(value, pretty, ours);
      ASSERT_EQ(ours, oracle_value(value).dump(pretty ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
  };
  for (double v : {0.0, -0.0, 1.0, 1e15, 1e16, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, 0.1, std::numeric_limits<double>::quiet_NaN(), double(-INFINITY)}) compare(v);
  for (int64_t v : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) compare(v);
  for (int i = 0; i < 3000; ++i) compare(random_value(random, 4));
}

}  // namespace
}  // namespace tomograd
