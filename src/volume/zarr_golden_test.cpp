// Arrays written by zarr-python and numcodecs (tests/golden/generate_zarr.py) are read as they read them.
#include <set>

#include "base/random.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_array.h"
#include "volume/zarr_test_files.h"

namespace tomograd {
namespace {

std::string array_folder(const TemporaryFolder& folder, const std::string& name) { return folder / (name + (name.starts_with("ome") ? "/s0" : "")); }

TEST(ZarrGolden, EveryArrayReadsAsZarrPythonReadsIt) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  auto lines = zarr_index_lines();
  ASSERT_EQ(lines.size(), 63u);
  ThreadPool pool(2);
  for (const ZarrLine& line : lines) {
    SCOPED_TRACE(line.name);
    ZarrArray array(system_env(), array_folder(folder, line.name));
    const ZarrArrayInfo& info = array.info();
    EXPECT_EQ(info.shape, line.shape);
    EXPECT_EQ(info.boolean ? "bool" : voxel_type_name(info.chunk.type), line.type);
    std::string expected = get_file(folder / (line.name + ".expected"));
    int64_t unit = voxel_bytes(info.chunk.type), voxels = array.size().voxels();
    ASSERT_EQ(int64_t(expected.size()), array.leading() * voxels * unit);
    for (int64_t lead = 0; lead < array.leading(); ++lead) {
      std::string got(size_t(voxels * unit), '?');
      array.read_raw(lead, {{0, 0, 0}, array.size()}, got.data(), lead % 2 ? &pool : nullptr);
      ASSERT_EQ(got, expected.substr(size_t(lead * voxels * unit), got.size()));
    }
  }
}

TEST(ZarrGolden, BoxesAreTheArraysVoxels) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  Random random(1, "boxes");
  for (const ZarrLine& line : zarr_index_lines()) {
    SCOPED_TRACE(line.name);
    ZarrReadOptions options;
    options.gap_bytes = random.below(2) * 64;
    ZarrArray array(system_env(), array_folder(folder, line.name), options);
    Extent size = array.size();
    std::string expected = get_file(folder / (line.name + ".expected"));
    for (int trial = 0; trial < 12; ++trial) {
      Box box;
      for (int axis = 0; axis < 3; ++axis) box.begin[axis] = random.below(size[axis]), box.size[axis] = 1 + random.below(size[axis] - box.begin[axis]);
      int64_t lead = random.below(array.leading()), i = 0;
      std::vector<float> got(size_t(box.size.voxels()));
      array.read(lead, box, got.data());
      with_voxel_type(array.info().chunk.type, [&](auto v) {
        using T = decltype(v);
        for (int64_t z = box.begin.z; z < box.end().z; ++z)
          for (int64_t y = box.begin.y; y < box.end().y; ++y)
            for (int64_t x = box.begin.x; x < box.end().x; ++x, ++i) {
              T value;
              std::memcpy(&value, expected.data() + (((lead * size.z + z) * size.y + y) * size.x + x) * int64_t(sizeof(T)), sizeof(T));
              float wanted = float(value);
              ASSERT_TRUE(got[size_t(i)] == wanted || (wanted != wanted && got[size_t(i)] != got[size_t(i)])) << got[size_t(i)] << " " << wanted;
            }
      });
    }
  }
}

// What we write about an array says the same as what we read.
TEST(ZarrGolden, MetadataSurviveARoundTrip) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  for (const ZarrLine& line : zarr_index_lines()) {
    SCOPED_TRACE(line.name);
    ZarrArrayInfo info = read_zarr_array_info(system_env(), array_folder(folder, line.name));
    auto files = zarr_array_files(info);
    ZarrArrayInfo again = info.version == 3 ? parse_zarr3_array(files[0].second, "zarr.json") : parse_zarr2_array(files[0].second, files[1].second, ".zarray");
    EXPECT_EQ(again, info);
  }
}

TEST(ZarrGolden, NeighboursInAShardAreReadTogether) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  ZarrArray together(system_env(), folder / "v3_sharded"), apart(system_env(), folder / "v3_sharded", {false, -1, ""});
  std::vector<float> voxels(4 * 8 * 8);
  together.read(0, {{0, 0, 0}, {4, 8, 8}}, voxels.data());
  apart.read(0, {{0, 0, 0}, {4, 8, 8}}, voxels.data());
  EXPECT_EQ(together.reads(), 2);                // the index, the chunks
  EXPECT_EQ(apart.reads(), 1 + 8);
  EXPECT_EQ(together.bytes_read(), apart.bytes_read());
  together.read(0, {{0, 0, 0}, {4, 8, 8}}, voxels.data());
  EXPECT_EQ(together.reads(), 3);                // the index is known
}

TEST(ZarrGolden, MissingChunksAreFillForInputsAndErrorsForOutputs) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  for (std::string name : {"v2_missing", "v3_missing", "v3_sharded_missing"}) {
    ZarrArray strict(system_env(), folder / name, {true, 0, ""});
    Buffer<float> voxels(strict.size().voxels());
    std::string error = error_of([&] { strict.read(0, {{0, 0, 0}, strict.size()}, voxels.data()); });
    expect_refused(error, "is missing");
    expect_refused(error, name);
  }
}

}  // namespace
}  // namespace tomograd
