// Where no CUDA compiler was found: there are no devices, and asking for one says why.
#ifndef TOMOGRAD_CUDA
#include "base/error.h"
#include "kernels/msd_cuda.h"

namespace tomograd {
namespace {

[[noreturn]] void absent() { fail_failure("this tomograd was built without its CUDA kernels", "build it where cmake finds nvcc"); }

}  // namespace

struct MsdCuda::State {};
MsdCuda::MsdCuda(const MsdNetwork&, const MsdHead&, bool, int) { absent(); }
MsdCuda::~MsdCuda() = default;
int64_t MsdCuda::bytes_per_voxel() const { absent(); }
void MsdCuda::forward(const MsdCudaVolume&, float*, uint16_t*) { absent(); }
MsdCudaWork MsdCuda::predict(const MsdCudaVolume&, int64_t, int64_t, uint8_t*) { absent(); }
PinnedHostMemory::PinnedHostMemory(void*, int64_t) { absent(); }
PinnedHostMemory::~PinnedHostMemory() = default;
int cuda_devices() { return 0; }
int64_t cuda_free_bytes(int) { absent(); }
CudaDevice measure_cuda_device(int) { absent(); }

}  // namespace tomograd
#endif
