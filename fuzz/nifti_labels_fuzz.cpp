// A label map: every label is the whole number at its voxel, and what was read can be written and reads the same.
#include <cmath>
#include <cstring>

#include "fuzz/fuzz_target.h"
#include "volume/nifti.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryEnv env;
  env.put("/x.nii", bytes_of(data, size));
  NiftiHeader header;
  LabelVolume labels;
  if (!read_hostile(small_budget + 8 * int64_t(size), [&] { labels = read_nifti_labels(env, "/x.nii", &header); })) return 0;
  int64_t voxels = labels.geometry.size.voxels();
  expect(labels.voxels.size() == voxels, "there are not as many labels as the size says");
  read_hostile(small_budget + 32 * int64_t(size), [&] {
    Volume volume = read_nifti(env, "/x.nii");
    for (int64_t i = 0; i < voxels; ++i) expect(std::abs(volume.voxels[i] - float(labels.voxels[i])) < 0.01f, "a label is not the value at its voxel");
    write_nifti_labels(env, "/y.nii", labels, &header);
    LabelVolume copy = read_nifti_labels(env, "/y.nii");
    expect(copy.geometry.size == labels.geometry.size && copy.geometry.affine == labels.geometry.affine, "written and read again, the grid is another one");
    expect(std::memcmp(copy.voxels.data(), labels.voxels.data(), size_t(voxels) * 2) == 0, "written and read again, labels differ");
  }, "labels that were read cannot be written and read again");
  return 0;
}
