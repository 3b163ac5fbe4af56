// Damaged and hostile stores, and arrays that we write.
#include "volume/zarr_array.h"

#include "base/random.h"
#include "support/fault_env.h"
#include "volume/zarr_shard.h"
#include "volume/zarr_test_files.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

ZarrArrayInfo info_of(ZarrIndex shape, ZarrIndex chunk, ZarrIndex shard, VoxelType type = VoxelType::u16) {
  ZarrArrayInfo info;
  info.shape = shape, info.chunk.shape = chunk, info.shard = shard.empty() ? chunk : shard, info.sharded = !shard.empty();
  info.chunk.type = type, info.chunk.codecs = {ZarrCodec{}};
  for (size_t d = 0; d < shape.size(); ++d) info.chunk.order.push_back(int(d));
  return info;
}

uint16_t voxel(int64_t c, int64_t z, int64_t y, int64_t x) { return uint16_t(c * 20000 + z * 900 + y * 30 + x); }

// Fills chunks of a u16 array [z][y][x] or [c][z][y][x].
void write_all(Env& env, const std::string& folder, const ZarrArrayInfo& info, ThreadPool* pool = nullptr) {
  create_zarr_array(env, folder, info);
  ZarrWriter writer(env, folder);
  ZarrIndex grid = info.shard_grid();
  int64_t files = 1;
  for (int64_t n : grid) files *= n;
  for (int64_t f = 0; f < files; ++f) {
    ZarrIndex place(grid.size());
    for (size_t d = grid.size(), rest = size_t(f); d-- > 0; rest /= size_t(grid[d])) place[d] = int64_t(rest) % grid[d];
    auto chunks = writer.chunks_of_shard(place);
    writer.put(chunks, [&](size_t i, unsigned char* into) {
      const ZarrIndex& size = info.chunk.shape;
      size_t r = size.size() - 3;
      uint16_t* to = reinterpret_cast<uint16_t*>(into);
      int64_t c = r ? chunks[i][0] : 0;
      for (int64_t z = 0; z < size[r]; ++z)
        for (int64_t y = 0; y < size[r + 1]; ++y)
          for (int64_t x = 0; x < size[r + 2]; ++x) *to++ = voxel(c, chunks[i][r] * size[r] + z, chunks[i][r + 1] * size[r + 1] + y, chunks[i][r + 2] * size[r + 2] + x);
    }, pool);
  }
  writer.finish();
}

void expect_all(ZarrArray& array, ThreadPool* pool = nullptr) {
  Extent size = array.size();
  for (int64_t c = 0; c < array.leading(); ++c) {
    std::vector<uint16_t> got(size_t(size.voxels()));
    array.read_raw(c, {{0, 0, 0}, size}, got.data(), pool);
    size_t i = 0;
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x, ++i) ASSERT_EQ(got[i], voxel(c, z, y, x)) << z << " " << y << " " << x;
    const Extent block = array.block();          // one that is whole is decoded where it is wanted
    if (!fits_inside({2 * block.z, 2 * block.y, 2 * block.x}, size)) continue;
    std::vector<uint16_t> one(size_t(block.voxels()));
    array.read_raw(c, {block, block}, one.data(), pool);
    for (i = 0; i < one.size(); ++i) {
      const auto at = int64_t(i);
      ASSERT_EQ(one[i], voxel(c, block.z + at / (block.y * block.x), block.y + at / block.x % block.y, block.x + at % block.x)) << i;
    }
  }
}

TEST(ZarrWriter, WhatIsWrittenIsRead) {
  ThreadPool pool(3);
  for (bool v2 : {false, true})
    for (const ZarrIndex& shard : {ZarrIndex{}, {1, 8, 12, 16}, {1, 24, 24, 32}})
      for (bool start : {false, true}) {
        if (v2 && !shard.empty()) continue;
        TemporaryFolder folder;
        ZarrArrayInfo info = info_of({2, 19, 23, 30}, {1, 4, 6, 8}, shard);
        info.version = v2 ? 2 : 3, info.v2_keys = v2, info.index_at_start = start && !shard.empty();
        write_all(system_env(), folder / "a", info, start ? &pool : nullptr);
        ZarrArray array(system_env(), folder / "a", {true, 1 << 16, ""});
        EXPECT_EQ(array.info(), info);
        expect_all(array, start ? nullptr : &pool);
      }
}

