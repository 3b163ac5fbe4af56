// Bad-input list of the test plan, entries 63 to 71: texts, names, values, labels, and files that misbehave while read.
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;

TestNifti of_floats(const std::vector<float>& values) {
  TestNifti n;
  n.datatype = 16, n.bitpix = 32;
  for (int i = 0; i < 60; ++i) poke(n.voxels, n.voxels.size(), values[size_t(i) % values.size()]);
  return n;
}

// The room's part: bytes are kept as they stand (whoever shows them escapes them), and no text goes to an output.
TEST_F(BadNifti, Entry63_Texts) {
  for (std::string words : {std::string(80, 'd'), std::string("<script>alert(1)</script>"), std::string("\x1b[2J\x1b[31m"),
      std::string("\xe2\x80\xae" "evil"), std::string("\xff\xfe\xc3")}) {
    std::string b = TestNifti{}.bytes();
    b.replace(148, words.size(), words);
    b.replace(228, std::min<size_t>(24, words.size()), words.substr(0, 24));
    b.replace(328, std::min<size_t>(16, words.size()), words.substr(0, 16));
    NiftiHeader header;
    Volume volume = fine(b, &header);
    EXPECT_EQ(header.description, words);
    write_nifti(system_env(), folder / "out.nii", volume, &header);
    EXPECT_EQ(get_file(folder / "out.nii").find(words.substr(0, 16)), std::string::npos);
  }
}

TEST_F(BadNifti, Entry64_FileNames) {
  for (std::string name : {std::string("new\nline.nii"), std::string("'quotes\".nii"), std::string("%2e%2e.nii"),
      std::string("\xff\xc3.nii"), std::string(251, 'n') + ".nii", std::string(" .nii"),
                           std::string("-rf.nii"), std::string("a.nii.gz.nii")})
    expect_ramp(fine_path(write(name, TestNifti{}.bytes())));
  refused_path(folder / (std::string(252, 'n') + ".nii"), {"long"});
  refused_path(folder / "absent.nii", {"absent.nii"});
}

TEST_F(BadNifti, Entry65_Values) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  warned(of_floats({nan}), {"60 voxels are not finite"});
  warned(of_floats({inf, -inf}), {"60 voxels are not finite"});
  warned(of_floats({1, 2, nan, 4}), {"15 voxels are not finite"});
  Volume kept = read_nifti(system_env(), folder / "odd.nii");
  EXPECT_EQ(kept.voxels[1], 2);
  EXPECT_TRUE(std::isnan(kept.voxels[2]));
  fine(of_floats({3.5f}));
  Volume tiny = fine(of_floats({1e-45f, -1e-40f, 0.0f, -0.0f}));
  EXPECT_EQ(tiny.voxels[0], 1e-45f);
  EXPECT_TRUE(std::signbit(tiny.voxels[3]));
  TestNifti one;
  one.dim = {3, 1, 1, 1, 1, 1, 1, 1};
  one.voxels = std::string("\x05\x00", 2);
  Volume single = fine(one);
  EXPECT_EQ(single.voxels.size(), 1);
  EXPECT_EQ(single.voxels[0], 5);
}

TEST_F(BadNifti, Entry66_Labels) {
  auto labels_of = [&](const TestNifti& n) { return read_nifti_labels(system_env(), write("label.nii", n.bytes())); };
  auto refuse = [&](const TestNifti& n, const std::string& value) {
    for (std::string path : {write("label.nii", n.bytes()), write("label.nii.gz", gzipped(n.bytes()))}) try {
        read_nifti_labels(system_env(), path);
        ADD_FAILURE() << value << " was accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
        EXPECT_TRUE(has(error.what(), "is " + value + ";") && has(error.what(), "65535") && has(error.what(), "label.nii")) << error.what();
      }
  };
  std::vector<float> good(60, 4.0f);
  good[0] = 65535, good[1] = 255, good[2] = 0.9995f, good[3] = -0.0f, good[4] = 0.99999997f;
  LabelVolume labels = labels_of(of_floats(good));
  EXPECT_EQ(labels.voxels[0], 65535);
  EXPECT_EQ(labels.voxels[1], 255);
  EXPECT_EQ(labels.voxels[2], 1);
  EXPECT_EQ(labels.voxels[3], 0);
  EXPECT_EQ(labels.voxels[59], 4);
  const float inf = std::numeric_limits<float>::infinity();
  for (auto [value, shown] : {std::pair<float, std::string>{-1, "-1"}, {65536, "65536"}, {1.5f, "1.5"}, {0.0020f, "0.00200000009"}, {1e30f,
      "1.00000002e+30"}, {inf, "inf"}, {-inf, "-inf"}, {-0.002f, "-0.00200000009"}}) {
    std::vector<float> values(60, 4.0f);
    values[37] = value;
    refuse(of_floats(values), shown);
  }
  refuse(of_floats({std::numeric_limits<float>::quiet_NaN()}), "nan");
  std::vector<float> values(60, 4.0f);
  values[37] = 0.5f;
  try {
    labels_of(of_floats(values));
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "z,y,x = 1,3,2")) << error.what();  // 37 of 3x4x5
  }
  TestNifti frames;
  frames.dim = {4, 5, 4, 1, 3, 1, 1, 1};
  try {
    labels_of(frames);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "3 frames")) << error.what();
  }
}

