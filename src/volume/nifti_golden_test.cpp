// Files made and read by nibabel (tests/golden/generate_volume.py) must give the same voxels, affine and header here.
#include <fstream>
#include <set>
#include <sstream>

#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

const std::string golden = TOMOGRAD_SOURCE_DIR "/tests/golden/volume/";

struct Line {
  std::string name, expected, type, orientation;
  int64_t frame, version, swapped;
  Extent size;
  Affine affine;
  int qform_code, sform_code;
};

std::vector<Line> index_lines() {
  std::ifstream file(golden + "index.txt");
  std::vector<Line> lines;
  for (std::string words; std::getline(file, words);) {
    std::istringstream in(words);
    Line l;
    in >> l.name >> l.expected >> l.frame >> l.version >> l.swapped >> l.type >> l.size.z >> l.size.y >> l.size.x;
    for (auto& row : l.affine)
      for (double& v : row) in >> v;
    in >> l.orientation >> l.qform_code >> l.sform_code;
    EXPECT_TRUE(bool(in)) << words;
    lines.push_back(l);
  }
  return lines;
}

TEST(NiftiGolden, EveryFileReadsAsNibabelReadsIt) {
  auto lines = index_lines();
  ASSERT_EQ(lines.size(), 122u);
  std::set<std::string> types;
  for (const Line& line : lines) {
    SCOPED_TRACE(line.name);
    NiftiHeader header;
    Volume volume = read_nifti(system_env(), golden + line.name, line.frame, &header);
    EXPECT_EQ(volume.geometry.size, line.size);
    EXPECT_EQ(header.version, line.version);
    EXPECT_EQ(header.swapped, bool(line.swapped));
    EXPECT_EQ(voxel_type_name(header.type), line.type);
    EXPECT_EQ(header.qform_code, line.qform_code);
    EXPECT_EQ(header.sform_code, line.sform_code);
    EXPECT_EQ(volume.geometry.orientation(), line.orientation);
    for (size_t row = 0; row < 3; ++row)
      for (size_t column = 0; column < 4; ++column) EXPECT_NEAR(volume.geometry.affine[row][column], line.affine[row][column], 1e-6);
    std::string bytes = get_file(golden + line.expected + ".f32");
    ASSERT_EQ(int64_t(bytes.size()), volume.voxels.size() * 4);
    EXPECT_EQ(std::memcmp(bytes.data(), volume.voxels.data(), bytes.size()), 0);
    types.insert(line.type);
  }
  EXPECT_EQ(types.size(), 10u);
}

TEST(NiftiGolden, RegionsAreTheVolumesVoxels) {
  for (const Line& line : index_lines()) {
    if (line.name.find("_n2_") != std::string::npos || line.name.find("qform") != std::string::npos) continue;
    SCOPED_TRACE(line.name);
    Volume volume = read_nifti(system_env(), golden + line.name, line.frame);
    Extent s = line.size;
    for (Box box : {Box{{0, 0, 0}, s}, Box{{s.z / 2, 1, 2}, {s.z - s.z / 2, 4, 5}}, Box{{0, 2, 0}, {s.z, 3, s.x}}, Box{{s.z - 1, s.y - 1,
        s.x - 1}, {1, 1, 1}}, Box{{0, 0, 3}, {1, s.y, 1}}}) {
      Buffer<float> region = read_nifti_region(system_env(), golden + line.name, box, line.frame);
      int64_t i = 0;
      for (int64_t z = box.begin.z; z < box.end().z; ++z)
        for (int64_t y = box.begin.y; y < box.end().y; ++y)
          for (int64_t x = box.begin.x; x < box.end().x; ++x) ASSERT_EQ(region[i++], volume.voxels[volume.index(z, y, x)]);
    }
  }
}

TEST(NiftiGolden, FramesAndBoxesOutsideAreRefused) {
  for (auto [frame, part] : {std::pair{int64_t{3}, "frame 3"}, {int64_t{-1}, "frame -1"}}) try {
      read_nifti(system_env(), golden + "frames.nii.gz", frame);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos);
    }
  for (Box box : {Box{{0, 0, 5}, {5, 7, 5}}, Box{{-1, 0, 0}, {2, 2, 2}}, Box{{0, 0, 0}, {5, 0, 9}}, Box{{INT64_MAX, 0, 0}, {1, 1, 1}},
      Box{{0, 0, 1}, {1, 1, INT64_MAX}}})
    for (std::string name : {"frames.nii.gz", "int16_n1_le.nii"}) EXPECT_THROW(read_nifti_region(system_env(), golden + name, box), Error);
}

}  // namespace
}  // namespace tomograd
