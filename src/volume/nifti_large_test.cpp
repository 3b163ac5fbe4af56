// Files beyond the 32-bit limits, entries 13 and 21 of the bad-input list: sparse files of which only regions are read.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "volume/nifti_file.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

class LargeNifti : public NiftiFiles {
 protected:
  TemporaryFolder disk{true};

  void SetUp() override {
    if (system_env().free_bytes(disk.path()) < (int64_t{256} << 20)) GTEST_SKIP()
        << "less than 256 MiB free in the folder for temporary files";
    put_file(disk / "hole", "x");
    if (::truncate((disk / "hole").c_str(), 64 << 20) != 0) GTEST_SKIP() << "files cannot be made long here";
    struct stat status {};
    ::stat((disk / "hole").c_str(), &status);
    if (status.st_blocks * 512 > (32 << 20)) GTEST_SKIP() << "this file system has no sparse files";
  }

  // Voxel i, where written at all, holds 1 + i % 97 + 100 * (i > 2^31).
  static int value(int64_t i) { return int(1 + i % 97 + 100 * (i > (int64_t{1} << 31))); }

  // A file whose voxels are a hole, but for 1000 around each place of `around`.
  std::string sparse(const TestNifti& n, int64_t voxels, const std::vector<int64_t>& around) {
    std::string path = disk / "large.nii", head = n.header() + std::string(4, '\0');
    put_file(path, head);
    int64_t bytes = n.bitpix / 8, start = int64_t(head.size());
    int fd = ::open(path.c_str(), O_WRONLY);
    EXPECT_EQ(::ftruncate(fd, start + voxels * bytes), 0);
    for (int64_t center : around) {
      int64_t from = std::max<int64_t>(0, center - 500), to = std::min(voxels, center + 500);
      std::string run;
      for (int64_t i = from; i < to; ++i) bytes == 1 ? poke(run, run.size(), uint8_t(value(i))) : poke(run, run.size(), int16_t(value(i)),
          n.swapped);
      EXPECT_EQ(::pwrite(fd, run.data(), run.size(), start + from * bytes), ssize_t(run.size()));
    }
    ::close(fd);
    return path;
  }

  void expect_values(const std::string& path, Extent size, int64_t center, int64_t voxels) {
    int64_t first = std::max<int64_t>(0, center - 300), last = std::min(voxels, center + 300) - 1;
    // Boxes within one row, so that every voxel of the box was written.
    Box box{{first / size.x / size.y, first / size.x % size.y, first % size.x}, {1, 1, std::min(last - first + 1,
        size.x - first % size.x)}};
    Buffer<float> region = read_nifti_region(system_env(), path, box);
    for (int64_t i = 0; i < region.size(); ++i) ASSERT_EQ(region[i], float(value(first + i))) << first + i;
  }
};

// Rows of 2^31-1, 2^31, 2^31+1 and 2^32+1 voxels of one byte, and of half as many of two: sizes in bytes and in voxels.
TEST_F(LargeNifti, Entry21_SizesAroundTheLimits) {
  const int64_t half = int64_t{1} << 31;
  for (int64_t voxels : {half - 1, half, half + 1, 2 * half, 2 * half + 1})
    for (int datatype : {2, 4}) {
      TestNifti n;
      n.version = 2, n.datatype = datatype, n.bitpix = datatype == 2 ? 8 : 16;
      n.dim = {3, voxels, 1, 1, 1, 1, 1, 1};
      std::string path = sparse(n, voxels, {0, half / 2, half, voxels});
      NiftiHeader header = read_nifti_header(system_env(), path);
      EXPECT_EQ(header.geometry.size.x, voxels);
      set_memory_budget(counted_bytes() + (int64_t{4} << 20));
      for (int64_t center : {int64_t{0}, half / 2, std::min(half, voxels), voxels}) expect_values(path, {1, 1, voxels}, center, voxels);
      set_memory_budget(0);
      // One byte less is noticed.
      ASSERT_EQ(::truncate(path.c_str(), 544 + voxels * n.bitpix / 8 - 1), 0);
      EXPECT_THROW(read_nifti_header(system_env(), path), Error);
    }
}