TEST(ZarrWriter, EqualBytesForAnyNumberOfThreads) {
  TemporaryFolder folder;
  ZarrArrayInfo info = info_of({19, 23, 30}, {4, 6, 8}, {20, 24, 32});
  ThreadPool pool(4);
  write_all(system_env(), folder / "a", info), write_all(system_env(), folder / "b", info, &pool);
  EXPECT_EQ(get_file(folder / "a/c/0/0/0"), get_file(folder / "b/c/0/0/0"));
}

TEST(ZarrWriter, ShardsAppearWholeOrNotAtAll) {
  TemporaryFolder folder;
  ZarrArrayInfo info = info_of({8, 8, 8}, {4, 4, 4}, {4, 8, 8});
  create_zarr_array(system_env(), folder / "a", info);
  {
    ZarrWriter writer(system_env(), folder / "a");
    auto fill = [](size_t, unsigned char* into) { std::memset(into, 1, 128); };
    writer.put({{0, 0, 0}, {0, 1, 1}, {0, 0, 1}}, fill);
    EXPECT_FALSE(std::filesystem::exists(folder / "a/c/0/0/0"));
    expect_refused(error_of([&] { writer.finish(); }), "lacks 1 of its chunks");
    expect_refused(error_of([&] { writer.put({{0, 0, 1}}, fill); }), "written twice");
    writer.put({{1, 0, 0}, {1, 0, 1}, {1, 1, 0}, {1, 1, 1}}, fill);
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "a/c/1/0/0"));
  EXPECT_TRUE(!std::filesystem::exists(folder / "a/c/0/0") || std::filesystem::is_empty(folder / "a/c/0/0"));
  expect_refused(error_of([&] { create_zarr_array(system_env(), folder / "a", info); }), "already");
  ZarrArray array(system_env(), folder / "a", {true, 0, ""});
  std::vector<uint16_t> voxels(512);
  expect_refused(error_of([&] { array.read_raw(0, {{0, 0, 0}, {8, 8, 8}}, voxels.data()); }), "is missing");
  EXPECT_NO_THROW(array.read_raw(0, {{4, 0, 0}, {4, 8, 8}}, voxels.data()));
}

TEST(ZarrWriter, EveryFailingFileOperationLeavesNoHalfShard) {
  ZarrArrayInfo info = info_of({8, 8, 8}, {4, 4, 4}, {4, 8, 8});
  for (int64_t number = 0, failed = 1; failed > 0; ++number) {
    TemporaryFolder folder;
    FaultEnv env(system_env());
    env.fail_at(number, true);
    std::string error = error_of([&] { write_all(env, folder / "a", info); });
    failed = env.failed();
    EXPECT_EQ(error.empty(), failed == 0) << number;
    for (std::string shard : {"a/c/0/0/0", "a/c/1/0/0"})
      if (std::filesystem::exists(folder / shard)) {
        EXPECT_NO_THROW(ZarrShard(system_env().open_input(folder / shard), info, folder / shard));
      }
    ASSERT_LT(number, 200);
  }
}

struct Damaged {                                 // a sharded and a plain array, to be changed and read
  Damaged() {
    write_all(system_env(), folder / "s", info), write_all(system_env(), folder / "p", info_of({8, 8, 8}, {4, 8, 8}, {}));
    shard = get_file(folder / "s/c/0/0/0");
  }
  std::string read(const std::string& name, bool strict = true) {
    return error_of([&] {
      ZarrArray array(system_env(), folder / name, {strict, 1 << 16, ""});
      std::vector<uint16_t> voxels(size_t(array.size().voxels()));
      array.read_raw(0, {{0, 0, 0}, array.size()}, voxels.data());
    });
  }
  std::string read_shard(const std::string& bytes) { return put_file(folder / "s/c/0/0/0", bytes), read("s"); }
  // The index with entry i changed and its checksum right again.
  std::string with_entry(size_t i, uint64_t offset, uint64_t bytes) {
    std::string bad = shard;
    size_t begin = bad.size() - 8 * 16 - 4;
    poke(bad, begin + 16 * i, offset), poke(bad, begin + 16 * i + 8, bytes);
    poke(bad, bad.size() - 4, crc32c(bad.data() + begin, 8 * 16));
    return bad;
  }
  TemporaryFolder folder;
  ZarrArrayInfo info = info_of({8, 8, 8}, {4, 4, 4}, {8, 8, 8});
  std::string shard;
};

