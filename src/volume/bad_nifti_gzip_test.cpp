// Bad-input list of the test plan, entries 56 to 62: gzip. Each file goes through both ways of reading, in one go and as a
// stream, and both must come to the same verdict.
#include "volume/nifti_file.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using BadNifti = NiftiFiles;

struct Outcome {
  std::string voxels, error;
  std::vector<std::string> warnings;
  ErrorKind kind = ErrorKind::failure;
};

Outcome read_way(const std::string& path, int64_t whole_limit) {
  Outcome outcome;
  try {
    NiftiFile file = open_nifti(system_env(), path);
    int64_t bytes = voxel_bytes(file.header.type);
    for_each_piece(file, 0, file.frame_voxels(), [&](const unsigned char* raw, int64_t,
        int64_t count) { outcome.voxels.append(reinterpret_cast<const char*>(raw), size_t(count * bytes)); }, whole_limit);
    outcome.warnings = file.header.warnings;
  } catch (const Error& error) {
    outcome.voxels.clear();
    outcome.error = error.what();
    outcome.kind = error.kind();
  }
  return outcome;
}

Outcome read_both_ways(const std::string& path) {
  Outcome whole = read_way(path, int64_t{1} << 40), stream = read_way(path, 0);
  EXPECT_EQ(whole.error.empty(), stream.error.empty()) << whole.error << " / " << stream.error;
  EXPECT_EQ(whole.voxels, stream.voxels);
  EXPECT_EQ(whole.warnings, stream.warnings);
  return whole;
}

void expect_refused(const std::string& path, const std::string& part = "") {
  Outcome outcome = read_both_ways(path);
  ASSERT_FALSE(outcome.error.empty()) << path << " was accepted";
  EXPECT_EQ(outcome.kind, ErrorKind::input) << outcome.error;
  EXPECT_NE(outcome.error.find(part), std::string::npos) << outcome.error;
}

void expect_voxels(const std::string& path, const std::string& voxels, const std::string& warning = "") {
  Outcome outcome = read_both_ways(path);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.voxels, voxels);
  ASSERT_EQ(outcome.warnings.size(), warning.empty() ? 0u : 1u);
  if (warning.empty()) return;
  EXPECT_NE(outcome.warnings[0].find(warning), std::string::npos) << outcome.warnings[0];
}

// Voxels that compress, but not to nothing: 4000 bytes of gzip.
TestNifti textured() {
  TestNifti n;
  n.dim = {3, 20, 15, 13, 1, 1, 1, 1};
  uint32_t state = 7;
  for (int i = 0; i < 20 * 15 * 13; ++i) {
    state = state * 1664525u + 1013904223u;
    poke(n.voxels, n.voxels.size(), int16_t(state >> 25));
  }
  return n;
}

TEST_F(BadNifti, Entry56_Truncation) {
  std::string whole = gzipped(textured().bytes()), path = folder / "cut.nii.gz";
  put_file(path, whole);
  expect_voxels(path, textured().voxels);
  for (size_t missing = 1; missing <= 64; ++missing) {
    put_file(path, whole.substr(0, whole.size() - missing));
    expect_refused(path, "cut short");
  }
  uint32_t state = 11;
  for (int i = 0; i < 1000; ++i) {
    state = state * 1664525u + 1013904223u;
    size_t length = 20 + (state >> 8) % (whole.size() - 20);
    put_file(path, whole.substr(0, length));
    expect_refused(path, "cut short");
  }
}

TEST_F(BadNifti, Entry57_ChecksumAndLength) {
  std::string whole = gzipped(textured().bytes());
  for (size_t back = 1; back <= 8; ++back) {
    std::string b = whole;
    b[b.size() - back] = char(b[b.size() - back] ^ 0x10);
    expect_refused(write("bad.nii.gz", b), back <= 4 ? "length" : "data check");
  }
  for (size_t at = 400; at < whole.size() - 8; at += 97) {  // one bit anywhere in the data
    std::string b = whole;
    b[at] = char(b[at] ^ 1);
    expect_refused(write("bad.nii.gz", b));
  }
}

