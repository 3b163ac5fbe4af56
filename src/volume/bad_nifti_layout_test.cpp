// Bad-input list of the test plan, entries 46 to 55: extensions, and pairs of .hdr and .img.
#include <sys/stat.h>

#include <filesystem>

#include "volume/nifti_file.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;

std::string extension(int32_t size, int32_t code, const std::string& content) {
  std::string b;
  poke(b, 0, size);
  poke(b, 4, code);
  return b + content;
}
const std::string announced("\1\0\0\0", 4);

TestNifti with_extensions(const std::string& bytes) {
  TestNifti n;
  n.extension = announced + bytes;
  return n;
}

TEST_F(BadNifti, Entry46_AnnouncedButAbsent) {
  warned(with_extensions(""), {"announced", "no room"});
  expect_ramp(read_nifti(system_env(), folder / "odd.nii"));
  for (size_t i : {1, 2, 3}) {
    TestNifti n;
    n.extension = std::string(4, '\0');
    n.extension[i] = 1;
    warned(n, {"bytes 1 to 3"});
  }
  TestNifti pair;
  pair.pair = true, pair.extension = announced;
  put_file(folder / "p.img", pair.image());
  warned_path(write("p.hdr", pair.bytes()), {"announced", "no room"});
}

TEST_F(BadNifti, Entry47_ExtensionSize) {
  for (int32_t size : {0, 8, 15, -16, INT32_MIN}) refused(with_extensions(extension(size, 6, std::string(24, 'c'))),
      {text("extension 0 is ", size), "at least 16"});
  for (int32_t size : {48, 1 << 20, INT32_MAX}) refused(with_extensions(extension(size, 6, std::string(24, 'c'))), {text("extension 0 is ",
      size), "32 bytes are left"});
  std::string two = extension(32, 6, std::string(24, 'a')) + extension(48, 6, std::string(24, 'b'));  // each fits, their sum does not
  refused(with_extensions(two), {"extension 1 is 48", "32 bytes are left"});
  NiftiHeader header = read_nifti_header(system_env(), write("odd.nii", with_extensions(extension(17, 6, std::string(9, 'a'))).bytes()));
  ASSERT_EQ(header.extensions.size(), 1u);
  EXPECT_EQ(header.extensions[0].content, std::string(9, 'a'));
  ASSERT_EQ(header.warnings.size(), 2u);  // the offset, and
  EXPECT_TRUE(has(header.warnings[1], "extension 0 is 17, not a multiple"));
  header = warned(with_extensions(extension(16, 6, std::string(8, 'a')) + std::string(64, '\0')), {"pad the extensions"});
  EXPECT_EQ(header.extensions.size(), 1u);
}

TEST_F(BadNifti, Entry48_ManyAndHugeExtensions) {
  std::string many;
  for (int i = 0; i < 100000; ++i) many += extension(16, 6, "12345678");
  NiftiHeader header;
  Volume volume = fine(with_extensions(many), &header);
  expect_ramp(volume);
  EXPECT_EQ(header.extensions.size(), 100000u);

  TestNifti n = with_extensions(extension(INT32_MAX - 15, 6, ""));
  n.version = 2;
  n.vox_offset = 544.0 + double(INT32_MAX) + 1;
  std::string path = write("huge.nii", n.header() + n.extension);
  std::filesystem::resize_file(path, uint64_t(n.vox_offset) + 120);  // sparse
  int64_t before = process_resident_bytes();
  refused_path(path, {"extension 0 is 2147483632", "67108864"});
  EXPECT_LT(process_resident_bytes() - before, int64_t{32} << 20);
}

TEST_F(BadNifti, Entry49_ExtensionCodes) {
  // Programs of other software (pickle, eval, MATLAB) are bytes like any others.
  for (int32_t code : {0, 4, 6, 16, 38, 40, 44, 1000}) {
    NiftiHeader header;
    fine(with_extensions(extension(32, code, "cos\nsystem\n(S'true'\ntR. ")), &header);
    ASSERT_EQ(header.extensions.size(), 1u);
    EXPECT_EQ(header.extensions[0].code, code);
    EXPECT_EQ(header.extensions[0].content, "cos\nsystem\n(S'true'\ntR. ");
  }
  warned(with_extensions(extension(32, 7, std::string(24, 'c'))), {"code of extension 0 is 7"});
  warned(with_extensions(extension(32, -2, std::string(24, 'c'))), {"code of extension 0 is -2"});
  warned(with_extensions(extension(32, 2, std::string(24, 'c'))), {"DICOM", "name the patient"});
}

TEST_F(BadNifti, Entry50_ExtensionOverlapsVoxels) {
  TestNifti n = with_extensions(extension(32, 6, std::string(24, 'c')) + extension(64, 6, std::string(8, 'd')));
  refused(n, {"extension 1 is 64", "16 bytes are left"});
}

