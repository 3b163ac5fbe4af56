// Bad-input list of the test plan, entries 23 to 32: type, offset, scaling, range of display.
#include <cmath>
#include <limits>
#include <map>

#include "volume/nifti_file.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;
constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

TEST_F(BadNifti, Entry23_EveryDatatypeCode) {
  std::map<int, int> bits{{2, 8}, {4, 16}, {8, 32}, {16, 32}, {64, 64}, {256, 8}, {512, 16}, {768, 32}, {1024, 64}, {1280, 64}};
  int accepted = 0;
  for (int version : {1, 2})
    for (int code = -32768; code < 32768; ++code) {
      TestNifti n;
      n.version = version, n.datatype = code, n.bitpix = bits.count(code) ? bits[code] : 8;
      std::string header = n.header();
      NiftiFields fields = read_nifti_fields(reinterpret_cast<const unsigned char*>(header.data()), version, false);
      try {
        validate_nifti(fields, false, false);
        ++accepted;
        EXPECT_TRUE(bits.count(code)) << code;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
        EXPECT_FALSE(bits.count(code)) << error.what();
        EXPECT_TRUE(has(error.what(), text("datatype is ", code)) || has(error.what(), text("datatype ", code))) << error.what();
      }
    }
  for (int code : {0, 1, 3, 255, 2305, -1}) {
    TestNifti n;
    n.datatype = code, n.bitpix = 8;
    refused(n, {"datatype"});
  }
  EXPECT_EQ(accepted, 20);
}

TEST_F(BadNifti, Entry24_BitpixThatDisagrees) {
  for (int v : {8, 32, 0, -1, 32767}) {
    TestNifti n;
    n.bitpix = v;
    refused(n, {text("bitpix is ", v), "datatype 4", "16 bits"});
  }
}

TEST_F(BadNifti, Entry25_LongTypes) {
  for (auto [datatype, bitpix, name] : {std::tuple{1536, 128, "float128"}, {2048, 256, "complex256"}}) {
    TestNifti n;
    n.datatype = datatype, n.bitpix = bitpix;
    n.voxels = std::string(60 * size_t(bitpix) / 8, 'v');
    refused(n, {name, "not supported"});
  }
}

TEST_F(BadNifti, Entry26_ColoursAndLongIntegers) {
  for (auto [datatype, bitpix, name] : {std::tuple{128, 24, "rgb24"}, {2304, 32, "rgba32"}, {1, 1, "binary"}}) {
    TestNifti n;
    n.datatype = datatype, n.bitpix = bitpix;
    n.voxels = std::string(240, 'v');
    refused(n, {name, "not supported"});
  }
  for (int datatype : {1024, 1280}) {
    TestNifti n;
    n.datatype = datatype, n.bitpix = 64;
    n.voxels = std::string(480, '\0');
    poke(n.voxels, 8, int64_t{1} << 53);  // still exact
    fine(n);
    poke(n.voxels, 16, (int64_t{1} << 53) + 2);
    warned(n, {"1 voxels", "2^53"});
  }
}

TEST_F(BadNifti, Entry27_VoxelOffset) {
  for (double v : {nan, inf, -inf, -1.0, 1.0, 347.0, 351.0, 352.5, 1e38}) {
    TestNifti n;
    n.vox_offset = v;
    refused(n, {v == 1e38 ? "vox_offset is 9.99999968e+37" : text("vox_offset is ", v)});
  }
  TestNifti n;
  for (double v : {353.0, 1e10, 16777217.0, 472.0}) {  // beyond, or with nothing behind
    n.vox_offset = v;
    refused_path(write("bad.nii", n.bytes()), {"from byte"});
  }
  n.vox_offset = 1e10;
  refused_path(write("bad.nii.gz", gzipped(n.bytes())), {"from byte 10000000000"});
  for (double v : {0.0, -0.0}) {
    n.vox_offset = v;
    expect_ramp((warned(n, {"vox_offset is 0", "352"}), read_nifti(system_env(), folder / "odd.nii")));
  }
  TestNifti two;
  two.version = 2;
  for (int64_t v : {INT64_MAX, INT64_MIN, int64_t{-1}, int64_t{543}, INT64_MAX - 100}) {
    std::string b = two.bytes();
    poke(b, 168, v);
    refused(b, {text(v)});
  }
}