TEST(ZarrArray, ShardIndexes) {
  Damaged d;
  EXPECT_EQ(d.read("s"), "");
  size_t index = 8 * 16 + 4, size = d.shard.size();
  for (size_t n = 0; n < size; n += 13) EXPECT_NE(d.read_shard(d.shard.substr(0, n)), "") << n;
  expect_refused(d.read_shard(d.shard.substr(0, 100)), "its index alone takes 132");
  expect_refused(d.read_shard(""), "its index alone takes 132");
  for (size_t byte = size - index; byte < size; byte += 5) {
    std::string bad = d.shard;
    bad[byte] ^= 4;
    expect_refused(d.read_shard(bad), "checksum of the shard's index");
  }
  uint64_t end = size - index;
  expect_refused(d.read_shard(d.with_entry(3, end - 1, 2)), "chunk 3 has 2 bytes at byte");
  expect_refused(d.read_shard(d.with_entry(3, uint64_t(1) << 63, 1)), "chunk 3 has 1 bytes");
  expect_refused(d.read_shard(d.with_entry(3, 10, UINT64_MAX - 5)), "index is damaged");
  expect_refused(d.read_shard(d.with_entry(3, UINT64_MAX, 10)), "index is damaged");
  expect_refused(d.read_shard(d.with_entry(3, 5, UINT64_MAX)), "index is damaged");
  expect_refused(d.read_shard(d.with_entry(3, 1, 40)), "overlaps chunk");
  expect_refused(d.read_shard(d.with_entry(3, 0, 0)), "holds 0 bytes of voxels");  // a chunk of no bytes
  std::string error = d.read_shard(d.with_entry(3, UINT64_MAX, UINT64_MAX));
  expect_refused(error, "the chunk at z,y,x = 0,4,4 is missing from '");
  expect_refused(error, "s/c/0/0/0'");
  EXPECT_EQ(d.read("s", false), "");             // fill for an input
  std::string bad = d.shard;
  bad[10] ^= 1, bad[20] ^= 64;
  error = d.read_shard(bad);                     // zstd may or may not notice: frames of ours have no checksum
  if (!error.empty()) expect_refused(error, "reading the chunk at z,y,x = 0,0,0");
}

TEST(ZarrArray, ChunksThatStandAlone) {
  Damaged d;
  EXPECT_EQ(d.read("p"), "");
  std::string file = d.folder / "p/c/1/0/0", good = get_file(file);
  put_file(file, "");
  expect_refused(d.read("p"), "p/c/1/0/0'");
  expect_refused(d.read("p"), "holds 0 bytes of voxels; its shape needs 512");
  put_file(file, good.substr(0, good.size() / 2));
  expect_refused(d.read("p"), "zstd data are damaged");
  put_file(file, good + std::string(2 << 20, 'x'));
  expect_refused(d.read("p"), "takes at most");
  put_file(file, std::string("\x1f\x8b\x08", 3));
  expect_refused(d.read("p"), "zstd data are damaged");
  std::filesystem::remove(file);
  expect_refused(d.read("p"), "there is no '");
  EXPECT_EQ(d.read("p", false), "");
  std::filesystem::create_directory(file);
  expect_refused(d.read("p"), "is a directory");
}

TEST(ZarrArray, LinksThatLeadOut) {
  Damaged d;
  TemporaryFolder outside;
  put_file(outside / "secret", get_file(d.folder / "p/c/1/0/0"));
  std::filesystem::remove(d.folder / "p/c/1/0/0");
  std::filesystem::create_symlink(outside / "secret", d.folder / "p/c/1/0/0");
  expect_refused(d.read("p"), "leads out of");
  std::filesystem::create_directory_symlink(outside.path(), d.folder / "q");
  expect_refused(error_of([&] { ZarrArray(system_env(), d.folder / "q", {false, 0, d.folder.path()}); }), "");
  put_file(outside / "zarr.json", get_file(d.folder / "p/zarr.json"));
  expect_refused(error_of([&] { ZarrArray(system_env(), d.folder / "q", {false, 0, d.folder.path()}); }), "leads out of");
}

