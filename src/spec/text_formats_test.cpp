#include "spec/text_formats.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {

TEST(TextFormats, TomlKeepsTheOrderOfKeys) {
  Value value = parse_toml("zeta = 1\nalpha = [1, 2.5, \"x\"]\n[table]\nb = true", "t");
  EXPECT_EQ(value.as_table()[0].first, "zeta");
  EXPECT_EQ(value.at("alpha").as_list()[2].as_text(), "x");
  EXPECT_TRUE(value.at("table").at("b").as_bool());
  EXPECT_EQ(parse_toml(to_toml(value), "again"), value);
}

TEST(TextFormats, ErrorsSayWhere) {
  try {
    parse_toml("a = 1\nb = = 2", "run.toml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("run.toml line 2"), std::string::npos) << error.what();
  }
  EXPECT_THROW(parse_toml("a = 1\na = 2", "t"), Error);
  EXPECT_THROW(parse_json("{\"a\": }", "j"), Error);
}

TEST(TextFormats, BombsAreRefused) {
  EXPECT_THROW(parse_toml("a = " + std::string(100000, '['), "t"), Error);
  EXPECT_THROW(parse_json(std::string(100000, '['), "j"), Error);
  EXPECT_THROW(parse_toml(std::string((1 << 20) + 1, '#'), "t"), Error);
}

TEST(TextFormats, BombsOfDottedKeysAreRefused) {  // 100 kB of "a.a.a" were tables in tables until the stack was full
  std::string dots = "a";
  for (int i = 0; i < 50000; ++i) dots += ".a";
  EXPECT_THROW(parse_toml(dots + " = 1", "t"), Error);
  EXPECT_THROW(parse_toml("[" + dots + "]", "t"), Error);
  EXPECT_THROW(parse_toml("x = {" + dots + " = 1}", "t"), Error);
  EXPECT_THROW(parse_toml("\"q\" . " + dots + " = 1", "t"), Error);
  std::string numbers = "v = [";
  for (int i = 0; i < 1000; ++i) numbers += "1.5, ";
  EXPECT_EQ(parse_toml(numbers + "]", "t").at("v").as_list().size(), 1000u);
}

TEST(TextFormats, BracketsInTextsHideNoBombAndAreNone) {
  std::string toml = "a = ", json;
  for (int i = 0; i < 50000; ++i) toml += "[ \"]\", ", json += "[\"]\",";
  EXPECT_THROW(parse_toml(toml, "t"), Error);
  EXPECT_THROW(parse_json(json + "1" + std::string(50000, ']'), "j"), Error);
  std::string brackets(1000, '[');
  for (const std::string& text : {"a = \"" + brackets + "\"", "a = '" + brackets + "' # " + brackets, "a = \"\"\"\n\\\"" + brackets + "\"\"\"", "a = \"\\\\\" # " + brackets})
    EXPECT_NO_THROW(parse_toml(text, "t")) << text;
  EXPECT_EQ(parse_json("{\"a\": \"" + brackets + "\"}", "j").at("a").as_text(), brackets);
}

TEST(TextFormats, JsonOfManyKeysTakesTimeInProportion) {  // 100000 keys took minutes when each was looked for among all
  std::string json = "{";
  for (int i = 0; i < 100000; ++i) json += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  json += "\"last\":0}";
  Value value = parse_json(json, "j");
  EXPECT_EQ(value.as_table().size(), 100001u);
  EXPECT_EQ(to_json(value, false), json);
}

TEST(TextFormats, JsonSaysWhichKeyStandsTwice) {
  try {
    parse_json("{\"id\": 1, \"x\": {\"id\": 2}, \"id\": 3}", "d.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("d.json is not valid JSON: the key 'id' stands twice"), std::string::npos) << error.what();
  }
}

TEST(TextFormats, JsonIntegersBeyondInt64AreNumbers) {  // they had wrapped to negative ones
  EXPECT_EQ(parse_json("18446744073709551615", "j").as_number(), 18446744073709551615.0);
  EXPECT_EQ(parse_json("9223372036854775807", "j").as_integer(), INT64_MAX);
  EXPECT_EQ(parse_json("-9223372036854775808", "j").as_integer(), INT64_MIN);
  EXPECT_THROW(parse_json("1e999", "j"), Error);
}

TEST(TextFormats, JsonTreesOfAllKinds) {
  Value value = parse_json(R"({"a":[1,[],{},[{"b":null}],"x"],"c":{"d":true,"e":-1.5}})", "j");
  EXPECT_EQ(to_json(value, false), R"({"a":[1,[],{},[{"b":null}],"x"],"c":{"d":true,"e":-1.5}})");
  for (const char* bad : {"", "[1,]", "{\"a\"}", "[1] 2", "\"\xff\"", "{\"a\":1,}", "[", "nul"}) EXPECT_THROW(parse_json(bad, "j"), Error) << bad;
}

TEST(TextFormats, ListsOfTablesAndOthersAreWritten) {
  Value value = parse_toml("v = [{a = 1}, 2]", "t");
  EXPECT_EQ(parse_toml(to_toml(value), "again"), value);
}

TEST(TextFormats, SettingsReadTomlValuesAndPlainText) {
  Value root = Value::table();
  apply_setting(root, "optimizer.learning_rate=1e-3");
  apply_setting(root, "sampling.patch=[9,165,165]");
  apply_setting(root, "data=/tmp/d.json");
  apply_setting(root, "preprocess.leave_out=T2w");
  EXPECT_DOUBLE_EQ(root.at("optimizer").at("learning_rate").as_number(), 1e-3);
  EXPECT_EQ(root.at("sampling").at("patch").as_list().size(), 3u);
  EXPECT_EQ(root.at("data").as_text(), "/tmp/d.json");
  EXPECT_EQ(root.at("preprocess").at("leave_out").as_text(), "T2w");
  EXPECT_THROW(apply_setting(root, "no-equals"), Error);
}

TEST(TextFormats, NumbersReadBackExactly) {
  for (double v : {0.1, 1e-300, 123456789.123456789, 1.0, -0.0, 5e-324}) EXPECT_EQ(parse_toml("v = " + number_text(v), "t").at("v").as_number(), v);
}

}  // namespace tomograd
