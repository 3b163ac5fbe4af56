#include "volume/zarr_codec.h"

#include <blosc.h>
#include <libdeflate.h>

#include "base/random.h"
#include "volume/zarr_test_files.h"

namespace tomograd {
namespace {

using Kind = ZarrCodec::Kind;

ZarrChunkFormat format_of(std::vector<Kind> kinds, VoxelType type = VoxelType::u16) {
  ZarrChunkFormat format;
  format.shape = {3, 17, 13}, format.type = type, format.order = {0, 1, 2};
  for (Kind kind : kinds) {
    ZarrCodec codec;
    codec.kind = kind, codec.type_bytes = voxel_bytes(type);
    format.codecs.push_back(codec);
  }
  return format;
}

std::string smooth_bytes(int64_t count) {
  std::string bytes(size_t(count), '\0');
  for (int64_t i = 0; i < count; ++i) bytes[size_t(i)] = char(i / 7 % 50);
  return bytes;
}

std::string encoded(const ZarrChunkFormat& format, const std::string& voxels) {
  Buffer<unsigned char> bytes = ZarrEncoder().encode(format, voxels.data());
  return {reinterpret_cast<const char*>(bytes.data()), size_t(bytes.size())};
}

std::string decoded(const ZarrChunkFormat& format, const std::string& bytes) {
  std::string voxels(size_t(format.bytes()), '?');
  ZarrDecoder().decode(format, reinterpret_cast<const unsigned char*>(bytes.data()), int64_t(bytes.size()), voxels.data());
  return voxels;
}

TEST(ZarrCodec, Crc32cOfTheStandard) {           // RFC 3720, B.4
  std::string zeros(32, '\0'), ones(32, '\xff'), rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(crc32c(zeros.data(), 32), 0x8a9136aau);
  EXPECT_EQ(crc32c(ones.data(), 32), 0x62a8ab43u);
  EXPECT_EQ(crc32c(rising.data(), 32), 0x46dd794eu);
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);
}

TEST(ZarrCodec, RoundTripsOfEveryChainOrderAndByteOrder) {
  std::vector<std::vector<Kind>> chains{{}, {Kind::zstd}, {Kind::gzip}, {Kind::zlib}, {Kind::blosc}, {Kind::crc32c}, {Kind::zstd, Kind::crc32c}, {Kind::gzip, Kind::zstd, Kind::crc32c}};
  for (const auto& chain : chains)
    for (VoxelType type : {VoxelType::u8, VoxelType::i16, VoxelType::f32, VoxelType::i64})
      for (bool big : {false, true})
        for (std::vector<int> order : {std::vector<int>{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
          ZarrChunkFormat format = format_of(chain, type);
          format.big_endian = big, format.order = order;
          std::string voxels = smooth_bytes(format.bytes()), bytes = encoded(format, voxels);
          ASSERT_EQ(decoded(format, bytes), voxels);
          ASSERT_EQ(encoded(format, voxels), bytes);
        }
}

TEST(ZarrCodec, EveryTruncationAndManyDamagesAreFound) {
  Random random(3, "damage");
  for (Kind kind : {Kind::zstd, Kind::gzip, Kind::zlib, Kind::blosc, Kind::crc32c}) {
    ZarrChunkFormat format = format_of({kind});
    std::string voxels = smooth_bytes(format.bytes()), bytes = encoded(format, voxels);
    for (size_t n = 0; n < bytes.size(); n += n < 64 ? 1 : 7) EXPECT_NE(error_of([&] { decoded(format, bytes.substr(0, n)); }), "") << int(kind) << " " << n;
    EXPECT_NE(error_of([&] { decoded(format, bytes + "x"); }), "");
    for (int trial = 0; trial < 300; ++trial) {   // damage may go unseen where there is no checksum; it may not do harm
      std::string bad = bytes;
      bad[size_t(random.below(int64_t(bad.size())))] ^= char(1 << random.below(8));
      error_of([&] { decoded(format, bad); });
    }
  }
}

TEST(ZarrCodec, WrongSizes) {
  for (Kind kind : {Kind::zstd, Kind::gzip, Kind::zlib, Kind::blosc, Kind::crc32c}) {
    ZarrChunkFormat format = format_of({kind}), longer = format, shorter = format;
    longer.shape[2] += 1, shorter.shape[2] -= 1;
    expect_refused(error_of([&] { decoded(format, encoded(longer, smooth_bytes(longer.bytes()))); }), "more than the 1326 bytes");
    expect_refused(error_of([&] { decoded(format, encoded(shorter, smooth_bytes(shorter.bytes()))); }), "its shape needs 1326");
    EXPECT_NE(error_of([&] { decoded(format, ""); }), "");
  }
  ZarrChunkFormat raw = format_of({});
  expect_refused(error_of([&] { decoded(raw, std::string(1325, 'x')); }), "holds 1325 bytes");
  expect_refused(error_of([&] { decoded(raw, std::string(1327, 'x')); }), "holds 1327 bytes");
}

// A megabyte of zeros, compressed twice, is 1 KB; it must stop at what the chunk's shape allows.
TEST(ZarrCodec, BombsEndAtTheChunksSize) {
  ZarrChunkFormat big = format_of({Kind::gzip, Kind::gzip}, VoxelType::u8);
  big.shape = {64, 1024, 1024};
  std::string bomb = encoded(big, std::string(size_t(big.bytes()), '\0'));
  EXPECT_LT(bomb.size(), 4000u);
  int64_t before = counted_bytes();
  ZarrChunkFormat small = format_of({Kind::gzip, Kind::gzip}, VoxelType::u8);
  expect_refused(error_of([&] { decoded(small, bomb); }), "more than the");
  EXPECT_EQ(counted_bytes(), before);
  ZarrChunkFormat huge = format_of({Kind::gzip}, VoxelType::u8);
  huge.shape = {1, 1, int64_t{1} << 31};
  ZarrDecoder decoder;
  unsigned char tiny[100] = {0x1f, 0x8b, 8};
  expect_refused(error_of([&] { decoder.decode(huge, tiny, 100, nullptr); }), "cannot hold the 2147483648");
}

TEST(ZarrCodec, HostileBloscHeaders) {
  ZarrChunkFormat format = format_of({Kind::blosc});
  std::string good = encoded(format, smooth_bytes(format.bytes()));
  for (uint32_t nbytes : {0x80000000u, 0xffffffffu, 0x7fffffffu, 0u, 1u, 1325u, 1327u}) {
    std::string bad = good;
    poke(bad, 4, nbytes);
    EXPECT_NE(error_of([&] { decoded(format, bad); }), "") << nbytes;
  }
  for (size_t byte = 0; byte < 16; ++byte)
    for (int value = 0; value < 256; ++value) {
      std::string bad = good;
      bad[byte] = char(value);
      std::string error = error_of([&] { decoded(format, bad); });
      if (byte == 3 && value == 0) expect_refused(error, "typesize is 0");
    }
}

TEST(ZarrCodec, Lz4Blocks) {
  unsigned char out[64];
  auto decode = [&](std::vector<unsigned char> in, int64_t capacity) { return decode_lz4_block(in.data(), int64_t(in.size()), out, capacity); };
  EXPECT_EQ(decode({0x30, 'a', 'b', 'c'}, 3), 3);
  EXPECT_EQ(decode({0x30, 'a', 'b', 'c'}, 2), -1);      // no room
  EXPECT_EQ(decode({0x30, 'a', 'b'}, 64), -1);          // literals cut short
  EXPECT_EQ(decode({0x14, 'a', 1, 0, 0x10, 'b'}, 64), 10);  // a, 8 times a again, b
  EXPECT_EQ(std::string(out, out + 10), "aaaaaaaaab");
  EXPECT_EQ(decode({0x14, 'a', 2, 0, 0x10, 'b'}, 64), -1);  // before the beginning
  EXPECT_EQ(decode({0x14, 'a', 0, 0, 0x10, 'b'}, 64), -1);  // offset 0
  EXPECT_EQ(decode({0x14, 'a', 1, 0, 0x10, 'b'}, 9), -1);
  EXPECT_EQ(decode({0x14, 'a', 1}, 64), -1);
  EXPECT_EQ(decode({0xf0}, 64), -1);
  EXPECT_EQ(decode({}, 64), -1);
  std::vector<unsigned char> longest(100000, 0xff);
  longest[0] = 0xf0;
  EXPECT_EQ(decode(longest, 64), -1);
  Random random(5, "lz4");
  for (int trial = 0; trial < 20000; ++trial) {          // whatever it is, it stays inside (run under asan)
    std::vector<unsigned char> noise(size_t(random.below(40)));
    for (auto& byte : noise) byte = (unsigned char)(random.below(4) ? random.below(20) : random.bits());
    EXPECT_LE(decode(noise, 64), 64);
  }
}

}  // namespace
}  // namespace tomograd