// Nothing is mapped into memory, so a file that shrinks cannot kill the process.
TEST_F(BadNifti, Entry67_FileChangesWhileRead) {
  for (bool zipped : {false, true}) {
    TestNifti n;
    n.dim = {3, 100, 100, 100, 1, 1, 1, 1};
    n.voxels.resize(2000000);
    for (size_t i = 0; i < n.voxels.size(); ++i) n.voxels[i] = char(i * 7 + i / 256 * 31 % 11);
    std::string path = write(zipped ? "moving.nii.gz" : "moving.nii", zipped ? gzipped(n.bytes(), 0) : n.bytes());
    WatchedEnv env;
    env.before_read = [&](const std::string& p, int64_t, int64_t bytes) {
      if (bytes > 100000) std::filesystem::resize_file(p, 500000);
    };
    try {
      read_nifti(env, path);
      ADD_FAILURE() << "a shrunken file was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      EXPECT_TRUE(has(error.what(), "500000")) << error.what();
    }
    put_file(path, zipped ? gzipped(n.bytes(), 0) : n.bytes());
    env.before_read = [&](const std::string& p, int64_t, int64_t bytes) {
      if (bytes > 100000) std::filesystem::resize_file(p, 3000000);  // what was added after opening does not exist for us
    };
    EXPECT_EQ(read_nifti(env, path).voxels.size(), 1000000);
  }
}

TEST_F(BadNifti, Entry68_ReadErrorAtEveryRead) {
  TestNifti n;
  n.extension = std::string("\1\0\0\0", 4);
  poke(n.extension, 4, int32_t(32));
  poke(n.extension, 8, int32_t(6));
  n.extension.resize(36, 'c');
  for (std::string path : {write("io.nii", n.bytes()), write("io.nii.gz", gzipped(n.bytes()))}) {
    WatchedEnv env;
    read_nifti(env, path);
    int64_t all = env.reads;
    ASSERT_GE(all, 3);
    int64_t held = counted_bytes();
    for (int64_t failing = 1; failing <= all; ++failing) {
      env.reads = 0;
      env.before_read = [&](const std::string& p, int64_t, int64_t) {
        if (env.reads == failing) fail_failure("reading '" + p + "': Input/output error");
      };
      try {
        read_nifti(env, path);
        ADD_FAILURE() << "read " << failing << " of " << all << " failed unnoticed";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::failure);
        EXPECT_TRUE(has(error.what(), "Input/output error"));
      }
      EXPECT_EQ(counted_bytes(), held);
    }
  }
}

TEST_F(BadNifti, Entry69_NoRegularFile) {
  ASSERT_EQ(mkfifo((folder / "pipe.nii").c_str(), 0600), 0);
  refused_path(folder / "pipe.nii", {"regular"});
  std::filesystem::create_directory(folder / "folder.nii");
  refused_path(folder / "folder.nii", {"directory"});
  for (auto [name, target] : {std::pair{"null.nii", "/dev/null"}, {"zero.nii.gz", "/dev/zero"}}) {
    std::filesystem::create_symlink(target, folder / name);
    refused_path(folder / name, {"regular"});
  }
  std::filesystem::create_symlink("/proc/self/status", folder / "status.nii");  // regular, size 0
  refused_path(folder / "status.nii", {"empty"});
}

TEST_F(BadNifti, Entry70_NoPermission) {
  std::string path = write("secret.nii", TestNifti{}.bytes());
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  bool root = ::geteuid() == 0;  // may read everything, so somebody else tries
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  refused_path(path, {"Permission denied"});
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

TEST_F(BadNifti, Entry71_NoDescriptorIsLeftOpen) {
  auto open_descriptors = [] {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
  };
  std::string good = write("good.nii", TestNifti{}.bytes()), zipped = write("good.nii.gz", gzipped(TestNifti{}.bytes()));
  TestNifti pair;
  pair.pair = true;
  write("pair.img", pair.image());
  std::string two = write("pair.hdr", pair.bytes()), bad = write("bad.nii.gz", gzipped(TestNifti{}.bytes()).substr(0, 100)),
      wrong = write("wrong.nii", "nothing of the kind");
  int before = open_descriptors();
  int64_t held = counted_bytes();
  for (int i = 0; i < 1000; ++i) {
    for (const auto& path : {good, zipped, two}) read_nifti(system_env(), path);
    for (const auto& path : {bad, wrong}) EXPECT_THROW(read_nifti(system_env(), path), Error);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(counted_bytes(), held);
}

}  // namespace
}  // namespace tomograd
