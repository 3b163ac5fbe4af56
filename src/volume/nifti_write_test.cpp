#include <cmath>

#include "base/digest.h"
#include "base/log.h"
#include "base/random.h"
#include "volume/nifti_affine.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using NiftiWrite = NiftiFiles;

Volume sample(Extent size, Affine affine) {
  Volume volume{{size, affine}, Buffer<float>(size.voxels())};
  for (int64_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = float(i) * 0.37f - 20;
  return volume;
}

const Affine oblique = [] {
  auto r = rotation_of({0.1, -0.2, 0.3}, 1e-15);
  Affine a;
  for (size_t row = 0; row < 3; ++row) a[row] = {r[row][0] * 0.9, r[row][1] * 1.1, r[row][2] * -2.5, 11.0 * double(row) - 7};
  return a;
}();

TEST_F(NiftiWrite, ComesBackExactly) {
  Volume volume = sample({5, 7, 9}, oblique);
  for (std::string name : {"a.nii", "a.nii.gz", "A.NII.GZ"}) {
    write_nifti(system_env(), folder / name, volume);
    NiftiHeader header;
    Volume back = fine_path(folder / name, &header);
    EXPECT_TRUE(std::equal(volume.voxels.begin(), volume.voxels.end(), back.voxels.begin(), back.voxels.end()));
    std::string reason;
    EXPECT_TRUE(same_grid(volume.geometry, back.geometry, 1e-5, &reason)) << reason;  // single precision in the file
    EXPECT_EQ(header.qform_code, 1);
    EXPECT_EQ(header.sform_code, 1);
    EXPECT_EQ(header.version, 1);
  }
}

// Checked against the standard's table of places, not with our own reader.
TEST_F(NiftiWrite, BytesOfTheHeader) {
  write_nifti(system_env(), folder / "a.nii", sample({2, 3, 4}, {{{-2, 0, 0, 5}, {0, 3, 0, 6}, {0, 0, 4, 7}}}));
  std::string b = get_file(folder / "a.nii");
  ASSERT_EQ(b.size(), 352u + 24 * 4);
  auto i16 = [&](size_t at) { int16_t v; std::memcpy(&v, b.data() + at, 2); return v; };
  auto f32 = [&](size_t at) { float v; std::memcpy(&v, b.data() + at, 4); return v; };
  EXPECT_EQ(b.substr(0, 4), std::string("\x5c\x01\0\0", 4));
  EXPECT_EQ(b[38], 'r');
  EXPECT_EQ(i16(40), 3);
  EXPECT_EQ(i16(42), 4);
  EXPECT_EQ(i16(44), 3);
  EXPECT_EQ(i16(46), 2);
  for (size_t at : {48, 50, 52, 54}) EXPECT_EQ(i16(at), 1);
  EXPECT_EQ(i16(70), 16);
  EXPECT_EQ(i16(72), 32);
  EXPECT_EQ(f32(76), -1);  // qfac: left-handed
  EXPECT_EQ(f32(80), 2);
  EXPECT_EQ(f32(84), 3);
  EXPECT_EQ(f32(88), 4);
  EXPECT_EQ(f32(108), 352);
  EXPECT_EQ(f32(112), 1);
  EXPECT_EQ(f32(116), 0);
  EXPECT_EQ(b[123], 2);
  EXPECT_EQ(b.substr(148, 9), std::string("tomograd\0", 9));
  EXPECT_EQ(i16(252), 1);
  EXPECT_EQ(i16(254), 1);
  EXPECT_EQ(f32(280), -2);
  EXPECT_EQ(f32(280 + 12), 5);
  EXPECT_EQ(b.substr(344, 8), std::string("n+1\0\0\0\0\0", 8));
}

// dim[0] = 2 needs no pixdim[3]; what is written has three dimensions, and had kept the 0 that nobody could read.
TEST_F(NiftiWrite, LikeAnImageOfTwoDimensions) {
  for (auto [qform, sform] : {std::pair{0, 0}, {1, 0}, {0, 1}}) {
    TestNifti flat;
    flat.dim = {2, 5, 12, 1, 1, 1, 1, 1};
    flat.pixdim = {1, 1, 1.5, 0, 0, 0, 0, 0};
    flat.qform_code = qform, flat.sform_code = sform;
    put_file(folder / "flat.nii", flat.bytes());
    NiftiHeader like;
    Volume volume = read_nifti(system_env(), folder / "flat.nii", 0, &like);
    write_nifti(system_env(), folder / "out.nii", volume, &like);
    Volume back = read_nifti(system_env(), folder / "out.nii");
    EXPECT_EQ(back.geometry.size, (Extent{1, 12, 5}));
    EXPECT_EQ(back.geometry.affine, volume.geometry.affine) << qform << sform;
  }
}

TEST_F(NiftiWrite, LabelsTakeOneByteWhenTheyFit) {
  LabelVolume labels{{{3, 4, 5}, oblique}, Buffer<uint16_t>(60, 0)};
  labels.voxels[7] = 255;
  write_nifti_labels(system_env(), folder / "l.nii", labels);
  EXPECT_EQ(get_file(folder / "l.nii").size(), 352u + 60);
  EXPECT_EQ(read_nifti_labels(system_env(), folder / "l.nii").voxels[7], 255);
  labels.voxels[59] = 65535;
  write_nifti_labels(system_env(), folder / "l.nii.gz", labels);
  NiftiHeader header;
  LabelVolume back = read_nifti_labels(system_env(), folder / "l.nii.gz", &header);
  EXPECT_EQ(header.type, VoxelType::u16);
  EXPECT_EQ(back.voxels[59], 65535);
  EXPECT_EQ(back.voxels[7], 255);
}

TEST_F(NiftiWrite, EqualDataGiveEqualBytesWithoutNameAndTime) {
  Volume volume = sample({11, 12, 13}, oblique);
  write_nifti(system_env(), folder / "one.nii.gz", volume);
  ::usleep(1100000);  // a time stamp would differ
  write_nifti(system_env(), folder / "two.nii.gz", volume);
  std::string one = get_file(folder / "one.nii.gz");
  EXPECT_EQ(one, get_file(folder / "two.nii.gz"));
  EXPECT_EQ(one[3], 0);  // no name, no comment, no extra field
  EXPECT_EQ(one.substr(4, 4), std::string(4, '\0'));
}

// write -> read -> write with `like` = what was read gives the same file, whatever the input's forms, units and order.
TEST_F(NiftiWrite, LikeAnInputRoundTripsBytes) {
  for (int version : {1, 2})
    for (bool swapped : {false, true})
      for (int forms : {0, 1, 2, 3})
        for (int units : {0, 1, 2, 3, 10}) {
          TestNifti n;
          n.version = version, n.swapped = swapped, n.units = units;
          n.qform_code = forms & 1 ? 3 : 0, n.sform_code = forms & 2 ? 4 : 0;
          n.quatern = {0.1, 0.2, -0.3}, n.qoffset = {1, 2, 3.3};
          n.slope = 0.5, n.intercept = 2;
          if (forms & 1) n.srow = {0.3, 1, 0, 4, 1, 0.2, 0, 5, 0, 0.1, 2, 6};
          NiftiHeader header, again;
          Volume volume = read_nifti(system_env(), write("in.nii", n.bytes()), 0, &header);
          write_nifti(system_env(), folder / "out1.nii", volume, &header);
          Volume second = read_nifti(system_env(), folder / "out1.nii", 0, &again);
          write_nifti(system_env(), folder / "out2.nii", second, &again);
          EXPECT_EQ(get_file(folder / "out1.nii"), get_file(folder / "out2.nii"));
          EXPECT_EQ(second.geometry.affine, volume.geometry.affine);
          EXPECT_EQ(again.qform_code, header.qform_code);
          EXPECT_EQ(again.sform_code, header.sform_code);
          EXPECT_EQ(again.orientation_known, header.orientation_known);
          EXPECT_EQ(again.version, version);
          EXPECT_EQ(again.slope, 1);
          EXPECT_EQ(again.intercept, 0);
          EXPECT_EQ(second.voxels[10], 10 * 0.5f + 2);
        }
}

TEST_F(NiftiWrite, LikeAnInputOnAnotherGrid) {
  for (int units : {1, 2, 3}) {
    TestNifti n;
    n.units = units;
    n.sform_code = 4;
    NiftiHeader header;
    Volume volume = read_nifti(system_env(), write("in.nii", n.bytes()), 0, &header);
    Volume moved{{{2, 2, 2}, volume.geometry.affine}, Buffer<float>(8, 1.0f)};
    moved.geometry.affine[0][3] += 3 * moved.geometry.affine[0][0];
    write_nifti(system_env(), folder / "out.nii", moved, &header);
    NiftiHeader out;
    Volume back = fine_path(folder / "out.nii", &out);
    for (size_t row = 0; row < 3; ++row)
      for (size_t column = 0; column < 4; ++column) EXPECT_NEAR(back.geometry.affine[row][column], moved.geometry.affine[row][column],
          1e-6 * (units == 1 ? 1e4 : 10));
    EXPECT_EQ(out.sform_code, 4);
    EXPECT_EQ(out.qform_code, 0);
  }
  // No orientation is claimed where the input claimed none.
  TestNifti unknown;
  unknown.sform_code = 0;
  NiftiHeader header;
  read_nifti(system_env(), write("in.nii", unknown.bytes()), 0, &header);
  Volume coarse = sample({2, 2, 2}, {{{2, 0, 0, 0}, {0, 3, 0, 0}, {0, 0, 4, 0}}});
  write_nifti(system_env(), folder / "out.nii", coarse, &header);
  NiftiHeader out = read_nifti_header(system_env(), folder / "out.nii");
  EXPECT_FALSE(out.orientation_known);
  EXPECT_EQ(out.geometry.affine, coarse.geometry.affine);
}

TEST_F(NiftiWrite, NearHalfATurnTheTwoFormsAgree) {
  int without = 0;
  for (double a : {0.0, 1e-8, 1e-5, 2e-4, 4e-4, 1e-3, 3e-3, 0.01, 0.1}) {  // half a turn, nearly, about an axis near y, and a mirror
    double b = 0.0092, d = 0.0228, c = -std::sqrt(1 - a * a - b * b - d * d);
    Affine tilted{{{1.8 * (a * a + b * b - c * c - d * d), 1.9 * 2 * (b * c - a * d), -2.8 * 2 * (b * d + a * c), 97},
                   {1.8 * 2 * (b * c + a * d), 1.9 * (a * a + c * c - b * b - d * d), -2.8 * 2 * (c * d - a * b), -89},
                   {1.8 * 2 * (b * d - a * c), 1.9 * 2 * (c * d + a * b), -2.8 * (a * a + d * d - b * b - c * c), -20}}};
    write_nifti(system_env(), folder / "a.nii", sample({24, 96, 98}, tilted));
    NiftiHeader header = read_nifti_header(system_env(), folder / "a.nii");
    EXPECT_TRUE(header.warnings.empty()) << a << ": " << header.warnings[0];
    EXPECT_EQ(header.geometry.orientation(), "LAS");
    without += header.qform_code == 0;
  }
  EXPECT_GT(without, 0);
  EXPECT_LT(without, 6);
}

TEST_F(NiftiWrite, ShearedGridsGetNoQform) {
  Affine sheared{{{1, 0.2, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  write_nifti(system_env(), folder / "a.nii", sample({2, 3, 4}, sheared));
  NiftiHeader header = read_nifti_header(system_env(), folder / "a.nii");
  EXPECT_EQ(header.qform_code, 0);
  EXPECT_EQ(header.sform_code, 1);
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column) EXPECT_EQ(header.geometry.affine[row][column], double(float(sheared[row][column])));
}

TEST_F(NiftiWrite, ExtensionsAreCarriedOnAndDicomIsTold) {
  TestNifti n;
  n.extension = std::string("\1\0\0\0", 4);
  for (int32_t code : {6, 2}) {
    poke(n.extension, n.extension.size(), int32_t(32));
    poke(n.extension, n.extension.size(), code);
    n.extension += std::string(23, char('a' + code)) + std::string(1, '\0');
  }
  NiftiHeader header, out;
  Volume volume = read_nifti(system_env(), write("in.nii", n.bytes()), 0, &header);
  std::string told;
  LogSink before = set_log_sink([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) told += message;
  });
  for (std::string name : {"out.nii", "out.nii.gz"}) {
    write_nifti(system_env(), folder / name, volume, &header);
    expect_ramp(read_nifti(system_env(), folder / name, 0, &out));
    ASSERT_EQ(out.extensions.size(), 2u);
    for (size_t i : {0, 1}) {
      EXPECT_EQ(out.extensions[i].code, header.extensions[i].code);
      EXPECT_EQ(out.extensions[i].content, header.extensions[i].content);
    }
  }
  set_log_sink(before);
  EXPECT_TRUE(has(told, "DICOM")) << told;
}

TEST_F(NiftiWrite, LongDimensionsAreNifti2) {
  for (auto [length, version] : {std::pair{int64_t{32767}, 1}, {int64_t{32768}, 2}}) {
    write_nifti(system_env(), folder / "long.nii.gz", sample({1, 1, length}, oblique));
    NiftiHeader header;
    Volume back = fine_path(folder / "long.nii.gz", &header);
    EXPECT_EQ(header.version, version);
    EXPECT_EQ(back.geometry.size.x, length);
    EXPECT_EQ(back.geometry.affine == oblique, version == 2);  // single or double precision
  }
}

TEST_F(NiftiWrite, WhatCannotBeWritten) {
  Volume volume = sample({2, 2, 2}, oblique);
  EXPECT_THROW(write_nifti(system_env(), folder / "a.img", volume), Error);
  EXPECT_THROW(write_nifti(system_env(), folder / "absent/a.nii", volume), Error);
  volume.geometry.size.z = 3;
  EXPECT_THROW(write_nifti(system_env(), folder / "a.nii", volume), Error);
  volume.geometry.size.z = 2;
  volume.geometry.affine[1][1] = NAN;
  EXPECT_THROW(write_nifti(system_env(), folder / "a.nii", volume), Error);
  EXPECT_TRUE(system_env().list(folder.path()).empty());  // no temporary is left behind
}

TEST_F(NiftiWrite, AFailedWriteKeepsTheOldFile) {
  write_nifti(system_env(), folder / "a.nii", sample({2, 2, 2}, oblique));
  std::string old = get_file(folder / "a.nii");
  struct Full : WatchedEnv {
    std::unique_ptr<OutputFile> create_file(const std::string& p, bool n) override {
      struct File : OutputFile {
        std::unique_ptr<OutputFile> inner;
        void write(const void* data, int64_t bytes) override {
          if (bytes > 1000) fail_failure("No space left on device");
          inner->write(data, bytes);
        }
        void write_at(int64_t o, const void* d, int64_t b) override { inner->write_at(o, d, b); }
        void sync() override { inner->sync(); }
        void close() override { inner->close(); }
      };
      auto file = std::make_unique<File>();
      file->inner = WatchedEnv::create_file(p, n);
      return file;
    }
  } env;
  EXPECT_THROW(write_nifti(env, folder / "a.nii", sample({10, 10, 10}, oblique)), Error);
  EXPECT_EQ(get_file(folder / "a.nii"), old);
  EXPECT_EQ(system_env().list(folder.path()).size(), 1u);
}

TEST(NiftiAffine, QuaternionsOfRandomRotationsComeBack) {
  Random random(3, "quaternions");
  for (int i = 0; i < 2000; ++i) {
    std::array<double, 4> q;
    double length = 0;
    for (double& v : q) v = random.normal(), length += v * v;
    if (i % 4 == 0) length -= q[0] * q[0], q[0] = 0;  // half turns
    for (double& v : q) v /= std::sqrt(length);
    if (q[0] < 0)
      for (double& v : q) v = -v;
    auto r = rotation_of({q[1], q[2], q[3]}, 1e-15);
    double qfac = random.chance(0.5) ? 1 : -1;
    Affine a;
    for (size_t row = 0; row < 3; ++row) a[row] = {r[row][0] * 0.5, r[row][1] * 3, r[row][2] * 1.5 * qfac, 0};
    Quaternion back;
    ASSERT_TRUE(quaternion_of(a, back));
    EXPECT_EQ(back.qfac, qfac);
    auto s = rotation_of(back.bcd, 1e-15);
    for (size_t row = 0; row < 3; ++row)
      for (size_t column = 0; column < 3; ++column) ASSERT_NEAR(r[row][column], s[row][column],
          1e-7);  // a = sqrt(1 - ...) loses half the digits near half turns
  }
}

}  // namespace
}  // namespace tomograd
