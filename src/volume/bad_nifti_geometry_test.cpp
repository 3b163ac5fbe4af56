// Bad-input list of the test plan, entries 33 to 45: spacing, qform, sform, units, orientation.
#include <cmath>
#include <limits>

#include "volume/nifti_affine.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;
constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

TestNifti with_qform() {
  TestNifti n;
  n.sform_code = 0, n.qform_code = 1;
  n.qoffset = {-10, -20, -30};
  return n;
}

// Both forms, saying the same: the sform's diagonal is pixdim.
TestNifti with_both() {
  TestNifti n = with_qform();
  n.sform_code = 1;
  return n;
}

TEST_F(BadNifti, Entry33_Spacing) {
  for (int axis : {1, 2, 3})
    for (double v : {0.0, -1.0, nan, inf, -inf, 1e-30, 1e30}) {
      TestNifti n;
      n.pixdim[size_t(axis)] = v;
      refused(n, {text("pixdim[", axis, "] is "), "voxel's size"});
      n.version = 2;
      refused(n, {text("pixdim[", axis, "] is ", v), "voxel's size"});
    }
  TestNifti flat;  // an axis beyond the rank does not count
  flat.dim = {2, 5, 4, 0, 0, 0, 0, 0};
  flat.pixdim[3] = 0;
  flat.voxels = flat.ramp().substr(0, 40);
  EXPECT_EQ(fine(flat).geometry.size, (Extent{1, 4, 5}));
}

TEST_F(BadNifti, Entry34_Qfac) {
  for (double v : {0.0, 2.0, nan}) {
    TestNifti n = with_qform();
    n.pixdim[0] = v;
    EXPECT_EQ(warned(n, {text("qfac) is ", v), "1 is used"}).geometry.affine[2][2], 2);
  }
  TestNifti n = with_qform();
  n.pixdim[0] = -1;
  EXPECT_EQ(fine(n).geometry.affine[2][2], -2);
  TestNifti s;  // without a qform it does not count
  s.pixdim[0] = 0;
  fine(s);
}

TEST_F(BadNifti, Entry35_QuaternionLongerThanOne) {
  TestNifti n = with_qform();
  n.quatern = {std::sqrt(1 + 1e-7), 0, 0};  // half a turn about x
  Volume volume = fine(n);
  EXPECT_NEAR(volume.geometry.affine[1][1], -1.5, 1e-6);
  EXPECT_NEAR(volume.geometry.affine[2][2], -2, 1e-6);
  n.quatern = {std::sqrt(1.01), 0, 0};
  refused(n, {"quatern", "1.01", "at most 1"});
  n.quatern = {0, nan, 0};
  refused(n, {"quatern", "nan"});
  n.quatern = {0, inf, 0};
  refused(n, {"quatern", "inf"});
  n = with_qform();
  n.qoffset[1] = nan;
  refused(n, {"qoffset_y is nan"});
  n = with_both();  // where the sform is used, a bad qform is only told
  n.quatern = {1, 1, 0};
  warned(n, {"qform is not usable", "sform is used"});
}

TEST_F(BadNifti, Entry36_FormCodes) {
  for (int code = 1; code <= 5; ++code) {
    TestNifti n = with_both();
    n.qform_code = n.sform_code = code;
    NiftiHeader header;
    fine(n, &header);
    EXPECT_EQ(header.sform_code, code);
    EXPECT_EQ(header.qform_code, code);
  }
  TestNifti n = with_both();
  n.qform_code = -1;
  warned(n, {"qform_code is -1", "not set"});
  n.qform_code = 32767;
  warned(n, {"qform_code is 32767", "counts as set"});
  n = with_both();
  n.srow[3] = 77;
  n.qoffset[0] = 77;
  n.sform_code = -1;
  EXPECT_EQ(warned(n, {"sform_code is -1", "not set"}).geometry.affine[0][3], 77);
}

TEST_F(BadNifti, Entry37_OrientationUnknown) {
  TestNifti n;
  n.sform_code = 0;
  NiftiHeader header = warned(n, {"orientation unknown", "left and right"});
  EXPECT_FALSE(header.orientation_known);
  EXPECT_EQ(header.geometry.affine, (Affine{{{1, 0, 0, 0}, {0, 1.5, 0, 0}, {0, 0, 2, 0}}}));
  fine(TestNifti{}, &header);
  EXPECT_TRUE(header.orientation_known);
  fine(with_qform(), &header);
  EXPECT_TRUE(header.orientation_known);
}