TEST_F(BadNifti, Entry58_MembersPaddingAndGarbage) {
  TestNifti n = textured();
  std::string content = n.bytes(), members;
  for (size_t at = 0; at < content.size(); at += 100) members += gzipped(content.substr(at, 100));  // as bgzip does
  expect_voxels(write("members.nii.gz", members), n.voxels);
  std::string whole = gzipped(content);
  expect_voxels(write("padded.nii.gz", whole + std::string(1000, '\0')), n.voxels);
  expect_voxels(write("padded.nii.gz", whole + std::string(300000, '\0')), n.voxels);
  expect_voxels(write("garbage.nii.gz", whole + "some words"), n.voxels, "not gzip and is ignored");
  expect_voxels(write("garbage.nii.gz", whole + std::string(300000, '\0') + "\x1f\x8b"), n.voxels, "not gzip and is ignored");
  expect_voxels(write("garbage.nii.gz", whole + "\x1f"), n.voxels, "not gzip and is ignored");
  expect_refused(write("bad.nii.gz", whole + gzipped("x").substr(0, 15)), "cut short");
  expect_refused(write("bad.nii.gz", members.substr(0, members.size() - 1)), "cut short");
}

// A member that begins in the last byte of an input piece (256 KiB) is seen as one.
TEST_F(BadNifti, Entry58_MemberAcrossPieces) {
  for (int64_t wanted : {(256 << 10) - 2, (256 << 10) - 1, 256 << 10, (256 << 10) + 1}) {
    TestNifti n;
    std::vector<unsigned char> filler(60000, 'f');
    std::string first;
    for (int rest = int(wanted); rest > 0;) {  // empty members with a long extra field make any length
      int extra = std::clamp(rest - 22, 0, 60000);
      if (rest - 22 - extra > 0 && rest - 22 - extra < 22) extra -= 22;
      gz_header head{};
      head.extra = filler.data();
      head.extra_len = uInt(extra);
      std::string member = gzipped("", 6, &head);
      first += member;
      rest -= int(member.size());
    }
    ASSERT_EQ(int64_t(first.size()), wanted);
    expect_voxels(write("across.nii.gz", first + gzipped(n.bytes())), n.image());
  }
}

TEST_F(BadNifti, Entry59_MemberHeaders) {
  TestNifti n = textured();
  for (std::string name : {std::string("/etc/passwd"), std::string("../../x"), std::string(65536, 'n'), std::string("\x1b[31m")}) {
    gz_header head{};
    head.name = reinterpret_cast<Bytef*>(name.data());
    expect_voxels(write("named.nii.gz", gzipped(n.bytes(), 6, &head)), n.voxels);
  }
  std::string extra(65535, 'e');
  gz_header head{};
  head.extra = reinterpret_cast<Bytef*>(extra.data());
  head.extra_len = 65535;
  head.hcrc = 1;
  std::string b = gzipped(n.bytes(), 6, &head);
  expect_voxels(write("extra.nii.gz", b), n.voxels);
  b[10 + 2 + 65535] = char(b[10 + 2 + 65535] ^ 1);  // the header's own checksum
  expect_refused(write("bad.nii.gz", b), "header crc");
  std::string never = gzipped(n.bytes()).substr(0, 10) + std::string(1000, 'x');  // a name without an end
  never[3] = 8;
  expect_refused(write("bad.nii.gz", never), "cut short");
}

TEST_F(BadNifti, Entry60_Bomb) {
  TestNifti n;  // 60 voxels declared, 128 MB follow
  n.voxels = n.ramp() + std::string(128 << 20, '\0');
  std::string path = write("bomb.nii.gz", gzipped(n.bytes(), 1));
  n.voxels.clear();
  refused_path(path, {"header declares"}, false);  // within 4 MiB of memory
  expect_refused(path, "header declares");
  // And nothing beyond the declared size is inflated: a checksum error behind it goes unseen.
  std::string damaged = get_file(path);
  damaged[damaged.size() - 6] = char(damaged[damaged.size() - 6] ^ 1);
  put_file(path, damaged);
  expect_refused(path, "header declares");
}

TEST_F(BadNifti, Entry61_EmptyMembersAndStoredBlocks) {
  TestNifti n = textured();
  std::string nothing = gzipped("");
  expect_voxels(write("empty.nii.gz", nothing + gzipped(n.bytes()) + nothing + nothing), n.voxels);
  expect_voxels(write("stored.nii.gz", gzipped(n.bytes(), 0)), n.voxels);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += nothing;
  expect_voxels(write("many.nii.gz", many + gzipped(n.bytes()) + many), n.voxels);
}

TEST_F(BadNifti, Entry62_OtherCompressions) {
  std::string filler(600, 'x');
  for (auto [content, word] : {std::pair<std::string, std::string>{"\x28\xb5\x2f\xfd" + filler, "zstd"}, {"BZh91AY" + filler, "bzip2"},
      {std::string("\xfd" "7zXZ\0", 6) + filler, "xz"}}) {
    refused_path(write("bad.nii.gz", content), {"not gzip", word});
    refused_path(write("bad.nii", content), {word});
  }
}

}  // namespace
}  // namespace tomograd
