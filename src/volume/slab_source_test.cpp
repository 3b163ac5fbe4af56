#include "volume/slab_source.h"

#include "base/memory.h"
#include "volume/zarr_test_files.h"

namespace tomograd {
namespace {

TEST(SlabSource, NiftiPlanesAreTheVolumesVoxels) {
  const std::string golden = TOMOGRAD_SOURCE_DIR "/tests/golden/volume/";
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    std::string path = entry.path().string();
    if (!path.ends_with(".nii") && !path.ends_with(".nii.gz") && !path.ends_with(".hdr")) continue;
    SCOPED_TRACE(path);
    auto slabs = open_slabs(system_env(), path);
    Extent size = slabs->geometry().size;
    int64_t plane = size.y * size.x, unit = voxel_bytes(slabs->type());
    for (bool backwards : {false, true})
      for (int64_t step = 0; step < slabs->channels() * size.z; ++step) {
        int64_t i = backwards ? slabs->channels() * size.z - 1 - step : step, channel = i / size.z, z = i % size.z;
        std::vector<unsigned char> raw(size_t(plane * unit));
        slabs->read_planes(channel, z, z + 1, raw.data());
        Buffer<float> wanted = read_nifti_region(system_env(), path, {{z, 0, 0}, {1, size.y, size.x}}, channel);
        for (int64_t v = 0; v < plane; ++v) {
          float got = 0;
          switch (slabs->type()) {
            case VoxelType::u8: got = float(raw[size_t(v)]); break;
            case VoxelType::i16: { int16_t value; std::memcpy(&value, &raw[size_t(v * 2)], 2); got = float(value); break; }
            case VoxelType::u16: { uint16_t value; std::memcpy(&value, &raw[size_t(v * 2)], 2); got = float(value); break; }
            case VoxelType::f32: std::memcpy(&got, &raw[size_t(v * 4)], 4); break;
            case VoxelType::f64: { double value; std::memcpy(&value, &raw[size_t(v * 8)], 8); got = float(value); break; }
            default: got = wanted[v]; --checked; break;
          }
          ASSERT_TRUE(got == wanted[v] || (got != got && wanted[v] != wanted[v]));
          ++checked;
        }
      }
    std::vector<unsigned char> none(size_t(plane * unit));
    expect_refused(error_of([&] { slabs->read_planes(0, size.z, size.z + 1, none.data()); }), "were asked for");
  }
  EXPECT_GT(checked, 10000);
  expect_refused(error_of([&] { open_slabs(system_env(), golden + "index.txt"); }), "no volume that is read slab by slab");
  expect_refused(error_of([&] { open_slabs(system_env(), golden); }), "neither a Zarr array nor a Zarr group");
}

TEST(SlabSource, GzipCutShortIsNoticed) {
  TemporaryFolder folder;
  std::string good = get_file(TOMOGRAD_SOURCE_DIR "/tests/golden/volume/frames.nii.gz");
  for (size_t cut : {size_t{1}, size_t{4}, size_t{9}, good.size() / 3}) {
    put_file(folder / "x.nii.gz", good.substr(0, good.size() - cut));
    expect_refused(error_of([&] {
      auto slabs = open_slabs(system_env(), folder / "x.nii.gz");
      Extent size = slabs->geometry().size;
      std::vector<unsigned char> raw(size_t(size.voxels() * 8));
      for (int64_t c = 0; c < slabs->channels(); ++c) slabs->read_planes(c, 0, size.z, raw.data());
    }), "x.nii.gz");
  }
}

TEST(SlabSource, ZarrPlanesInSlabsOfAnyThickness) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  for (std::string name : {"v3_sharded", "v3_5d", "v2_zstd", "ome05"}) {
    SCOPED_TRACE(name);
    auto slabs = open_slabs(system_env(), folder / name);
    Extent size = slabs->geometry().size;
    std::string expected = get_file(folder / (name + ".expected")), got(expected.size(), '?');
    int64_t plane = size.y * size.x * voxel_bytes(slabs->type());
    for (int64_t thick = 1; thick <= size.z; ++thick) {
      for (int64_t c = 0; c < slabs->channels(); ++c)
        for (int64_t z = 0; z < size.z; z += thick) slabs->read_planes(c, z, std::min(z + thick, size.z), got.data() + (c * size.z + z) * plane);
      ASSERT_EQ(got, expected) << thick;
      slabs->read_planes(0, 1, 2, got.data());
      ASSERT_EQ(got.substr(0, size_t(plane)), expected.substr(size_t(plane), size_t(plane)));
    }
    expect_refused(error_of([&] { slabs->read_planes(0, size.z, size.z + 1, got.data()); }), "the box begins at");
    expect_refused(error_of([&] { slabs->read_planes(slabs->channels(), 0, 1, got.data()); }), "was asked for");
  }
}

}  // namespace
}  // namespace tomograd
