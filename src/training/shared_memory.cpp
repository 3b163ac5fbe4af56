#include "training/shared_memory.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

namespace tomograd {
namespace {

void* map_file(int file, int64_t bytes, int protection) {
  void* place = ::mmap(nullptr, size_t(bytes), protection, MAP_SHARED, file, 0);
  return place == MAP_FAILED ? nullptr : place;
}

}  // namespace

std::unique_ptr<SharedMemory> SharedMemory::make(RankGroup& group, int64_t bytes) {
  const RankPlace& place = group.place();
  std::unique_ptr<SharedMemory> memory(new SharedMemory(bytes, place.ranks));
  int own = ::memfd_create("tomograd", MFD_CLOEXEC);
  if (own >= 0 && ::ftruncate(own, bytes) == 0) memory->places_[size_t(place.rank)] = map_file(own, bytes, PROT_READ | PROT_WRITE);
  at::Tensor files = at::zeros({place.ranks, 2}, at::kLong);
  files[place.rank][0] = int64_t(::getpid());
  files[place.rank][1] = int64_t(own);
  group.add_up(files);
  bool all = memory->places_[size_t(place.rank)] != nullptr;
  for (int64_t r = 0; r < place.ranks && all; ++r) {
    if (r == place.rank) continue;
    int file = ::open(text("/proc/", files[r][0].item<int64_t>(), "/fd/", files[r][1].item<int64_t>()).c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) memory->places_[size_t(r)] = map_file(file, bytes, PROT_READ), ::close(file);
    all = memory->places_[size_t(r)] != nullptr;
  }
  at::Tensor without = at::full({1}, int64_t(all ? 0 : 1), at::kLong);
  group.add_up(without);                         // and nobody needs the file of another any more
  if (own >= 0) ::close(own);
  if (without.item<int64_t>() > 0) return nullptr;
  return memory;
}

SharedMemory::~SharedMemory() {
  for (void* place : places_)
    if (place) ::munmap(place, size_t(bytes_));
}

}  // namespace tomograd
