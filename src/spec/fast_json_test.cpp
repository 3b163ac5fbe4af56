#include "spec/fast_json.h"

#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "spec/json_oracle.h"

namespace tomograd {
namespace {

// What it reads is what the full parser reads; what the full parser refuses it does not read.
void compare(const std::string& json) {
  Value value;
  bool read = read_fast_json(json, value);
  auto oracle = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!read) return;
  ASSERT_FALSE(oracle.is_discarded()) << json;
  EXPECT_EQ(oracle_value(value).dump(), oracle.dump()) << json;
}

TEST(FastJson, ReadsWhatOurFilesAreMadeOf) {
  for (const char* json : {R"({"dice":0.5,"test":[{"case":"a","dice":[null,0.1,-3e-05]}],"steps":7,"ok":true})", "[]", "{}", "0", "-12", " [ 1 , 2 ] ", R"("a\"b\\\n")", "[[],{}]", "1e300", "9223372036854775807"}) {
    Value value;
    EXPECT_TRUE(read_fast_json(json, value)) << json;
    compare(json);
  }
  Value value;
  ASSERT_TRUE(read_fast_json("[0.1,1e9,0.30000000000000004,5e-324]", value));
  EXPECT_EQ(value.as_list()[2].as_number(), 0.30000000000000004);
  EXPECT_EQ(value.as_list()[3].as_number(), 5e-324);
  EXPECT_FALSE(value.as_list()[1].is_integer());
}

TEST(FastJson, LeavesTheRareToTheFullParser) {
  std::string deep(70, '['), many = "{";
  deep += std::string(70, ']');
  for (int i = 0; i < 65; ++i) many += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
  many += "}";
  for (const std::string& json : {std::string(), std::string("tru"), std::string("[1,]"), std::string("[1 2]"), std::string("{\"a\":1,\"a\":2}"), std::string("{\"a\":1,}"), std::string("{a:1}"), std::string("01"), std::string("-"),
                                  std::string("-0"), std::string("1."), std::string(".5"), std::string("1e"), std::string("+1"), std::string("9223372036854775808"), std::string("1e999"), std::string("\"\\u00e4\""),
                                  std::string("\"\xc3\xa4\""), std::string("\"\n\""), std::string("\"a"), std::string("\"\\"), std::string("[1]x"), std::string("[\0]", 3), std::string("NaN"), deep, many}) {
    Value value;
    EXPECT_FALSE(read_fast_json(json, value)) << json;
  }
}

TEST(FastJson, AgreesWithTheFullParserOnDamagedText) {
  const std::string good = R"({"a":[1,-2.5e-3,"x\ty",{"b":null,"c":[true,false]}],"d":{"e":{}},"f":"\\\"/"})";
  const std::string letters = "{}[]:,\"\\ truefalsn0123.eE+-x\x01\xc3";
  Random random(7, "fast_json");
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int64_t changes = 1 + random.below(3); changes > 0; --changes) {
      size_t at = size_t(random.below(int64_t(bad.size())));
      if (random.chance(0.5)) bad[at] = letters[size_t(random.below(int64_t(letters.size())))];
      else if (random.chance(0.5)) bad.erase(at, 1);
      else bad.insert(at, 1, letters[size_t(random.below(int64_t(letters.size())))]);
    }
    compare(bad);
  }
}

}  // namespace
}  // namespace tomograd
