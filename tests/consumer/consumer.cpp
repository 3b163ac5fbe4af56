// Writes a small volume, reads it back, and says which instruction set the kernels would use.
#include <cstdio>

#include "kernels/cpu_isa.h"
#include "volume/nifti.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  using namespace tomograd;
  Volume volume;
  volume.geometry.size = {3, 5, 7};
  volume.voxels = Buffer<float>(volume.geometry.size.voxels());
  for (int64_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = float(i) * 0.5f;
  write_nifti(system_env(), argv[1], volume);
  Volume again = read_nifti(system_env(), argv[1]);
  for (int64_t i = 0; i < volume.voxels.size(); ++i)
    if (again.voxels[i] != volume.voxels[i]) return 1;
  std::printf("%s %s\n", to_string(again.geometry.size).c_str(), isa_name(current_isa()));
  return 0;
}
