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