TEST_F(BadNifti, Entry38_UnusableSform) {
  TestNifti n;
  n.srow = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0};
  refused(n, {"sform column 1", "length 0"});
  n.srow = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
  refused(n, {"determinant"});
  n.srow = {1, 0, 0, 0, nan, nan, nan, nan, 0, 0, 2, 0};
  refused(n, {"srow_y[0] is nan"});
  n.srow = {1, 0, 0, 0, 0, 1, 0, inf, 0, 0, 2, 0};
  refused(n, {"srow_y[3] is inf"});
  n.srow = {};
  refused(n, {"sform column 0"});
}

TEST_F(BadNifti, Entry39_ShearedSform) {
  for (double shear : {1e-6, 1e-5}) {
    TestNifti n;
    n.srow[1] = shear;
    EXPECT_EQ(fine(n).geometry.affine[0][1], double(float(shear)));
  }
  for (double shear : {1e-3, 1e-2, 1e-1}) {
    TestNifti n;
    n.pixdim[2] = std::hypot(1.5, shear);
    n.srow[1] = shear;
    EXPECT_EQ(warned(n, {"sheared", "exact matrix"}).geometry.affine[0][1], double(float(shear)));
  }
}

TEST_F(BadNifti, Entry40_SformScaleAgainstPixdim) {
  TestNifti n;
  n.pixdim[1] = 0.86;
  NiftiHeader header = warned(n, {"pixdim[1] is 0.86", "sform's spacing 1 mm", "sform is used"});
  EXPECT_EQ(header.geometry.spacing()[2], 1);
}

TEST_F(BadNifti, Entry41_FormsThatDisagree) {
  TestNifti n = with_both();
  n.srow[0] = -1;  // a flip, so another handedness
  warned(n, {"sform (LAS)", "qform (RAS)", "sform is used"});
  n = with_both();
  n.pixdim[1] = n.pixdim[2] = 1.5;
  n.srow = {0, 1.5, 0, -10, 1.5, 0, 0, -20, 0, 0, 2, -30};
  warned(n, {"sform (ARS)", "qform (RAS)", "sform is used"});
  n = with_both();
  n.srow[3] += 1;
  NiftiHeader header = warned(n, {"1 mm apart", "sform is used"});
  EXPECT_EQ(header.geometry.affine[0][3], -9);
  n = with_both();
  n.pixdim[0] = -1;
  warned(n, {"sform (RAS)", "qform (RAI)"});
  fine(with_both());
}

// All 48 axis orders and directions, told by either form or both, both versions: affine exact to single precision, the
// letters right, and canonical order puts the same world point at the same value.
TEST_F(BadNifti, Entry42_All48Orientations) {
  int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  double spacing[3] = {1, 1.5, 2};
  for (auto& order : orders)
    for (int signs = 0; signs < 8; ++signs) {
      Affine affine{};
      std::string letters;
      for (size_t column = 0; column < 3; ++column) {
        bool negative = signs >> column & 1;
        affine[size_t(order[column])][column] = negative ? -spacing[column] : spacing[column];
        letters += (negative ? "LPI" : "RAS")[order[column]];
      }
      for (size_t row = 0; row < 3; ++row) affine[row][3] = 10.0 * double(row + 1);
      Quaternion quaternion;
      ASSERT_TRUE(quaternion_of(affine, quaternion));
      for (int form : {1, 2, 3})
        for (int version : {1, 2}) {
          TestNifti n;
          n.version = version;
          n.qform_code = form & 1, n.sform_code = form >> 1;
          n.quatern = quaternion.bcd, n.pixdim[0] = quaternion.qfac, n.qoffset = {10, 20, 30};
          for (size_t i = 0; i < 12; ++i) n.srow[i] = affine[i / 4][i % 4];
          Volume volume = fine_path(write("turned.nii", n.bytes()));
          for (size_t row = 0; row < 3; ++row)
            for (size_t column = 0; column < 4; ++column) EXPECT_NEAR(volume.geometry.affine[row][column], affine[row][column],
                1e-6) << letters;
          EXPECT_EQ(volume.geometry.orientation(), letters);
          Reorientation r = to_canonical(volume.geometry);
          Geometry canonical = reoriented(volume.geometry, r);
          EXPECT_EQ(canonical.orientation(), "RAS");
          Buffer<float> moved = reorient_voxels(volume.voxels, volume.geometry.size, r);
          // The voxel that lies furthest right, front and up is last in canonical order.
          Geometry identity{canonical.size, canonical.affine};
          auto corner = identity.world(double(canonical.size.z - 1), double(canonical.size.y - 1), double(canonical.size.x - 1));
          int64_t found = -1;
          for (int64_t z : {int64_t{0}, int64_t{2}})
            for (int64_t y : {int64_t{0}, int64_t{3}})
              for (int64_t x : {int64_t{0}, int64_t{4}}) {
                auto p = volume.geometry.world(double(z), double(y), double(x));
                if (std::hypot(p[0] - corner[0], p[1] - corner[1], p[2] - corner[2]) < 1e-4) found = volume.index(z, y, x);
              }
          ASSERT_GE(found, 0);
          EXPECT_EQ(moved[59], volume.voxels[found]);
        }
    }
}

