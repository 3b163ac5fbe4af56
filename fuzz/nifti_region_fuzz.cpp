// A box of a volume: 13 bytes say box and frame, the rest is the file (last bit of the frame's byte: compressed). Whatever is
// read must equal the same box cut from the whole frame.
#include <cstring>

#include "fuzz/fuzz_target.h"
#include "volume/gzip.h"
#include "volume/nifti.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t head = 13;
  if (size < head) return 0;
  int16_t numbers[6];
  std::memcpy(numbers, data, sizeof numbers);
  Box box{{numbers[0], numbers[1], numbers[2]}, {numbers[3], numbers[4], numbers[5]}};
  int64_t frame = int8_t(data[12]) / 2;
  bool compressed = data[12] & 1;
  std::string path = compressed ? "/x.nii.gz" : "/x.nii", content = bytes_of(data + head, size - head);
  MemoryEnv env;
  if (compressed) {
    auto file = env.create_file(path, false);
    GzipWriter gzip(*file, int64_t(content.size()));
    gzip.write(content.data(), int64_t(content.size()));
    gzip.finish();
  } else {
    env.put(path, content);
  }
  Buffer<float> region;
  if (!read_hostile(2 * small_budget + 16 * int64_t(size), [&] { region = read_nifti_region(env, path, box, frame); })) return 0;
  Volume whole;
  read_hostile(2 * small_budget + 16 * int64_t(size), [&] { whole = read_nifti(env, path, frame); }, "a region can be read and the volume not");
  expect(region.size() == box.size.voxels(), "the region has another size than was asked for");
  for (int64_t z = 0; z < box.size.z; ++z)
    for (int64_t y = 0; y < box.size.y; ++y) {
      const float* row = whole.voxels.data() + ((box.begin.z + z) * whole.geometry.size.y + box.begin.y + y) * whole.geometry.size.x + box.begin.x;
      expect(std::memcmp(region.data() + (z * box.size.y + y) * box.size.x, row, size_t(box.size.x) * 4) == 0, "region and volume differ");
    }
  return 0;
}
