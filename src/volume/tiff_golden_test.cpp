// Stacks that tifffile wrote (tests/golden/generate_tiff.py), every voxel compared.
#include <cmath>
#include <fstream>
#include <sstream>

#include "volume/nifti_test_files.h"
#include "volume/tiff.h"
#include "volume/tiff_slabs.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

const std::string golden = TOMOGRAD_SOURCE_DIR "/tests/golden/tiff/";

struct GoldenTiff {
  std::string name, type, compression, array;
  bool big = false, swapped = false;
  Extent size;
  std::array<double, 3> spacing{};
};

std::vector<GoldenTiff> golden_tiffs() {
  std::ifstream in(golden + "index.txt");
  std::vector<GoldenTiff> list;
  for (std::string line; std::getline(in, line);) {
    std::istringstream row(line);
    GoldenTiff g;
    row >> g.name >> g.big >> g.swapped >> g.type >> g.size.z >> g.size.y >> g.size.x >> g.compression >> g.spacing[0] >> g.spacing[1] >> g.spacing[2] >> g.array;
    list.push_back(g);
  }
  return list;
}

std::vector<double> values(const std::string& array) {
  std::string bytes = get_file(golden + array);
  std::vector<double> v(bytes.size() / 8);
  std::memcpy(v.data(), bytes.data(), bytes.size());
  return v;
}

TEST(TiffGolden, EveryFile) {
  auto list = golden_tiffs();
  ASSERT_GE(list.size(), 50u);
  for (const auto& g : list) {
    SCOPED_TRACE(g.name);
    TiffStack stack(system_env(), golden + g.name);
    const TiffHeader& h = stack.header();
    EXPECT_EQ(h.big, g.big);
    EXPECT_EQ(h.swapped, g.swapped);
    EXPECT_EQ(voxel_type_name(h.type), g.type);
    EXPECT_EQ(h.compression, g.compression);
    EXPECT_EQ(stack.size(), g.size);
    EXPECT_TRUE(h.warnings.empty()) << h.warnings.front();
    EXPECT_EQ(h.spacing_known, g.spacing[0] > 0);
    for (size_t axis = 0; axis < 3 && g.spacing[0] > 0; ++axis) EXPECT_NEAR(h.geometry.spacing()[axis], g.spacing[axis], 1e-7 * g.spacing[axis])
        << axis;
    auto want = values(g.array);
    std::vector<float> got(want.size());
    stack.read_planes(0, g.size.z, got.data());
    for (size_t i = 0; i < want.size(); ++i) ASSERT_EQ(got[i], float(want[i])) << i;

    // As stored, plane by plane in falling order, and an odd box.
    int64_t plane = g.size.y * g.size.x, voxel = voxel_bytes(h.type);
    auto slabs = open_tiff_slabs(system_env(), golden + g.name);
    std::vector<unsigned char> raw(size_t(plane * voxel));
    for (int64_t z = g.size.z - 1; z >= 0; --z) {
      slabs->read_planes(0, z, z + 1, raw.data());
      with_voxel_type(slabs->type(), [&](auto v) {
        using T = decltype(v);
        for (int64_t i = 0; i < plane; ++i) ASSERT_EQ(double(load_voxel<T, false>(raw.data() + i * voxel)), want[size_t(z * plane + i)]) << z << " "
            << i;
      });
    }
    Box box{{1, 3, 5}, {2, 14, 11}};
    std::vector<float> part(size_t(box.size.voxels()));
    stack.read(box, part.data());
    size_t i = 0;
    for (int64_t z = 1; z < 3; ++z)
      for (int64_t y = 3; y < 17; ++y)
        for (int64_t x = 5; x < 16; ++x) ASSERT_EQ(part[i++], float(want[size_t((z * g.size.y + y) * g.size.x + x)]));
  }
}

TEST(TiffGolden, WholeNumbers) {
  auto want16 = values("uint16.f64"), want32 = values("uint32.f64");
  TiffStack u16(system_env(), golden + "tiles.tif"), u32(system_env(), golden + "uint32_predictor.tif"), i16(system_env(), golden + "int16_big.tif"),
      f32(system_env(), golden + "float32_big.tif");
  std::vector<uint16_t> small(want16.size());
  std::vector<uint32_t> wide(want32.size());
  u16.read_planes(0, 3, small.data());
  u32.read_planes(0, 3, wide.data());
  for (size_t i = 0; i < small.size(); ++i) {
    ASSERT_EQ(small[i], want16[i]);
    ASSERT_EQ(wide[i], want32[i]);
  }
  auto refused = [](auto read, const char* part) {
    try {
      read();
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused([&] { u32.read_planes(0, 3, small.data()); }, "whole numbers from 0 to 65535");
  refused([&] { i16.read_planes(0, 1, small.data()); }, "z,y,x = 0,0,0 is -32768");
  refused([&] { i16.read_planes(0, 1, wide.data()); }, "z,y,x = 0,0,0 is -32768");
  refused([&] { f32.read_planes(0, 1, wide.data()); }, "whole numbers from 0 to 4294967295");
}

TEST(TiffGolden, OneDirectoryForAllPlanes) {
  TiffHeader h = read_tiff_header(system_env(), golden + "truncated.tif");
  EXPECT_TRUE(h.one_directory);
  EXPECT_EQ(h.geometry.size.z, 3);
  EXPECT_FALSE(read_tiff_header(system_env(), golden + "imagej.tif").one_directory);
}

TEST(TiffGolden, RealNuclei) {
  const char* set = std::getenv("TOMOGRAD_REAL_DATA");
  std::string data = set ? set : TOMOGRAD_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::exists(data + "/nuclei/img3d.tif")) GTEST_SKIP() << "no nuclei at " << data;
  TiffHeader h;
  Volume image = read_tiff(system_env(), data + "/nuclei/img3d.tif", &h);
  EXPECT_EQ(h.geometry.size, (Extent{31, 61, 57}));
  EXPECT_EQ(h.type, VoxelType::u16);
  EXPECT_EQ(h.compression, "deflate");
  LabelVolume labels = read_tiff_labels(system_env(), data + "/nuclei/mask3d.tif");
  EXPECT_EQ(labels.geometry.size, h.geometry.size);
  std::vector<bool> seen(65536);
  for (uint16_t v : labels.voxels) seen[v] = true;
  EXPECT_EQ(std::count(seen.begin() + 1, seen.end(), true), 51);  // nuclei, numbered up to 162
  EXPECT_TRUE(seen[162]);
  double inside = 0, outside = 0, n_in = 0, n_out = 0;
  for (int64_t i = 0; i < labels.voxels.size(); ++i) (labels.voxels[i] ? (inside += image.voxels[i], n_in)
      : (outside += image.voxels[i], n_out)) += 1;
  EXPECT_GT(inside / n_in, outside / n_out);
}

}  // namespace
}  // namespace tomograd
