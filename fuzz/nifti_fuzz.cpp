// A .nii file: header, voxels of the first and the last frame, and back: what was read can be written and reads the same.
#include <cstring>

#include "fuzz/fuzz_target.h"
#include "volume/nifti.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryEnv env;
  env.put("/x.nii", bytes_of(data, size));
  NiftiHeader header;
  Volume volume;
  bool read = read_hostile(small_budget + 8 * int64_t(size), [&] {
    read_nifti_header(env, "/x.nii");
    volume = read_nifti(env, "/x.nii", 0, &header);
    if (header.frames > 1) read_nifti(env, "/x.nii", header.frames - 1);
  });
  if (!read) return 0;
  int64_t voxels = volume.geometry.size.voxels();
  expect(volume.voxels.size() == voxels && voxels >= 1, "the volume has not as many voxels as its size says");
  expect(voxels * voxel_bytes(header.type) * header.frames <= int64_t(size), "more voxels than the file can hold");
  read_hostile(small_budget + 16 * int64_t(size), [&] {
    write_nifti(env, "/y.nii", volume, &header);
    Volume copy = read_nifti(env, "/y.nii");
    expect(copy.geometry.size == volume.geometry.size, "written and read again, the size is another one");
    expect(copy.geometry.affine == volume.geometry.affine, "written and read again, the affine is another one");
    expect(std::memcmp(copy.voxels.data(), volume.voxels.data(), size_t(voxels) * 4) == 0, "written and read again, voxels differ");
  }, "a volume that was read cannot be written and read again");
  return 0;
}
