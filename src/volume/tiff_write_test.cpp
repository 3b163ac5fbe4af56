#include "support/fault_env.h"
#include "volume/nifti_test_files.h"
#include "volume/tiff.h"
#include "volume/tiff_metadata.h"

namespace tomograd {
namespace {

class TiffFiles : public ::testing::Test {
 protected:
  TemporaryFolder folder;
};

template <class T>
std::vector<T> some(Extent size) {
  std::vector<T> v(size_t(size.voxels()));
  uint32_t state = 7;
  for (size_t i = 0; i < v.size(); ++i) state = state * 1664525u + 1013904223u, v[i] = T(i % 5 ? double(i) * 0.5 : double(state >> 8));
  return v;
}

template <class T>
void round_trip(const std::string& path, VoxelType type, TiffWriteOptions options) {
  Extent size{2, 610, 431};                       // several strips per plane, the last one cut
  auto voxels = some<T>(size);
  TiffWriter writer(system_env(), path, size, type, options);
  writer.write_planes(voxels.data(), 1);
  ThreadPool pool(2);
  writer.write_planes(voxels.data() + size.y * size.x, 1, &pool);
  EXPECT_EQ(system_env().kind(path), FileKind::missing);
  writer.commit();
  TiffStack stack(system_env(), path);
  EXPECT_EQ(stack.size(), size);
  EXPECT_EQ(stack.header().type, type);
  EXPECT_EQ(stack.header().big, options.big);
  EXPECT_TRUE(stack.header().warnings.empty()) << stack.header().warnings.front();
  std::vector<T> back(voxels.size());
  stack.read_raw(Box{{0, 0, 0}, size}, back.data());
  EXPECT_EQ(std::memcmp(back.data(), voxels.data(), voxels.size() * sizeof(T)), 0);
  std::filesystem::remove(path);
}

TEST_F(TiffFiles, EveryCompressionAndType) {
  for (auto compression : {TiffCompression::none, TiffCompression::lzw, TiffCompression::deflate, TiffCompression::packbits, TiffCompression::lzma,
      TiffCompression::zstd})
    for (bool big : {false, true}) {
      SCOPED_TRACE(int(compression));
      round_trip<uint16_t>(folder / "u16.tif", VoxelType::u16, {compression, true, big});
      round_trip<float>(folder / "f32.tif", VoxelType::f32, {compression, true, big});
      if (compression == TiffCompression::lzma) continue;  // slow, and the type makes no difference to it
      round_trip<uint8_t>(folder / "u8.tif", VoxelType::u8, {compression, false, big});
      round_trip<int32_t>(folder / "i32.tif", VoxelType::i32, {compression, true, big});
      round_trip<double>(folder / "f64.tif", VoxelType::f64, {compression, true, big});
    }
}

TEST_F(TiffFiles, TheBytesDoNotDependOnThreads) {
  Extent size{4, 300, 500};
  auto voxels = some<uint16_t>(size);
  std::vector<std::string> files;
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    TiffWriter writer(system_env(), folder / "a.tif", size, VoxelType::u16, {TiffCompression::zstd});
    writer.write_planes(voxels.data(), 4, &pool);
    writer.commit();
    files.push_back(get_file(folder / "a.tif"));
  }
  EXPECT_TRUE(files[0] == files[1]);
}

TEST_F(TiffFiles, SpacingIsKept) {
  for (auto spacing : {std::array{0.001, 0.00035, 0.00035}, std::array{2.0, 1.0 / 3, 0.75}, std::array{3.0, 1.0, 1.0}}) {
    Volume volume{{{2, 3, 4}}, Buffer<float>(24, 1.5f)};
    for (size_t axis = 0; axis < 3; ++axis) volume.geometry.affine[axis][axis] = spacing[2 - axis];
    write_tiff(system_env(), folder / "v.tif", volume);
    TiffHeader h;
    Volume back = read_tiff(system_env(), folder / "v.tif", &h);
    EXPECT_EQ(h.spacing_source, "ImageJ");
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(back.geometry.spacing()[axis], spacing[axis], 1e-12 * spacing[axis]);
    EXPECT_EQ(back.voxels[23], 1.5f);
  }
  write_spacing_sidecar(system_env(), folder / "v.tif", {4, 5, 6});
  TiffHeader h = read_tiff_header(system_env(), folder / "v.tif");
  EXPECT_EQ(h.spacing_source, "v.json");
  EXPECT_EQ(h.geometry.spacing(), (std::array<double, 3>{4, 5, 6}));
}

TEST_F(TiffFiles, LabelsTakeTheSmallestType) {
  LabelVolume labels{{{2, 3, 4}}, Buffer<uint16_t>(24, 255)};
  write_tiff_labels(system_env(), folder / "a.tif", labels);
  EXPECT_EQ(read_tiff_header(system_env(), folder / "a.tif").type, VoxelType::u8);
  labels.voxels[17] = 256;
  write_tiff_labels(system_env(), folder / "a.tif", labels);
  TiffHeader h;
  LabelVolume back = read_tiff_labels(system_env(), folder / "a.tif", &h);
  EXPECT_EQ(h.type, VoxelType::u16);
  for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(back.voxels[i], labels.voxels[i]);
}

// Nothing half-written is ever seen under the name, whichever operation fails.
TEST_F(TiffFiles, PublishedWholeOrNotAtAll) {
  Extent size{3, 5, 7};
  auto voxels = some<uint16_t>(size);
  std::string path = folder / "a.tif";
  put_file(path, "old");
  FaultEnv faulty(system_env());
  auto write = [&] {
    TiffWriter writer(faulty, path, size, VoxelType::u16, {TiffCompression::lzw});
    writer.write_planes(voxels.data(), 3);
    writer.commit();
  };
  int64_t failures = 0;
  for (int64_t n = 0; n < 100; ++n) {
    faulty.fail_at(n, false);
    try {
      write();
    } catch (const Error&) {
      ++failures;
    }
    if (faulty.failed() == 0) break;
    std::string now = get_file(path);
    EXPECT_TRUE(now == "old" || now.size() > 300) << n << ": " << now.size();
    if (now != "old") { EXPECT_NO_THROW(read_tiff(system_env(), path)); }
    put_file(path, "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << n;
  }
  EXPECT_GE(failures, 8);
  {
    TiffWriter writer(system_env(), path, size, VoxelType::u16);  // given up half way
    writer.write_planes(voxels.data(), 1);
    EXPECT_THROW(writer.commit(), Error);
    EXPECT_THROW(writer.write_planes(voxels.data(), 3), Error);
  }
  EXPECT_NO_THROW(read_tiff(system_env(), path));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

// The plane of a stack of 1024 pages costs what a plane costs, wherever it is; the scan reads directories alone.
TEST_F(TiffFiles, APlaneOfManyCostsOne) {
  Extent size{1024, 40, 50};
  auto voxels = some<uint16_t>(size);
  TiffWriter writer(system_env(), folder / "big.tif", size, VoxelType::u16, {TiffCompression::none, true, true});
  writer.write_planes(voxels.data(), 1024);
  writer.commit();
  WatchedEnv env;
  TiffStack stack(env, folder / "big.tif");
  EXPECT_LT(env.bytes_read, 1024 * 1024);        // the directories have 0.4 MB, the file 4.5 MB
  for (int64_t z : {0, 777, 1023}) {
    env.bytes_read = env.reads = 0;
    std::vector<uint16_t> plane(2000);
    stack.read_planes(z, z + 1, plane.data());
    EXPECT_TRUE(std::equal(plane.begin(), plane.end(), voxels.begin() + z * 2000));
    EXPECT_LE(env.reads, 3);
    EXPECT_LE(env.bytes_read, 4000 + 2 * 4096);
  }
}

// BigTIFF where the voxels need more than 4 GB; given up at once, only the header is looked at.
TEST_F(TiffFiles, ChoosesBigTiffByItself) {
  TiffWriter small(system_env(), folder / "small.tif", {2, 100, 100}, VoxelType::u16);
  std::vector<uint16_t> planes(20000, 3);
  small.write_planes(planes.data(), 2);
  small.commit();
  EXPECT_FALSE(read_tiff_header(system_env(), folder / "small.tif").big);
  std::string sign;
  {
    TiffWriter large(system_env(), folder / "large.tif", {2304, 1280, 1024}, VoxelType::u16);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (entry.path().filename() != "small.tif") sign = get_file(entry.path());
  }
  EXPECT_EQ(sign.substr(0, 4), std::string("II+\0", 4));
}

}  // namespace
}  // namespace tomograd
