// Hostile and damaged TIFF files, poked together tag by tag without our own writer: each is refused with a sentence before
// anything large is allocated, or accepted for a stated reason. The list is 4.4 of the test plan.
#include <functional>
#include <map>

#include "volume/nifti_test_files.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

// A good file unless changed: 2 pages of 4 x 5 uint16 (y, x), one strip each, voxels 0, 1, 2, ... over both.
struct TestTiff {
  bool big = false, swapped = false;
  int pages = 2;
  struct Tag { int type; uint64_t count; std::vector<uint64_t> values; };  // `count` may disagree with the values: that is the point
  std::map<int, Tag> tags;                       // put into every page, over the good ones
  std::vector<int> dropped;
  std::map<int, std::map<int, Tag>> of_page;     // of one page only
  std::string description, voxels;
  int64_t next_of_last = 0;                      // -1 = the first directory again, -2 = itself
  std::vector<std::string> strip;                // stored bytes of each page instead of plain rows

  size_t word() const { return big ? 8 : 4; }
  void put(std::string& b, uint64_t v, size_t n) const {
    for (size_t i = 0; i < n; ++i) b.push_back(char(v >> 8 * (swapped ? n - 1 - i : i)));
  }

  std::string bytes() const {
    std::string out = swapped ? "MM" : "II";
    put(out, big ? 43 : 42, 2);
    if (big) put(out, 8, 2), put(out, 0, 2);
    size_t link = out.size(), first = 0;
    put(out, 0, word());
    for (int p = 0; p < pages; ++p) {
      std::string rows = size_t(p) < strip.size() ? strip[size_t(p)] : std::string();
      if (strip.empty())
        for (uint64_t i = 0; i < 20; ++i) put(rows, uint64_t(p) * 20 + i, 2);
      size_t at = out.size();
      out += rows;
      std::map<int, Tag> all = {{256, {4, 1, {5}}}, {257, {4, 1, {4}}}, {258, {3, 1, {16}}}, {259, {3, 1, {1}}}, {262, {3, 1, {1}}}, {273, {4, 1, {at}}}, {277, {3, 1, {1}}},
                                {278, {4, 1, {4}}}, {279, {4, 1, {rows.size()}}}, {339, {3, 1, {1}}}};
      if (p == 0 && !description.empty()) {
        std::vector<uint64_t> letters(description.begin(), description.end());
        letters.push_back(0);
        all[270] = {2, letters.size(), letters};
      }
      for (const auto& [code, tag] : tags) all[code] = tag;
      if (of_page.contains(p))
        for (const auto& [code, tag] : of_page.at(p)) all[code] = tag;
      for (int code : dropped) all.erase(code);
      if (out.size() % 2) out.push_back('\0');
      size_t here = out.size();
      std::string address;
      put(address, here, word());
      out.replace(link, word(), address);
      if (p == 0) first = here;
      put(out, all.size(), big ? 8 : 2);
      std::string longer;
      size_t after = here + (big ? 8 : 2) + all.size() * (4 + 2 * word()) + word();
      for (const auto& [code, tag] : all) {
        put(out, uint64_t(code), 2), put(out, uint64_t(tag.type), 2), put(out, tag.count, word());
        std::string raw;
        static const std::map<int, size_t> sizes = {{1, 1}, {2, 1}, {3, 2}, {4, 4}, {5, 4}, {7, 1}, {16, 8}};
        for (uint64_t v : tag.values) put(raw, v, sizes.contains(tag.type) ? sizes.at(tag.type) : 4);
        if (raw.size() <= word()) raw.resize(word(), '\0'), out += raw;
        else put(out, after + longer.size(), word()), longer += raw;
      }
      link = out.size();
      uint64_t next = p + 1 < pages ? 0 : next_of_last == -1 ? first : next_of_last == -2 ? here : uint64_t(next_of_last);
      put(out, next, word());
      out += longer;
    }
    return out;
  }
};

