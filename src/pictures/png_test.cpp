#include "pictures/png.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/error.h"
#include "base/random.h"

namespace tomograd {
namespace {

Image random_image(int64_t width, int64_t height, bool grey) {
  Random random(3, "png", 0, uint64_t(width));
  Image image(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      uint8_t v = uint8_t(random.below(256));
      image.set(x, y, grey ? Color{v, v, v} : Color{v, uint8_t(random.below(256)), uint8_t(random.below(256))});
    }
  return image;
}

TEST(Png, RoundTripIsExact) {
  for (auto [width, height] : {std::pair<int64_t, int64_t>{1, 1}, {7, 3}, {65, 64}, {1, 300}})
    for (bool grey : {false, true}) {
      Image image = random_image(width, height, grey);
      EXPECT_EQ(decode_png(encode_png(image), "x"), image) << width << "x" << height;
    }
}

TEST(Png, HeaderSaysWhatIsInside) {
  std::string color = encode_png(random_image(9, 5, false)), grey = encode_png(random_image(9, 5, true));
  ASSERT_EQ(color.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(color.substr(12, 4), "IHDR");
  EXPECT_EQ(color[19], 9);   // width, big endian
  EXPECT_EQ(color[23], 5);   // height
  EXPECT_EQ(color[24], 8);   // bits
  EXPECT_EQ(color[25], 2);   // RGB
  EXPECT_EQ(grey[25], 0);    // grey
  EXPECT_EQ(color.find("tIME"), std::string::npos);
  EXPECT_EQ(color, encode_png(random_image(9, 5, false)));
}

TEST(Png, RefusesWhatIsNone) {
  EXPECT_THROW(encode_png(Image{}), Error);
  EXPECT_THROW(decode_png("", "empty"), Error);
  EXPECT_THROW(decode_png("no picture at all", "text"), Error);
  std::string whole = encode_png(random_image(40, 40, false));
  EXPECT_THROW(decode_png(std::string_view(whole).substr(0, whole.size() / 2), "cut"), Error);
}

TEST(Png, AHeaderCannotAskForMoreThanTheFileHolds) {  // 69 bytes asked for 12.9 GB
  std::string small = encode_png(random_image(3, 3, false));
  for (size_t at : {16, 20}) small[at + 2] = small[at + 3] = '\xff';  // width and height are 65535
  std::string crc_of = small.substr(12, 17);
  uint32_t crc = uint32_t(crc32(0, reinterpret_cast<const unsigned char*>(crc_of.data()), uInt(crc_of.size())));
  for (int i = 0; i < 4; ++i) small[size_t(29 + i)] = char(crc >> (24 - 8 * i));
  try {
    decode_png(small, "x.png");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("\"x.png\" says that it has 65535 x 65535 pixels"), std::string::npos) << error.what();
  }
}

TEST(Png, WritesThroughEnv) {
  std::string folder = (std::filesystem::temp_directory_path() / "tomograd-png-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Image image = random_image(11, 13, false);
  write_png(system_env(), join_path(folder, "a.png"), image);
  EXPECT_EQ(read_png(system_env(), join_path(folder, "a.png")), image);
  EXPECT_EQ(system_env().list(folder).size(), 1u);  // nothing temporary stays
  std::filesystem::remove_all(folder);
}

TEST(Image, BlendsAndClips) {
  Image image(2, 2, {0, 0, 0});
  image.blend(0, 0, {200, 100, 0}, 0.5);
  EXPECT_EQ(image.at(0, 0), (Color{100, 50, 0}));
  image.blend(5, 5, {255, 255, 255}, 1);
  image.set(-1, 0, {255, 255, 255});
  EXPECT_EQ(image.at(1, 1), (Color{0, 0, 0}));
  image.paste(Image(3, 3, {9, 9, 9}), 1, 1);
  EXPECT_EQ(image.at(1, 1), (Color{9, 9, 9}));
  EXPECT_EQ(image.at(0, 1), (Color{0, 0, 0}));
  EXPECT_EQ(color_text({0, 114, 178}), "#0072b2");
  for (int i = 1; i < 7; ++i) EXPECT_NE(label_color(i), label_color(i + 1));
  EXPECT_EQ(label_color(1), label_color(8));
}

}  // namespace
}  // namespace tomograd
