// Bad-input list of the test plan, entries 1 to 22: identity, byte order, dimensions. Each test carries its entry's number.
// E = refused, W = accepted with a warning, OK = accepted.

#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;

TEST_F(BadNifti, Entry01_EmptyFile) {
  refused_path(write("bad.nii", ""), {"is empty"});
  refused_path(write("bad.nii.gz", ""), {"is empty"});
  refused_path(write("bad2.nii.gz", gzipped("")), {"holds 0 bytes"});
}

TEST_F(BadNifti, Entry02_EveryShortLength) {
  std::string good = TestNifti{}.bytes(), good2 = [] { TestNifti n; n.version = 2; return n.bytes(); }();
  for (size_t length = 1; length < 348; ++length) {
    refused_path(write("bad.nii", good.substr(0, length)), {"348", text(length)});
    refused_path(write("bad2.nii", good2.substr(0, length)), {text(length)});
  }
  for (size_t length = 348; length < 540; length += 13) refused_path(write("bad2.nii", good2.substr(0, length)), {"540", text(length)});
  refused(good.substr(0, 347), {"347"});
}

TEST_F(BadNifti, Entry03_HeaderWithoutVoxels) {
  for (int version : {1, 2}) {
    TestNifti n;
    n.version = version;
    refused_path(write("bad.nii", n.header()), {"120 bytes", "the file has"});
    refused_path(write("bad.nii.gz", gzipped(n.header())), {"behind the header"});
  }
}

TEST_F(BadNifti, Entry04_ExtenderCutOff) {
  for (size_t length = 348; length < 352; ++length) refused_path(write("bad.nii", TestNifti{}.bytes().substr(0, length)), {"120 bytes",
      text(length)});
}

TEST_F(BadNifti, Entry05_SizeofHdr) {
  for (int32_t v : {0, 347, 349, -1, INT32_MIN, INT32_MAX}) {
    std::string b = TestNifti{}.bytes();
    poke(b, 0, v);
    refused(b, {"sizeof_hdr", text(v)});
  }
  std::string b = TestNifti{}.bytes() + std::string(200, '\0');
  poke(b, 0, int32_t(540));
  refused(b, {"magic"});
  TestNifti two;
  two.version = 2;
  b = two.bytes();
  poke(b, 0, int32_t(348));
  refused(b, {"magic"});
  b = TestNifti{}.bytes();
  poke(b, 0, int32_t(0x5C010000));  // 348 in the other byte order, the rest in this one
  refused(b, {"datatype"});
}

TEST_F(BadNifti, Entry06_Magic) {
  for (std::string magic : {std::string("n+3\0", 4), std::string("n+1 "), std::string("n+1\x01"), std::string("N+1\0", 4)}) {
    std::string b = TestNifti{}.bytes();
    b.replace(344, 4, magic);
    refused(b, {"magic"});
  }
  std::string b = TestNifti{}.bytes();
  b.replace(344, 4, std::string(4, '\0'));
  refused(b, {"ANALYZE"});
  TestNifti two;
  two.version = 2;
  for (size_t i = 0; i < 8; ++i) {
    b = two.bytes();
    b[4 + i] = char(b[4 + i] ^ 1);
    refused(b, {"magic"});
  }
  b = two.bytes();
  b.replace(8, 4, "\n\n\x1a\n");  // what a text-mode transfer does to 0D 0A 1A 0A
  refused(b, {"magic", "line ends"});
  b.replace(8, 4, "\r\r\x1a\r");
  refused(b, {"magic", "line ends"});
}

TEST_F(BadNifti, Entry07_AnotherFormatUnderTheName) {
  std::string filler(600, 'x');
  std::string dicom = std::string(128, '\0') + "DICM" + filler;
  for (auto [content, word] : {std::pair<std::string, std::string>{"PK\x03\x04" + filler, "zip"}, {dicom, "DICOM"},
      {"\n<!DOCTYPE html><html>404" + filler, "HTML"},
                               {std::string("II*\0", 4) + filler, "TIFF"}, {std::string("MM\0*", 4) + filler, "TIFF"}}) {
    refused_path(write("bad.nii", content), {word});
    refused_path(write("bad.nii.gz", content), {"not gzip", word});
  }
  refused_path(write("bad.nii", gzipped(TestNifti{}.bytes())), {"is gzip", ".gz"});
  refused_path(write("bad.nii.gz", TestNifti{}.bytes()), {"not gzip"});
}

