// Hostile and damaged containers: identity, directories, tags, strips and tiles. Each file is refused with a sentence before
// anything large is allocated, or accepted for a stated reason. The list is 4.4 of the test plan.
#include "volume/tiff_test_files.h"

namespace tomograd {
namespace {

TEST_F(BadTiff, TheGoodOneIsGood) { fine(TestTiff{}); }

TEST_F(BadTiff, Identity) {
  refused("", {"0 bytes"});
  refused(std::string("II*\0", 4), {"4 bytes"});
  refused(std::string("II*\0\0\0\0\0", 8), {"names no directory"});
  refused(std::string("II\x2b\0\x08\0\0\0", 8), {"BigTIFF header", "cut short"});
  refused(std::string("II\x2b\0\x04\0\0\0\x10\0\0\0\0\0\0\0", 16), {"offset size of 4"});
  refused(std::string("II\x2c\0\x08\0\0\0", 8), {"version 44"});
  refused(std::string("IM*\0\x08\0\0\0", 8), {"not a TIFF"});
  refused(std::string("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0", 12), {"not a TIFF", "gzip"});
  refused(std::string("II*\0\xff\xff\xff\xff", 8), {"4294967295"});
  std::string path = folder / "folder.tif";
  std::filesystem::create_directory(path);
  EXPECT_THROW(read_tiff_header(system_env(), path), Error);
  EXPECT_THROW(read_tiff_header(system_env(), folder / "missing.tif"), Error);
}

TEST_F(BadTiff, CutAnywhere) {
  for (bool big : {false, true}) {
    TestTiff t;
    t.big = big;
    std::string good = t.bytes();
    for (size_t n = 0; n < good.size(); ++n) {
      try {
        read_tiff(system_env(), write(good.substr(0, n)));
        ADD_FAILURE() << "cut to " << n << " of " << good.size() << " bytes: accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << n;
      }
    }
  }
}

// Every byte of a good file changed in three ways: read or refused, never anything else, never much memory.
TEST_F(BadTiff, EveryByteDamaged) {
  set_memory_budget(counted_bytes() + (int64_t{4} << 20));
  int64_t refusals = 0;
  for (int kind = 0; kind < 4; ++kind) {
    TestTiff t;
    t.big = kind & 1, t.swapped = kind & 2;
    t.description = "ImageJ=1.54f\nimages=2\n";
    std::string good = t.bytes();
    for (size_t n = 0; n < good.size(); ++n)
      for (unsigned char change : {0xFF, 0x80, 0x01}) {
        std::string bad = good;
        bad[n] = char(bad[n] ^ change);
        try {
          read_tiff(system_env(), write(bad));
        } catch (const Error& error) {
          ++refusals;
          EXPECT_EQ(error.kind(), ErrorKind::input) << n << ": " << error.what();
        }
      }
  }
  set_memory_budget(0);
  EXPECT_GT(refusals, 500);
}

TEST_F(BadTiff, ChainOfDirectories) {
  TestTiff t;
  t.next_of_last = -1;
  refused(t, {"directory 2", "loop"});
  t.next_of_last = -2;
  refused(t, {"directory 2", "loop"});
  t.pages = 1;
  refused(t, {"directory 1", "loop"});
  t.next_of_last = 5000;
  refused(t, {"byte 5000"});
  TestTiff empty;
  std::string bytes = empty.bytes();
  bytes[size_t(empty.bytes().find("\x0a\0\0\x01", 8, 4))] = 0;  // the number of tags of the first directory
  refused(bytes, {"no tags"});
  TestTiff many;
  many.big = true;
  std::string b = many.bytes();
  b.replace(b.find(std::string("\x0a\0\0\0\0\0\0\0\0\x01", 10)), 8, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8));
  refused(b, {"9223372036854775807 tags"});
}

// A million directories in 20 MB: more than 2^20 are refused, and quickly.
TEST_F(BadTiff, AMillionDirectories) {
  std::string tags, b("II*\0\x08\0\0\0", 8);
  TestTiff t;
  auto entry = [&](int code, int type, uint32_t v) { t.put(tags, uint64_t(code), 2), t.put(tags, uint64_t(type), 2), t.put(tags, 1, 4),
      t.put(tags, v, 4); };
  entry(256, 4, 1), entry(257, 4, 1), entry(258, 3, 8), entry(273, 4, 8), entry(279, 4, 1);
  const size_t directory = 2 + tags.size() + 4;
  const size_t count = (size_t{1} << 20) + 1;
  b.reserve(8 + directory * count);
  for (size_t i = 0; i < count; ++i) {
    t.put(b, 5, 2);
    b += tags;
    t.put(b, i + 1 < count ? b.size() + 4 : 0, 4);
  }
  refused(b, {"more than 1048576 directories"});
}

TEST_F(BadTiff, Sizes) {
  for (int code : {256, 257}) {
    refused_tag(code, one(4, 0), {"1 to 2147483648"});
    refused_tag(code, one(4, 0xFFFFFFFF), {"1 to 2147483648"});
    refused_tag(code, one(4, 0x7FFFFFFF), {"bytes"});
    refused_tag(code, one(3, 4000), {"bytes"});
    TestTiff t;
    t.dropped = {code};
    refused(t, {"is missing"});
  }
  TestTiff both;
  both.tags = {{256, one(4, 0x80000000)}, {257, one(4, 0x80000000)}};
  refused(both, {"2147483648"});
  both.tags = {{256, one(4, 70000)}, {257, one(4, 70000)}, {278, one(4, 70000)}};  // 32 bits would wrap to 605 MB
  refused(both, {"9800000000 bytes"});
}

TEST_F(BadTiff, PagesUnlikeTheFirst) {
  TestTiff t;
  t.of_page[1][256] = one(4, 4);
  refused(t, {"directory 1", "4 x 4", "5 x 4"});
  t.of_page[1] = {{339, one(3, 2)}};
  refused(t, {"directory 1", "int16", "uint16"});
  t.of_page[1] = {{258, one(3, 8)}};
  refused(t, {"directory 1", "uint8"});
  t.of_page[1] = {{277, one(3, 3)}};
  refused(t, {"directory 1", "SamplesPerPixel is 3"});
  t.of_page[1] = {{254, one(4, 1)}, {256, one(4, 2)}};  // a thumbnail
  std::string path = write(t.bytes());
  TiffHeader h = read_tiff_header(system_env(), path);
  EXPECT_EQ(h.geometry.size.z, 1);
  EXPECT_EQ(h.warnings.size(), 1u);
  t.of_page.clear();
  t.tags[254] = one(4, 1);
  refused(t, {"all 2 pages"});
}

TEST_F(BadTiff, SamplesAndTypes) {
  for (uint64_t n : {0, 2, 3, 4, 65529, 65535}) refused_tag(277, one(3, n), {"SamplesPerPixel is " + std::to_string(n)});
  for (uint64_t bits : {0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 24, 64, 128, 65535}) refused_tag(258, one(3, bits),
      {"BitsPerSample is " + std::to_string(bits)});
  refused_tag(258, {3, 3, {8, 16, 8}}, {"unlike values, 8 and 16"});
  for (uint64_t format : {0, 3, 4, 5, 6, 77}) refused_tag(339, one(3, format), {"SampleFormat " + std::to_string(format)});
  refused_tag(262, one(3, 2), {"PhotometricInterpretation is 2"});
  refused_tag(262, one(3, 6), {"PhotometricInterpretation is 6"});
  refused_tag(262, one(3, 32844), {"PhotometricInterpretation is 32844"});
  refused_tag(32997, one(4, 7), {"ImageDepth is 7"});
  refused_tag(266, one(3, 3), {"FillOrder is 3"});
  refused_tag(317, one(3, 4), {"Predictor is 4"});
  TestTiff palette;                              // with or without a colour map: the numbers are the voxels
  palette.tags[262] = one(3, 3);
  fine(palette, 1);
  palette.tags[262] = one(3, 0);
  fine(palette, 1);
  TestTiff mirrored;                             // bits of every byte stored the other way round
  mirrored.tags[266] = one(3, 2);
  for (int p = 0; p < 2; ++p) {
    std::string rows;
    for (int i = 0; i < 20; ++i) rows += std::string(1, char(p * 20 + i)) + '\0';
    for (char& c : rows) {
      int r = 0;
      for (int bit = 0; bit < 8; ++bit) r |= (c >> bit & 1) << (7 - bit);
      c = char(r);
    }
    mirrored.strip.push_back(rows);
  }
  Volume upright = read_tiff(system_env(), write(mirrored.bytes()));
  for (int64_t i = 0; i < 40; ++i) EXPECT_EQ(upright.voxels[i], float(i));
  TestTiff floats;
  floats.tags = {{259, one(3, 8)}, {317, one(3, 3)}};
  refused(floats, {"Predictor is 3"});
}

TEST_F(BadTiff, TagCountsAndPlaces) {
  for (int code : {256, 257, 258, 259, 273, 277, 278, 279, 339}) {
    refused_tag(code, {4, 0, {0}}, {"0"});
    refused_tag(code, {4, 0xFFFFFFFF, {8}}, {"tag " + std::to_string(code), "4294967295"});
    refused_tag(code, {13, 0x10000000, {8}}, {"tag " + std::to_string(code)});
    refused_tag(code, {99, 1, {8}}, {"unknown type 99"});
    refused_tag(code, {2, 1, {65}}, {"type 2"});
  }
  TestTiff t;
  t.tags[65000] = {4, 0xFFFFFFFF, {0xFFFFFFFF}};  // a tag nobody reads cannot do harm
  fine(t);
  t.tags[65000] = {99, 0, {0}};
  fine(t);
  TestTiff text;
  text.tags[270] = {2, 0x7FFFFFFF, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  refused(text, {"tag 270"});
}

TEST_F(BadTiff, StripsAndTiles) {
  refused_tag(278, one(4, 0), {"RowsPerStrip is 0"});
  refused_tag(278, one(4, 1), {"1 strips", "4 are needed"});
  TestTiff t;
  t.tags[278] = one(4, 0xFFFFFFFF);              // the whole page, the standard's default
  fine(t);
  t.dropped = {278};
  t.tags.clear();
  fine(t);
  t.dropped = {279};                             // plain rows need no byte counts
  fine(t);
  t.dropped = {273};
  refused(t, {"offsets of 0 strips"});
  refused_tag(273, one(4, 5000000), {"strip 0 lies at byte 5000000"});
  refused_tag(279, one(4, 0), {"byte count 0"});
  refused_tag(279, one(4, 39), {"39 bytes, which cannot become 40"});
  refused_tag(279, one(4, 0xFFFFFFFF), {"4294967295"});
  for (auto [w, h] : {std::pair<uint64_t, uint64_t>{0, 0}, {16, 0}, {0, 16}}) {
    TestTiff tiles;
    tiles.dropped = {278};
    tiles.tags = {{322, one(4, w)}, {323, one(4, h)}};
    refused(tiles, {"tiles have " + std::to_string(w) + " x " + std::to_string(h)});
  }
  TestTiff huge;
  huge.tags = {{322, one(4, 65536)}, {323, one(4, 65536)}};
  refused(huge, {"cannot become 8589934592"});
  huge.tags[259] = one(3, 8);
  refused(huge, {"65536 x 65536", "at most"});
  TestTiff tiny;
  tiny.tags = {{322, one(4, 1)}, {323, one(4, 1)}};
  refused(tiny, {"1 tiles; 20 are needed"});
  std::vector<uint64_t> at, two(20, 2);
  for (uint64_t i = 0; i < 20; ++i) at.push_back(8 + 2 * i);
  tiny.pages = 1, tiny.tags[324] = {4, 20, at}, tiny.tags[325] = {4, 20, two}, tiny.dropped = {273, 278, 279};
  TiffHeader h = read_tiff_header(system_env(), write(tiny.bytes()));
  EXPECT_TRUE(h.tiled);
  Volume v = read_tiff(system_env(), folder / "bad.tif");
  for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(v.voxels[i], float(i));
}

}  // namespace
}  // namespace tomograd
