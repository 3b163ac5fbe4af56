// Hostile and damaged content of TIFF files: overlaps, compressed strips, texts that speak of more than there is, files that change.
#include "volume/tiff_test_files.h"

namespace tomograd {
namespace {

// Pages that all show the same bytes would make much of little: plain voxels must have room in the file.
using BadTiffContent = BadTiff;

TEST_F(BadTiffContent, OverlappingStrips) {
  TestTiff t;
  t.pages = 40;
  t.tags[256] = one(4, 100), t.tags[257] = one(4, 20), t.tags[278] = one(4, 20), t.tags[279] = one(4, 4000), t.tags[273] = one(4, 8);
  refused(t, {"40 planes have 160000 bytes"});
}

TEST_F(BadTiffContent, EveryCompressionNumber) {
  set_memory_budget(counted_bytes() + (int64_t{4} << 20));
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
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
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");  // libtiff has nothing to say but through us
  set_memory_budget(0);
}

// Compressed strips cut at every byte: short data are an error, never filled up.
TEST_F(BadTiffContent, CompressedStripsCutShort) {
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

TEST_F(BadTiffContent, JpegCutShort) {
  std::string good = get_file(TOMOGRAD_SOURCE_DIR "/tests/golden/tiff/jpeg.tif");
  uint32_t directory = 0, bytes = 0;
  std::memcpy(&directory, good.data() + 4, 4);
  size_t at = directory + 2;
  while (good[at] != '\x17' || good[at + 1] != '\x01') at += 12;  // StripByteCounts
  const bool short_type = good[at + 2] == 3;
  std::memcpy(&bytes, good.data() + at + 8, short_type ? 2 : 4);
  ASSERT_GT(bytes, 100u);
  EXPECT_NO_THROW(read_tiff(system_env(), write(good)));
  for (uint32_t n = 1; n < bytes; ++n) {
    std::memcpy(good.data() + at + 8, &n, short_type ? 2 : 4);
    EXPECT_THROW(read_tiff(system_env(), write(good)), Error) << n << " of " << bytes;
  }
}

// ImageJ's single directory and other texts that speak of more than there is.
TEST_F(BadTiffContent, OneDirectory) {
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

TEST_F(BadTiffContent, TextsWithoutSense) {
  for (const char* text : {"{", "{\"shape\": 7}", "{\"shape\": [1e400, 4, 5]}", "{\"shape\": [-2, 4, 5]}", "{\"shape\": [2.5, 4, 5]}",
      "{\"shape\": [[[[[[[", "<OME", "<OME><Pixels SizeZ=",
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
  for (const char* side : {"{", "[1,2,3]", "{\"spacing\": [1, 2]}", "{\"spacing\": [1, 2, \"x\"]}", "{\"spacing\": [0, 1, 1]}",
      "{\"spacing\": [1, 1, 1], \"unit\": \"parsec\"}"}) {
    put_file(folder / "bad.json", side);
    TiffHeader h = fine(TestTiff{}, std::string(side)[0] == '[' ? 0 : 1);
    EXPECT_FALSE(h.spacing_known);
  }
}

TEST_F(BadTiffContent, FileChangesWhileItIsRead) {
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
TEST_F(BadTiffContent, LargerThanFourGigabytes) {
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