struct Pair : TestNifti {
  Pair() { pair = true; }
};

TEST_F(BadNifti, Entry51_HalvesThatAreMissingOrNoFiles) {
  Pair n;
  refused_path(write("alone.hdr", n.bytes()), {"lacks its other half", "alone.img"});
  refused_path(write("only.img", n.image()), {"lacks its other half", "only.hdr"});
  // Upper case finds upper case.
  put_file(folder / "UP.IMG", n.image());
  expect_ramp(fine_path(write("UP.HDR", n.bytes())));
  expect_ramp(fine_path(folder / "UP.IMG"));
  refused_path(write("mixed.hdr", (put_file(folder / "mixed.IMG", n.image()), n.bytes())), {"mixed.img"});

  write("loop.hdr", n.bytes());
  std::filesystem::create_symlink(folder / "loop.img", folder / "loop.img");
  refused_path(folder / "loop.hdr", {"loop.img"});
  write("folder.hdr", n.bytes());
  std::filesystem::create_directory(folder / "folder.img");
  refused_path(folder / "folder.hdr", {"folder.img", "directory"});
  write("pipe.hdr", n.bytes());
  ASSERT_EQ(mkfifo((folder / "pipe.img").c_str(), 0600), 0);
  refused_path(folder / "pipe.hdr", {"pipe.img", "regular"});
  write("zero.hdr", n.bytes());
  std::filesystem::create_symlink("/dev/zero", folder / "zero.img");
  refused_path(folder / "zero.hdr", {"zero.img", "regular"});
  write("empty.hdr", n.bytes());
  write("empty.img", "");
  refused_path(folder / "empty.hdr", {"empty.img", "empty"});
}

TEST_F(BadNifti, Entry52_ImageShorterOrLonger) {
  Pair n;
  write("short.img", n.image().substr(0, 119));
  refused_path(write("short.hdr", n.bytes()), {"120 bytes", "119"});
  write("long.img", n.image() + "x");
  warned_path(write("long.hdr", n.bytes()), {"1 bytes follow"});
  write("much.img", n.image() + std::string(70000, 'x'));
  refused_path(write("much.hdr", n.bytes()), {"70000 bytes follow"});
  n.vox_offset = 16;
  write("offset.img", "0123456789abcdef" + n.image());
  expect_ramp(fine_path(write("offset.hdr", n.bytes())));
}

TEST_F(BadNifti, Entry53_HalvesCompressedApart) {
  Pair n;
  write("a.img", n.image());
  expect_ramp(fine_path(write("a.hdr.gz", gzipped(n.bytes()))));
  write("b.img.gz", gzipped(n.image()));
  expect_ramp(fine_path(write("b.hdr", n.bytes())));
  expect_ramp(fine_path(folder / "b.img.gz"));
  write("c.img.gz", gzipped(n.image()));
  expect_ramp(fine_path(write("c.hdr.gz", gzipped(n.bytes()))));
  NiftiHeader header = read_nifti_header(system_env(), folder / "c.img.gz");
  EXPECT_TRUE(header.pair && header.compressed);
  write("d.img", gzipped(n.image()));
  refused_path(write("d.hdr", n.bytes()), {"d.img", "is gzip"});
}

TEST_F(BadNifti, Entry54_MagicOfTheOtherLayout) {
  TestNifti single;
  write("a.img", single.image());
  refused_path(write("a.hdr", single.bytes()), {"a single file"});
  refused(Pair{}.bytes() + single.image(), {"the header of a pair"});
  single.version = 2;
  write("b.img", single.image());
  refused_path(write("b.hdr", single.bytes()), {"a single file"});
}

// The room's part: the other half is looked for in the same folder under the same stem, whatever texts the header holds.
TEST_F(BadNifti, Entry55_NothingInTheHeaderNamesAFile) {
  Pair n;
  std::string b = n.bytes();
  b.replace(148, 30, "../../etc/passwd.img/tmp/x.img");  // descrip
  b.replace(228, 16, std::string("/etc/passwd\0.img", 16));               // aux_file
  b.replace(4, 10, "../secret ");                         // data_type, db_name
  write("a.img", n.image());
  std::string path = write("a.hdr", b);
  struct NamesEnv : WatchedEnv {
    std::vector<std::string> opened;
    std::unique_ptr<InputFile> open_input(const std::string& p) override { return opened.push_back(p), WatchedEnv::open_input(p); }
  } env;
  read_nifti(env, path);
  EXPECT_EQ(env.opened, (std::vector<std::string>{path, folder / "a.img"}));
  refused_path(write("a.dat", n.bytes()), {"does not end with .nii"});
}

}  // namespace
}  // namespace tomograd