TEST_F(BadNifti, Entry43_Oblique) {
  for (double degrees : {5.0, 15.0, 30.0, 44.0, 46.0, 60.0, 83.0, 85.0}) {
    double a = degrees * M_PI / 180;
    TestNifti n = with_qform();
    n.quatern = {0, 0, std::sin(a / 2)};  // about z
    Volume volume = fine(n);
    EXPECT_NEAR(volume.geometry.affine[0][0], std::cos(a), 1e-6);
    EXPECT_NEAR(volume.geometry.affine[1][0], std::sin(a), 1e-6);
    EXPECT_NEAR(volume.geometry.affine[0][1], -1.5 * std::sin(a), 2e-6);
    EXPECT_EQ(volume.geometry.orientation(), degrees < 45 ? "RAS" : "ALS") << degrees;
    Geometry canonical = reoriented(volume.geometry, to_canonical(volume.geometry));
    Geometry back = reoriented(canonical, inverse(to_canonical(volume.geometry)));
    std::string reason;
    EXPECT_TRUE(same_grid(volume.geometry, back, 1e-9, &reason)) << reason;
  }
  TestNifti tie = with_qform();  // 45 degrees, whatever the round-off: the first axis gets R
  for (double noise : {-1e-8, 0.0, 1e-8}) {
    tie.version = 2;
    tie.quatern = {0, 0, std::sin(M_PI / 8 + noise)};
    EXPECT_EQ(fine(tie).geometry.orientation(), "RAS");
  }
}

TEST_F(BadNifti, Entry44_Units) {
  for (auto [units, factor] : {std::pair{1, 1000.0}, {2, 1.0}, {3, 1e-3}, {0, 1.0}, {2 + 8, 1.0}, {3 + 16, 1e-3}})
    for (TestNifti n : {TestNifti{}, with_qform(), with_both()}) {
      n.units = units;
      Volume volume = fine(n);
      EXPECT_DOUBLE_EQ(volume.geometry.affine[1][1], 1.5 * factor);
      EXPECT_DOUBLE_EQ(volume.geometry.affine[2][3], -30 * factor);
      EXPECT_DOUBLE_EQ(volume.geometry.spacing()[0], 2 * factor);
    }
  TestNifti n;
  n.units = 255;
  EXPECT_EQ(warned(n, {"xyzt_units is 255", "millimetres"}).geometry.affine[1][1], 1.5);
}

// The room's part: grids of image and label are compared exactly enough, and the reason says how they differ.
TEST_F(BadNifti, Entry45_UnequalGrids) {
  Volume image = fine(TestNifti{});
  auto other = [&](auto change) {
    TestNifti n;
    n.version = 2;
    change(n);
    return read_nifti(system_env(), write("label.nii", n.bytes())).geometry;
  };
  std::string reason;
  EXPECT_TRUE(same_grid(image.geometry, other([](TestNifti& n) { n.srow[3] += 1e-6; }), 1e-4, &reason)) << reason;
  EXPECT_FALSE(same_grid(image.geometry, other([](TestNifti& n) { n.srow[3] += 1e-3; }), 1e-4, &reason));
  EXPECT_TRUE(has(reason, "0.001")) << reason;
  EXPECT_FALSE(same_grid(image.geometry, other([](TestNifti& n) { n.srow[0] = -1, n.srow[3] = -6; }), 1e-4,
      &reason));  // covers the same box, flipped
  EXPECT_TRUE(has(reason, "RAS") && has(reason, "LAS")) << reason;
  EXPECT_FALSE(same_grid(image.geometry, other([](TestNifti& n) { n.dim[1] = 3, n.dim[3] = 5; }), 1e-4, &reason));
  EXPECT_TRUE(has(reason, "3x4x5") && has(reason, "5x4x3")) << reason;
}

}  // namespace
}  // namespace tomograd
