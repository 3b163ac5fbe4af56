// A .nii.gz file. Even first byte: the rest is the file as it stands. Odd: the rest is compressed first, so that mutations
// reach what lies behind the checksum. Inflated whole (libdeflate) and as a stream (zlib), the same voxels must come out.
#include "fuzz/fuzz_target.h"
#include "volume/nifti.h"
#include "volume/nifti_file.h"

using namespace tomograd;

namespace {

bool voxels_of(MemoryEnv& env, int64_t budget, int64_t whole_limit, std::string& voxels) {
  return read_hostile(budget, [&] {
    NiftiFile file = open_nifti(env, "/x.nii.gz");
    int64_t bytes = voxel_bytes(file.header.type);
    for_each_piece(file, 0, file.frame_voxels(), [&](const unsigned char* raw, int64_t first, int64_t count) {
      expect(first * bytes == int64_t(voxels.size()), "pieces do not follow each other");
      voxels.append(reinterpret_cast<const char*>(raw), size_t(count * bytes));
    }, whole_limit);
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  MemoryEnv env;
  std::string rest = bytes_of(data + 1, size - 1);
  if (data[0] & 1) {
    auto file = env.create_file("/x.nii.gz", false);
    GzipWriter gzip(*file, int64_t(rest.size()));
    gzip.write(rest.data(), int64_t(rest.size()));
    gzip.finish();
  } else {
    env.put("/x.nii.gz", rest);
  }
  int64_t holds = most_bytes_gunzipped(env.file_size("/x.nii.gz")), budget = small_budget + 2 * holds;
  std::string whole, streamed;
  bool read_whole = voxels_of(env, budget, inflate_whole_limit, whole), read_streamed = voxels_of(env, small_budget, 0, streamed);
  expect(read_whole == read_streamed, "inflated whole and as a stream, only one accepts the file");
  if (!read_whole) return 0;
  expect(whole == streamed, "inflated whole and as a stream, voxels differ");
  read_hostile(budget + 4 * holds, [&] { read_nifti(env, "/x.nii.gz"); });
  return 0;
}