TEST_F(BadNifti, Entry08_ForeignByteOrder) {
  for (int version : {1, 2}) {
    TestNifti n;
    n.version = version, n.swapped = true;
    NiftiHeader header;
    expect_ramp(fine(n, &header));
    EXPECT_TRUE(header.swapped);
    EXPECT_EQ(header.geometry.affine[2][3], -30);
  }
}

// Nothing in the file tells: the values come out swapped. Documented, not detected.
TEST_F(BadNifti, Entry09_ForeignHeaderNativeVoxels) {
  TestNifti n;
  n.swapped = true;
  n.voxels = TestNifti{}.ramp();
  Volume volume = fine(n);
  EXPECT_EQ(volume.voxels[1], 256);
}

TEST_F(BadNifti, Entry10_DimensionsInTheOtherByteOrder) {
  std::string b = TestNifti{}.bytes();
  for (size_t i = 0; i < 8; ++i) poke(b, 40 + 2 * i, int16_t(i == 0 ? 3 : 4), true);
  refused(b, {"dim[0] is 768"});
  TestNifti foreign;
  foreign.swapped = true;
  b = foreign.bytes();
  poke(b, 40, int16_t(3), false);
  refused(b, {"dim[0] is 768"});
  poke(b, 40, int16_t(1), false);
  refused(b, {"dim[0] is 256"});
}

TEST_F(BadNifti, Entry11_NoDimensions) {
  TestNifti n;
  n.dim[0] = 0;
  refused(n, {"dim[0] is 0", "1 to 7"});
}

TEST_F(BadNifti, Entry12_ForeignByteOrderWithExtensions) {
  TestNifti n;
  n.swapped = true;
  n.extension = std::string("\1\0\0\0", 4);
  poke(n.extension, 4, int32_t(32), true);
  poke(n.extension, 8, int32_t(6), true);
  n.extension += std::string("a comment, padded to 24 ");
  NiftiHeader header;
  expect_ramp(fine(n, &header));
  ASSERT_EQ(header.extensions.size(), 1u);
  EXPECT_EQ(header.extensions[0].code, 6);
  EXPECT_EQ(header.extensions[0].content, "a comment, padded to 24 ");
}

// Entry 13, foreign order beyond 2^31 voxels, is in nifti_large_test.cpp beside entry 21.

TEST_F(BadNifti, Entry14_ForeignByteOrderOfTypesThatAreNotRead) {
  for (auto [datatype, bitpix, name] : {std::tuple{32, 64, "complex64"}, {128, 24, "rgb24"}, {1536, 128, "float128"}, {1792, 128,
      "complex128"}}) {
    TestNifti n;
    n.swapped = true, n.datatype = datatype, n.bitpix = bitpix;
    n.voxels = std::string(60 * size_t(bitpix) / 8, 'v');
    refused(n, {name, "not supported"});
  }
}

TEST_F(BadNifti, Entry15_Rank) {
  for (int64_t v : {int64_t{-1}, int64_t{0}, int64_t{8}, int64_t{200}, int64_t{32767}}) {
    TestNifti n;
    n.dim[0] = v;
    refused(n, {text("dim[0] is ", v), "1 to 7"});
  }
  for (int64_t v : {INT64_MIN, INT64_MAX, int64_t{200}}) {
    TestNifti n;
    n.version = 2, n.dim[0] = v;
    refused(n, {text("dim[0] is ", v), "1 to 7"});
  }
}

TEST_F(BadNifti, Entry16_EmptyOrNegativeDimension) {
  for (int axis : {1, 2, 3})
    for (int64_t v : {0, -1, -32768}) {
      TestNifti n;
      n.dim[size_t(axis)] = v;
      refused(n, {text("dim[", axis, "] is ", v), "at least 1"});
      n.version = 2;
      refused(n, {text("dim[", axis, "] is ", v), "at least 1"});
    }
  TestNifti n;
  n.dim[1] = -1;
  std::string b = n.bytes();
  poke(b, 144, int32_t(163842));  // glmin
  refused(b, {"dim[1] is -1", "FreeSurfer", "163842"});
}

