#include "dataset/phantom_cells.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "dataset/dataset.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

class CellsPhantom : public ::testing::Test {
 protected:
  std::string folder = std::filesystem::temp_directory_path() / ("tomograd-cells-" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::remove_all(folder), std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Value write(const CellsOptions& options, const std::string& name, int threads = 2) {
    ThreadPool pool(threads);
    return write_cells_phantom(system_env(), options, folder + "/" + name, pool);
  }
  Value list(const std::string& name) { return parse_json(read_text(system_env(), folder + "/" + name), name); }
};

const CellsOptions small{.size = {61, 90, 75}, .cells = 40, .seed = 3, .touching = 0.5, .cubes = 2, .cube = 32};

TEST_F(CellsPhantom, TruthAgreesWithItself) {
  Value result = write(small, "c.tif");
  LabelVolume labels = read_tiff_labels(system_env(), folder + "/c_labels.tif"), dots = read_tiff_labels(system_env(), folder + "/c_centroids.tif");
  TiffHeader header;
  Volume image = read_tiff(system_env(), folder + "/c.tif", &header);
  EXPECT_EQ(header.type, VoxelType::u16);
  EXPECT_EQ(header.spacing_source, "c.json");
  EXPECT_EQ(header.geometry.spacing(), (std::array<double, 3>{0.001, 0.001, 0.001}));
  Value truth = list("c.json");
  EXPECT_EQ(truth.at("format").as_text(), "tomograd.cells/1");
  const auto& cells = truth.at("cells").as_list();
  ASSERT_EQ(cells.size(), 40u);

  struct Sum { double z = 0, y = 0, x = 0, n = 0, light = 0; bool at_face = false; };
  std::map<uint16_t, Sum> sums;
  double background = 0, n_background = 0;
  const Extent s = small.size;
  for (int64_t z = 0, i = 0; z < s.z; ++z)
    for (int64_t y = 0; y < s.y; ++y)
      for (int64_t x = 0; x < s.x; ++x, ++i) {
        if (labels.voxels[i] == 0) {
          background += image.voxels[i], ++n_background;
          continue;
        }
        Sum& sum = sums[labels.voxels[i]];
        sum.z += double(z), sum.y += double(y), sum.x += double(x), ++sum.n, sum.light += image.voxels[i];
        sum.at_face |= z == 0 || y == 0 || x == 0 || z + 1 == s.z || y + 1 == s.y || x + 1 == s.x;
      }
  ASSERT_EQ(sums.size(), 40u);
  int64_t whole = 0, marked = 0;
  for (uint16_t v : dots.voxels) marked += v;
  EXPECT_EQ(marked, 40);
  for (const auto& cell : cells) {
    const Sum& sum = sums.at(uint16_t(cell.at("id").as_integer()));
    double z = cell.at("z").as_number(), y = cell.at("y").as_number(), x = cell.at("x").as_number(), r = cell.at("radius_um").as_number();
    EXPECT_EQ(dots.voxels[(std::lround(z) * s.y + std::lround(y)) * s.x + std::lround(x)], 1);
    EXPECT_GT(sum.light / sum.n, background / n_background + 30) << cell.at("id").as_integer();
    if (sum.at_face) continue;
    ++whole;
    EXPECT_NEAR(sum.z / sum.n, z, 0.2);          // an ellipsoid's voxels balance around its centre
    EXPECT_NEAR(sum.y / sum.n, y, 0.2);
    EXPECT_NEAR(sum.x / sum.n, x, 0.2);
    EXPECT_NEAR(sum.n, 4.18879 * r * r * r, 0.12 * sum.n);
  }
  EXPECT_GT(whole, 10);
}

TEST_F(CellsPhantom, NeitherThreadsNorSlabsNorOtherOptionsChangeABit) {
  write(small, "a.tif", 1);
  write(small, "b.tif", 3);
  for (const char* rest : {".tif", "_labels.tif", "_centroids.tif", ".json", "_cubes/cube1/label.nii.gz", "_cubes/cube2/fluorescence.nii.gz"})
    EXPECT_EQ(digest_of_file(system_env(), folder + "/a" + rest), digest_of_file(system_env(), folder + "/b" + rest)) << rest;
  CellsOptions other = small;
  other.compression = TiffCompression::zstd, other.cubes = 0;
  write(other, "c.tif");
  Volume a = read_tiff(system_env(), folder + "/a.tif"), c = read_tiff(system_env(), folder + "/c.tif");
  EXPECT_TRUE(std::equal(a.voxels.begin(), a.voxels.end(), c.voxels.begin()));
  other.seed = 4;
  write(other, "d.tif");
  EXPECT_NE(digest_of_file(system_env(), folder + "/a.json"), digest_of_file(system_env(), folder + "/d.json"));
}

TEST_F(CellsPhantom, TouchingPairsComeApartInTheTrainingLabels) {
  CellsOptions o = small;
  o.touching = 1, o.cubes = 1, o.cube = 61, o.classes = 3;
  Value result = write(o, "c.tif");
  const auto& begin = result.at("cubes").as_list()[0].at("begin_zyx").as_list();
  TiffStack labels(system_env(), folder + "/c_labels.tif");
  Extent at{begin[0].as_integer(), begin[1].as_integer(), begin[2].as_integer()}, n{61, 61, 61};
  std::vector<uint16_t> ids(size_t(n.voxels()));
  labels.read(Box{at, n}, ids.data());
  LabelVolume classes = read_nifti_labels(system_env(), folder + "/c_cubes/cube1/label.nii.gz");
  int64_t touching = 0, cores_touching = 0, core = 0, rim = 0;
  for (int64_t i = 0; i < n.voxels(); ++i) {
    ASSERT_EQ(classes.voxels[i] > 0, ids[size_t(i)] > 0);
    core += classes.voxels[i] == 1, rim += classes.voxels[i] == 2;
    for (int64_t step : {n.y * n.x, n.x, int64_t{1}}) {
      if (i + step >= n.voxels() || (step == 1 && (i + 1) % n.x == 0) || (step == n.x && i / n.x % n.y + 1 == n.y)) continue;
      auto a = ids[size_t(i)], b = ids[size_t(i + step)];
      if (a && b && a != b) ++touching, cores_touching += classes.voxels[i] == 1 && classes.voxels[i + step] == 1;
    }
  }
  EXPECT_GT(touching, 5);
  EXPECT_EQ(cores_touching, 0);
  EXPECT_GT(core, rim / 3);
  EXPECT_GT(rim, core / 3);
}

TEST_F(CellsPhantom, CubesAreCasesOfADataset) {
  write(small, "c.tif");
  Dataset dataset = read_dataset(system_env(), folder + "/c_cubes/dataset.json");
  ASSERT_EQ(dataset.cases.size(), 2u);
  EXPECT_EQ(dataset.modalities, std::vector<std::string>{"fluorescence"});
  ASSERT_EQ(dataset.labels.size(), 1u);
  EXPECT_EQ(dataset.labels[0].first, "core");
  EXPECT_EQ(dataset.cases[0].geometry.size, cube(32));
  Volume image = read_nifti(system_env(), folder + "/c_cubes/cube1/fluorescence.nii.gz"), whole = read_tiff(system_env(), folder + "/c.tif");
  Extent at;
  for (int axis = 0; axis < 3; ++axis) at[axis] = std::lround(image.geometry.affine[size_t(2 - axis)][3] / 0.001);
  EXPECT_EQ(image.voxels[5 * 1024 + 6 * 32 + 7], whole.voxels[((at.z + 5) * small.size.y + at.y + 6) * small.size.x + at.x + 7]);
}

// Memory follows a slab of planes and not the volume: four times as deep costs no more.
TEST_F(CellsPhantom, MemoryDoesNotGrowWithTheVolume) {
  CellsOptions o{.size = {64, 128, 128}, .cells = 30, .seed = 1, .cubes = 0};
  auto needed = [&](int64_t depth) {
    o.size.z = depth;
    int64_t limit = int64_t{1} << 20;
    for (;; limit += int64_t{1} << 18) {
      set_memory_budget(counted_bytes() + limit);
      try {
        write(o, "m.tif", 1);
        break;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::budget) throw;
      }
    }
    set_memory_budget(0);
    return limit;
  };
  int64_t shallow = needed(64);
  EXPECT_EQ(needed(256), shallow);
  EXPECT_LT(shallow, int64_t{256} * 128 * 128 * 2);
}