TEST(ZarrArray, BoxesAndRanks) {
  Damaged d;
  ZarrArray array(system_env(), d.folder / "s");
  std::vector<float> voxels(1000);
  for (Box box : {Box{{0, 0, 0}, {9, 1, 1}}, Box{{-1, 0, 0}, {1, 1, 1}}, Box{{0, 0, 0}, {1, 0, 1}}, Box{{0, 8, 0}, {1, 1, 1}}, Box{{0, INT64_MAX, 0}, {1, 1, 1}}, Box{{1, 0, 0}, {INT64_MAX, 1, 1}}})
    expect_refused(error_of([&] { array.read(0, box, voxels.data()); }), "the box begins at");
  expect_refused(error_of([&] { array.read(1, {{0, 0, 0}, {1, 1, 1}}, voxels.data()); }), "channel 1");
  expect_refused(error_of([&] { array.read(-1, {{0, 0, 0}, {1, 1, 1}}, voxels.data()); }), "channel -1");
  create_zarr_array(system_env(), d.folder / "flat", info_of({8, 8}, {4, 4}, {}));
  expect_refused(error_of([&] { ZarrArray(system_env(), d.folder / "flat"); }), "has 2 dimensions");
}

// However generous the gap, at most half as much again is read as the box's chunks take.
TEST(ZarrArray, GapsAreBounded) {
  TemporaryFolder folder;
  ZarrArrayInfo info = info_of({64, 64, 64}, {8, 8, 8}, {64, 64, 64});
  info.chunk.codecs.clear();
  write_all(system_env(), folder / "a", info);
  for (int64_t gap : {int64_t{0}, int64_t{3000}, int64_t{1} << 30})
    for (Extent size : {Extent{16, 16, 16}, Extent{8, 64, 40}, Extent{64, 8, 8}, Extent{8, 8, 64}, Extent{40, 56, 56}}) {
      ZarrArray array(system_env(), folder / "a", {true, gap, ""});
      std::vector<uint16_t> voxels(size_t(size.voxels()));
      array.read_raw(0, {{0, 0, 0}, size}, voxels.data());
      int64_t index = 512 * 16 + 4;
      EXPECT_GE(array.bytes_read() - index, size.voxels() * 2);
      EXPECT_LE(array.bytes_read() - index, size.voxels() * 3);
      if (gap == 0) {
        EXPECT_EQ(array.bytes_read() - index, size.voxels() * 2);
      } else if (size == Extent{40, 56, 56}) {   // rows of 7 of 8 chunks, planes of 7 of 8 rows
        EXPECT_LE(array.reads(), gap == 3000 ? 1 + 5 : 1 + 1);
      }
    }
}

// A claim of 2^62 bytes costs nothing until something is read, and a chunk of 2 GiB costs nothing when it is 100 bytes of gzip.
TEST(ZarrArray, BigClaimsInSmallFiles) {
  TemporaryFolder folder;
  ZarrArrayInfo info = info_of({int64_t{1} << 30, 1 << 20, 1 << 11}, {1 << 10, 1 << 10, 1 << 10}, {}, VoxelType::u8);
  info.chunk.codecs[0].kind = ZarrCodec::Kind::gzip;
  create_zarr_array(system_env(), folder / "a", info);
  std::filesystem::create_directories(folder / "a/c/0/0");
  put_file(folder / "a/c/0/0/0", std::string("\x1f\x8b\x08", 3) + std::string(97, '\0'));
  ZarrArray array(system_env(), folder / "a");
  float one;
  expect_refused(error_of([&] { array.read(0, {{0, 0, 0}, {1, 1, 1}}, &one); }), "cannot hold the 1073741824");
  EXPECT_NO_THROW(array.read(0, {{(1 << 30) - 1, 5, 5}, {1, 1, 1}}, &one));
  EXPECT_EQ(one, 0);
}

TEST(ZarrArray, LabelsMustBeLabels) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  ZarrArray array(system_env(), folder / "v3_int8");
  std::vector<uint16_t> narrow(size_t(array.size().voxels()));
  std::vector<uint32_t> wide(narrow.size());
  expect_refused(error_of([&] { array.read_labels(0, {{0, 0, 0}, array.size()}, narrow.data()); }), "whole numbers from 0 to 65535");
  expect_refused(error_of([&] { array.read_labels(0, {{0, 0, 0}, array.size()}, wide.data()); }), "whole numbers from 0 to 2^32 - 1");
  ZarrArray good(system_env(), folder / "v3_uint32");
  std::string expected = get_file(folder / "v3_uint32.expected");
  good.read_labels(0, {{0, 0, 0}, good.size()}, wide.data());
  EXPECT_EQ(std::memcmp(expected.data(), wide.data(), expected.size()), 0);
}

}  // namespace
}  // namespace tomograd