TEST_F(LargeNifti, Entry13_ForeignByteOrderBeyond2To31Voxels) {
  for (int version : {1, 2}) {
    TestNifti n;
    n.version = version, n.swapped = true;
    n.dim = {3, 2304, 1280, 1024, 1, 1, 1, 1};
    int64_t voxels = int64_t{2304} * 1280 * 1024;
    ASSERT_EQ(voxels, 3019898880);
    std::string path = sparse(n, voxels, {1000, (int64_t{1} << 30) + 700, (int64_t{1} << 31) + 1000, voxels - 700, voxels});
    EXPECT_TRUE(read_nifti_header(system_env(), path).swapped);
    set_memory_budget(counted_bytes() + (int64_t{4} << 20));
    for (int64_t center : {int64_t{1000}, (int64_t{1} << 30) + 700, (int64_t{1} << 31) + 1000, voxels - 700}) expect_values(path, {1024,
        1280, 2304}, center, voxels);
    // A box with many rows, across planes, most of it holes.
    Buffer<float> block = read_nifti_region(system_env(), path, {{1000, 1200, 2200}, {24, 80, 104}});
    EXPECT_EQ(block[0], 0);
    EXPECT_EQ(block[block.size() - 1], float(value(voxels - 1)));
    set_memory_budget(0);
  }
}

// A file that begins with one piece and then repeats another, without lying anywhere.
struct RepeatedFile : InputFile {
  std::string first, again, last;
  int64_t times = 0;
  int64_t size() const override { return int64_t(first.size()) + times * int64_t(again.size()) + int64_t(last.size()); }
  void read_at(int64_t offset, void* into, int64_t bytes) override {
    char* to = static_cast<char*>(into);
    int64_t f = int64_t(first.size()), a = int64_t(again.size());
    while (bytes > 0) {
      const std::string& part = offset < f ? first : offset < f + times * a ? again : last;
      int64_t within = offset < f ? offset : offset < f + times * a ? (offset - f) % a : offset - f - times * a;
      int64_t count = std::min(bytes, int64_t(part.size()) - within);
      if (count <= 0) fail_input("read beyond the end");
      std::memcpy(to, part.data() + within, size_t(count));
      to += count, offset += count, bytes -= count;
    }
  }
};

// 2.2 GB in gzip members of 4 MiB, stored: a stream whose position passes 2^31, read within a few MiB of memory.
TEST_F(LargeNifti, GzipStreamBeyond2To31Bytes) {
  TestNifti n;
  n.version = 2, n.datatype = 2, n.bitpix = 8;
  constexpr int64_t member = int64_t{4} << 20, members = 520;
  n.dim = {3, member, members, 1, 1, 1, 1, 1};
  std::string last(member, '\0');
  last[0] = 1, last[12345] = 42, last[member - 1] = 7;
  struct RepeatedEnv : WatchedEnv {
    RepeatedFile model;
    std::unique_ptr<InputFile> open_input(const std::string&) override { return std::make_unique<RepeatedFile>(model); }
  } env;
  env.model.first = gzipped(n.header() + std::string(4, '\0'));
  env.model.again = gzipped(std::string(member, '\0'), 0);
  env.model.last = gzipped(last, 0);
  env.model.times = members - 1;
  ASSERT_GT(env.model.size(), int64_t{1} << 31);
  set_memory_budget(counted_bytes() + (int64_t{4} << 20));
  Buffer<float> region = read_nifti_region(env, "large.nii.gz", {{0, members - 2, 12340}, {1, 2, 10}});
  EXPECT_EQ(region[5], 0);
  EXPECT_EQ(region[15], 42);
  set_memory_budget(0);
}

}  // namespace
}  // namespace tomograd