TEST_F(CellsPhantom, TheTalksNumberOfCellsFits) {
  CellsOptions o{.size = {2304, 1280, 1024}, .cells = 13378, .seed = 1};
  auto cells = place_cells(o);
  ASSERT_EQ(cells.size(), 13378u);
  for (const auto& cell : cells)
    for (int axis = 0; axis < 3; ++axis) {
      EXPECT_GE(cell.centre[size_t(axis)], 0);
      EXPECT_LE(cell.centre[size_t(axis)], double(o.size[axis] - 1));
    }
}

TEST_F(CellsPhantom, Refusals) {
  auto refused = [&](CellsOptions o, const std::string& name, ErrorKind kind = ErrorKind::input) {
    try {
      write(o, name);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
    }
    EXPECT_FALSE(std::filesystem::exists(folder + "/" + name));
  };
  CellsOptions o = small;
  o.size.z = 15;
  refused(o, "a.tif");
  o = small, o.cells = 0;
  refused(o, "a.tif");
  o = small, o.cells = 100000;                   // do not fit
  refused(o, "a.tif");
  o = small, o.cube = 62;
  refused(o, "a.tif");
  o = small, o.classes = 4;
  refused(o, "a.tif");
  o = small, o.touching = 1.5;
  refused(o, "a.tif");
  o = small, o.spacing[1] = 0;
  refused(o, "a.tif");
  refused(small, "a.png");
  o = small, o.size = {1 << 20, 1 << 20, 1 << 20}, o.cells = 1;
  refused(o, "a.tif", ErrorKind::budget);        // 2 exabytes
}

}  // namespace
}  // namespace tomograd