TEST_F(BadNifti, Entry17_ProductOverflow) {
  TestNifti n;
  n.dim = {7, 32767, 32767, 32767, 32767, 32767, 32767, 32767};
  refused(n, {"dim[", "64 bits"});
  n.version = 2;
  for (std::vector<int64_t> dim : {std::vector<int64_t>{2, int64_t{1} << 32, int64_t{1} << 32, 1, 1, 1, 1, 1}, {1, INT64_MAX, 1, 1, 1, 1, 1,
      1}, {3, INT64_MAX, INT64_MAX, 1, 1, 1, 1, 1},
                                   {3, (int64_t{1} << 32) + 1, int64_t{1} << 32, 1, 1, 1, 1, 1},                    // wraps to 2^32
                                   {2, int64_t{3074457345618258603}, 6, 1, 1, 1, 1, 1},                             // wraps to 2
                                   {1, int64_t{1} << 62, 1, 1, 1, 1, 1,
                                       1}}) {                                      // fits, its bytes do not
    n.dim = dim;
    refused(n, {"dim[", "64 bits"});
  }
}

TEST_F(BadNifti, Entry18_OneVoxelShortOneExtra) {
  TestNifti n;
  n.voxels = n.ramp().substr(0, 118);
  refused_path(write("bad.nii", n.bytes()), {"120 bytes", "352", text(352 + 118)});
  refused_path(write("bad.nii.gz", gzipped(n.bytes())), {"ends at byte 470", "472"}, false);
  n.voxels = n.ramp() + "\1\2";
  warned(n, {"2 bytes follow"});
  n.voxels = n.ramp() + std::string(70000, 'x');
  refused(n, {"more than", "header declares"}, false);
}

TEST_F(BadNifti, Entry19_DimensionsBeyondTheRank) {
  TestNifti n;
  n.dim[5] = 7;
  NiftiHeader header = warned(n, {"dim[5] is 7", "dim[0] is 3"});
  EXPECT_EQ(header.frames, 1);
  n.dim[5] = 0;
  fine(n);
}

TEST_F(BadNifti, Entry20_TrailingOnes) {
  for (int64_t rank : {4, 5, 6, 7}) {
    TestNifti n;
    n.dim[0] = rank;
    NiftiHeader header;
    expect_ramp(fine(n, &header));
    EXPECT_EQ(header.frames, 1);
    EXPECT_EQ(header.geometry.size, (Extent{3, 4, 5}));
  }
}

// Entry 21, files around 2^31 and 2^32 bytes and voxels, is in nifti_large_test.cpp.

TEST_F(BadNifti, Entry22_SmallFileThatDeclaresGigabytes) {
  TestNifti n;
  n.dim = {3, 3000, 2000, 3000, 1, 1, 1, 1};  // 36 GB of int16
  std::string b = n.bytes().substr(0, 377);
  int64_t peak = process_peak_bytes();
  refused_path(write("bad.nii", b), {"36000000000", "377"});
  std::string zipped = gzipped(b);
  refused_path(write("bad.nii.gz", zipped), {"36000000000", "cannot hold more than", text(1032 * zipped.size() + (1 << 20))});
  EXPECT_LT(process_peak_bytes() - peak, int64_t{32} << 20);

  // In O(1): of a large gzip file only the first pieces are looked at.
  std::string noise(8 << 20, '\0');
  uint32_t state = 1;
  for (char& c : noise) c = char((state = state * 1664525u + 1013904223u) >> 24);
  TestNifti big;
  big.dim = {3, 30000, 30000, 30000, 1, 1, 1, 1};
  big.voxels = noise;
  std::string path = write("big.nii.gz", gzipped(big.bytes(), 1));
  ASSERT_GT(system_env().file_size(path), int64_t{8} << 20);
  WatchedEnv env;
  EXPECT_THROW(read_nifti(env, path), Error);
  EXPECT_LT(env.bytes_read, int64_t{1} << 20);
}

}  // namespace
}  // namespace tomograd
