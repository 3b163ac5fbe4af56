// A pair .hdr/.img: two bytes say how long the header file is, the next one whether the files are compressed (bits 0 and 1)
// and which one is asked for (bit 2).
#include "fuzz/fuzz_target.h"
#include "volume/gzip.h"
#include "volume/nifti.h"

using namespace tomograd;

namespace {

void put(MemoryEnv& env, const std::string& path, const std::string& content, bool compressed) {
  if (!compressed) return env.put(path, content);
  auto file = env.create_file(path + ".gz", false);
  GzipWriter gzip(*file, int64_t(content.size()));
  gzip.write(content.data(), int64_t(content.size()));
  gzip.finish();
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  MemoryEnv env;
  size_t header = std::min(size - 3, size_t(data[0] | data[1] << 8));
  bool header_gz = data[2] & 1, image_gz = data[2] & 2;
  put(env, "/x.hdr", bytes_of(data + 3, header), header_gz);
  put(env, "/x.img", bytes_of(data + 3 + header, size - 3 - header), image_gz);
  std::string asked = data[2] & 4 ? image_gz ? "/x.img.gz" : "/x.img" : header_gz ? "/x.hdr.gz" : "/x.hdr";
  int64_t holds = image_gz ? most_bytes_gunzipped(env.file_size("/x.img.gz")) : int64_t(size);
  read_hostile(2 * small_budget + 8 * holds, [&] { read_nifti(env, asked); });
  return 0;
}