TEST_F(BadNifti, Entry28_OffsetInsideExtensions) {
  TestNifti n;
  n.extension = std::string("\1\0\0\0", 4);
  poke(n.extension, 4, int32_t(64));
  poke(n.extension, 8, int32_t(6));
  n.extension.resize(4 + 64, 'c');
  fine(n);
  n.vox_offset = 352 + 32;
  n.voxels = n.ramp();
  refused_path(write("bad.nii", n.bytes()), {"extension 0 is 64", "32 bytes are left"});
}

TEST_F(BadNifti, Entry29_OffsetNotAMultipleOf16) {
  TestNifti n;
  n.extension = std::string(5, '\0');
  warned(n, {"vox_offset is 353", "16"});
  expect_ramp(read_nifti(system_env(), folder / "odd.nii"));
}

TEST_F(BadNifti, Entry30_SlopeAndIntercept) {
  TestNifti n;
  n.slope = 0;
  n.intercept = nan;  // without a slope it does not count
  NiftiHeader header;
  expect_ramp(fine(n, &header));
  EXPECT_EQ(header.slope, 1);
  EXPECT_EQ(header.intercept, 0);
  for (double v : {nan, inf, -inf}) {
    n.slope = v, n.intercept = 0;
    refused(n, {text("scl_slope is ", v)});
    n.slope = 2, n.intercept = v;
    refused(n, {text("scl_inter is ", v)});
  }
  n.slope = -0.5, n.intercept = 3;
  Volume volume = fine(n);
  EXPECT_EQ(volume.voxels[59], -26.5f);
  n.slope = 1e-40, n.intercept = 0;
  warned(n, {"scl_slope"});
  n.version = 2;
  n.slope = 1e300;
  NiftiHeader big;
  Volume overflown = read_nifti(system_env(), write("big.nii", n.bytes()), 0, &big);
  EXPECT_TRUE(std::isinf(overflown.voxels[1]));
  ASSERT_EQ(big.warnings.size(), 2u);
  EXPECT_TRUE(has(big.warnings[1], "59 voxels are not finite"));
}

TEST_F(BadNifti, Entry31_ScaledIntegersInDouble) {
  TestNifti n;
  n.datatype = 8, n.bitpix = 32;
  n.slope = std::ldexp(1.0, -32), n.intercept = 0.5;  // the brain mask of the real data
  for (size_t i = 0; i < 60; ++i) poke(n.voxels, 4 * i, i % 3 == 0 ? INT32_MAX : INT32_MIN);
  Volume volume = fine(n);
  EXPECT_EQ(volume.voxels[0], float(INT32_MAX * std::ldexp(1.0, -32) + 0.5));
  EXPECT_EQ(volume.voxels[1], 0.0f);
  NiftiHeader header;
  LabelVolume labels = read_nifti_labels(system_env(), folder / "good.nii", &header);
  for (int64_t i = 0; i < 60; ++i) EXPECT_EQ(labels.voxels[i], i % 3 == 0 ? 1 : 0);
  ASSERT_EQ(header.warnings.size(), 1u);
  EXPECT_TRUE(has(header.warnings[0], "scl_slope"));
  // 2^31 - 1 is no float: single precision would add the intercept to 2^31 and lose the last bit of the product.
  n.slope = 1, n.intercept = -2147483646.0;
  n.version = 2;
  EXPECT_EQ(read_nifti(system_env(), write("exact.nii", n.bytes())).voxels[0], 1.0f);
}

TEST_F(BadNifti, Entry32_DisplayRange) {
  TestNifti n;
  n.cal_min = 5, n.cal_max = 2;
  warned(n, {"cal_min is 5"});
  n.cal_min = nan;
  warned(n, {"cal_min is nan"});
}

}  // namespace
}  // namespace tomograd