TestTiff::Tag one(int type, uint64_t v) { return {type, 1, {v}}; }

class BadTiff : public ::testing::Test {
 protected:
  TemporaryFolder folder;

  std::string write(const std::string& content) {
    put_file(folder / "bad.tif", content);
    return folder / "bad.tif";
  }

  // Error(input) that names the file and has every part, by the header alone or, `late`, by the voxels; less than 4 MiB counted.
  void refused(const std::string& content, const std::vector<std::string>& parts, bool late = false) {
    std::string path = write(content);
    set_memory_budget(counted_bytes() + (int64_t{4} << 20));
    for (bool header_only : {true, false}) {
      if (late && header_only) {
        EXPECT_NO_THROW(read_tiff_header(system_env(), path));
        continue;
      }
      try {
        header_only ? (void)read_tiff_header(system_env(), path) : (void)read_tiff(system_env(), path);
        ADD_FAILURE() << parts[0] << ": was accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
        std::string what = error.what();
        EXPECT_NE(what.find("bad.tif"), std::string::npos) << what;
        for (const auto& part : parts) EXPECT_NE(what.find(part), std::string::npos) << "'" << part << "' is missing in: " << what;
      }
    }
    set_memory_budget(0);
  }
  void refused(const TestTiff& tiff, const std::vector<std::string>& parts, bool late = false) {
    for (int kind = 0; kind < 4; ++kind) {
      TestTiff t = tiff;
      t.big = kind & 1, t.swapped = kind & 2;
      SCOPED_TRACE(kind);
      refused(t.bytes(), parts, late);
    }
  }
  void refused_tag(int code, TestTiff::Tag tag, const std::vector<std::string>& parts) {
    TestTiff t;
    t.tags[code] = tag;
    refused(t, parts);
  }
  TiffHeader fine(const TestTiff& tiff, int warnings = 0) {
    TiffHeader h;
    for (int kind = 0; kind < 4; ++kind) {
      TestTiff t = tiff;
      t.big = kind & 1, t.swapped = kind & 2;
      SCOPED_TRACE(kind);
      try {
        Volume v = read_tiff(system_env(), write(t.bytes()), &h);
        EXPECT_EQ(int(h.warnings.size()), warnings) << (h.warnings.empty() ? "" : h.warnings.front());
        EXPECT_EQ(h.geometry.size, (Extent{t.pages, 4, 5}));
        for (int64_t i = 0; i < v.voxels.size(); ++i) EXPECT_EQ(v.voxels[i], float(i));
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
    }
    return h;
  }
};

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
  auto entry = [&](int code, int type, uint32_t v) { t.put(tags, uint64_t(code), 2), t.put(tags, uint64_t(type), 2), t.put(tags, 1, 4), t.put(tags, v, 4); };
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
  for (uint64_t bits : {0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 24, 64, 128, 65535}) refused_tag(258, one(3, bits), {"BitsPerSample is " + std::to_string(bits)});
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

// Pages that all show the same bytes would make much of little: plain voxels must have room in the file.
TEST_F(BadTiff, OverlappingStrips) {
  TestTiff t;
  t.pages = 40;
  t.tags[256] = one(4, 100), t.tags[257] = one(4, 20), t.tags[278] = one(4, 20), t.tags[279] = one(4, 4000), t.tags[273] = one(4, 8);
  refused(t, {"40 planes have 160000 bytes"});
}

TEST_F(BadTiff, EveryCompressionNumber) {
  set_memory_budget(counted_bytes() + (int64_t{4} << 20));
  TestTiff t;
  int64_t refusals = 0;
  for (uint64_t id = 0; id < 65536; ++id) {
    if (id > 100 && id < 32700 && id % 97) continue;
    if (id > 35000 && id < 49990 && id % 97) continue;
    if (id > 50100 && id % 97) continue;
    t.tags[259] = one(3, id);
    try {
      read_tiff(system_env(), write(t.bytes()));
      EXPECT_EQ(id, 1u) << "garbage was decoded";
    } catch (const Error& error) {
      ++refusals;
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    }
  }
  EXPECT_GT(refusals, 500);
  set_memory_budget(0);
}

// Compressed strips cut at every byte: short data are an error, never filled up.
TEST_F(BadTiff, CompressedStripsCutShort) {
  Extent size{1, 4, 5};
  std::vector<uint16_t> voxels(20);
  for (size_t i = 0; i < 20; ++i) voxels[i] = uint16_t(i * 2654435761u >> 16);
  for (auto compression : {TiffCompression::lzw, TiffCompression::deflate, TiffCompression::packbits, TiffCompression::lzma, TiffCompression::zstd}) {
    TiffWriter writer(system_env(), folder / "good.tif", size, VoxelType::u16, {compression, false});
    writer.write_planes(voxels.data(), 1);
    writer.commit();
    std::string good = get_file(folder / "good.tif");
    auto tag = [&](uint16_t code) {              // where the value of a classic tag stands
      std::string head;
      poke(head, 0, code), poke(head, 2, uint16_t(4)), poke(head, 4, uint32_t(1));
      return good.find(head) + 8;
    };
    uint32_t at = 0, count = 0;
    std::memcpy(&at, good.data() + tag(273), 4);
    std::memcpy(&count, good.data() + tag(279), 4);
    ASSERT_GT(count, 8u);
    std::string strip = good.substr(at, count);
    TestTiff t;
    t.pages = 1;
    t.strip = {strip};
    t.tags[259] = one(3, uint64_t(compression));
    Volume v = read_tiff(system_env(), write(t.bytes()));
    for (int64_t i = 0; i < 20; ++i) ASSERT_EQ(v.voxels[i], float(voxels[size_t(i)]));
    // The last bytes of deflate, LZMA and zstd are sums and ends behind the voxels; losing the voxels' own must be seen.
    int64_t accepted = 0;
    for (size_t n = 1; n < count; ++n) {
      t.strip = {strip.substr(0, n)};
      try {
        Volume cut = read_tiff(system_env(), write(t.bytes()));
        ++accepted;
        for (int64_t i = 0; i < 20; ++i) ASSERT_EQ(cut.voxels[i], float(voxels[size_t(i)])) << int(compression) << " cut to " << n << " of " << count;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
      }
    }
    EXPECT_LE(accepted, 30) << int(compression);
  }
}

// ImageJ's single directory and other texts that speak of more than there is.
TEST_F(BadTiff, OneDirectory) {
  TestTiff t;
  t.pages = 1;
  t.description = "ImageJ=1.54f\nimages=3\nslices=3\n";
  t.strip = {std::string(120, '\0')};
  for (uint16_t i = 0; i < 60; ++i) poke(t.strip[0], size_t(2 * i), i);
  t.tags[279] = one(4, 40);
  Volume v = read_tiff(system_env(), write(t.bytes()));
  EXPECT_EQ(v.geometry.size, (Extent{3, 4, 5}));
  for (int64_t i = 0; i < 60; ++i) EXPECT_EQ(v.voxels[i], float(i));
  for (const char* images : {"300", "999999999", "1e300", "99999999999999999999"}) {
    t.description = std::string("ImageJ=1.54f\nimages=") + images + "\n";
    refused(t, {"ile"});
  }
  t.description = "ImageJ=1.54f\nimages=3\n";
  t.tags[259] = one(3, 5);
  refused(t, {"one directory", "LZW"});
  t.tags.erase(259);
  t.description = "ImageJ=1.54f\nimages=4\nchannels=2\nslices=2\n";
  refused(t, {"2 channels"});
  for (const char* odd : {"images=-5", "images=nan", "images=", "images=x", "unit=um\nspacing=nan", "spacing=1e999"}) {
    TestTiff good;
    good.description = std::string("ImageJ=1.54f\n") + odd + "\n";
    fine(good);
  }
  TestTiff more;
  more.description = "ImageJ=1.54f\nimages=7\n";
  fine(more, 1);
}

TEST_F(BadTiff, TextsWithoutSense) {
  for (const char* text : {"{", "{\"shape\": 7}", "{\"shape\": [1e400, 4, 5]}", "{\"shape\": [-2, 4, 5]}", "{\"shape\": [2.5, 4, 5]}", "{\"shape\": [[[[[[[", "<OME", "<OME><Pixels SizeZ=",
                           "<OME><Pixels SizeZ=\"2", "<?xml?><OME><Pixels ", "<OME><Pixels PhysicalSizeX='1e999' PhysicalSizeY='-1' />", "ImageJ="}) {
    TestTiff t;
    t.description = text;
    fine(t);
  }
  TestTiff axes;
  axes.pages = 4, axes.description = "{\"shape\": [2, 2, 4, 5]}";
  refused(axes, {"4 axes"});
  axes.description = "<OME><Image><Pixels SizeC=\"2\" SizeZ=\"2\" SizeT=\"1\" SizeX=\"5\" SizeY=\"4\"></Pixels></Image></OME>";
  refused(axes, {"2 channels"});
  TestTiff spacing;
  spacing.description = "<OME><Image><Pixels SizeC=\"1\" PhysicalSizeX=\"1e30\" PhysicalSizeY=\"1\" PhysicalSizeZ=\"1\"></Pixels></Image></OME>";
  fine(spacing, 1);
  for (const char* side : {"{", "[1,2,3]", "{\"spacing\": [1, 2]}", "{\"spacing\": [1, 2, \"x\"]}", "{\"spacing\": [0, 1, 1]}", "{\"spacing\": [1, 1, 1], \"unit\": \"parsec\"}"}) {
    put_file(folder / "bad.json", side);
    TiffHeader h = fine(TestTiff{}, std::string(side)[0] == '[' ? 0 : 1);
    EXPECT_FALSE(h.spacing_known);
  }
}

TEST_F(BadTiff, FileChangesWhileItIsRead) {
  TestTiff t;
  std::string path = write(t.bytes());
  TiffStack stack(system_env(), path);
  std::filesystem::resize_file(path, 30);
  std::vector<float> into(40);
  EXPECT_THROW(stack.read_planes(0, 2, into.data()), Error);
  EXPECT_THROW(stack.read_planes(0, 3, into.data()), Error);
  EXPECT_THROW(stack.read_planes(-1, 1, into.data()), Error);
  EXPECT_THROW(stack.read_planes(1, 1, into.data()), Error);
}

// More than 2^32 bytes and 2^31 voxels, sparse: classic with one directory (ImageJ), and BigTIFF.
TEST_F(BadTiff, LargerThanFourGigabytes) {
  TemporaryFolder disk(true);
  std::string path = disk / "large.tif";
  const int64_t plane = 60000L * 40000;          // 2.4e9 bytes of uint8
  for (bool big : {false, true}) {
    TestTiff t;
    t.pages = 1, t.big = big;
    t.description = "ImageJ=1.54f\nimages=2\n";
    t.tags = {{256, one(4, 60000)}, {257, one(4, 40000)}, {258, one(3, 8)}, {278, one(4, 40000)}, {279, one(4, uint64_t(plane))}};
    t.strip = {std::string(1, '\0')};
    std::string head = t.bytes();
    uint64_t start = head.size();
    t.tags[273] = one(4, start);
    put_file(path, t.bytes());
    std::filesystem::resize_file(path, start + 2 * uint64_t(plane));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(int64_t(start) + 2 * plane - 1).put('\x2a');
    file.close();
    TiffStack stack(system_env(), path);
    EXPECT_EQ(stack.size(), (Extent{2, 40000, 60000}));
    float last[2] = {};
    stack.read(Box{{1, 39999, 59998}, {1, 1, 2}}, last);
    EXPECT_EQ(last[0], 0);
    EXPECT_EQ(last[1], 42);
  }
}

}  // namespace
}  // namespace tomograd
