#include "training/shared_memory.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
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
  std::unique_ptr<SharedMemory> memory(new SharedMemory(std::max<int64_t>(bytes, sizeof(int64_t)), place.ranks));
  bytes = memory->bytes_;
  int own = ::memfd_create("tomograd", MFD_CLOEXEC);
  if (own >= 0 && ::ftruncate(own, bytes) == 0) memory->places_[size_t(place.rank)] = map_file(own, bytes, PROT_READ | PROT_WRITE);
  // In containers of one host a number of a process may be that of another one: what is opened must hold what was put into it.
  const int64_t token = system_clock().unix_milliseconds() * place.ranks + place.rank;
  if (void* mine = memory->places_[size_t(place.rank)]) std::memcpy(mine, &token, sizeof token);
  at::Tensor files = at::zeros({place.ranks, 3}, at::kLong);
  files[place.rank][0] = int64_t(::getpid());
  files[place.rank][1] = int64_t(own);
  files[place.rank][2] = token;
  group.add_up(files);
  for (int64_t r = 0; r < place.ranks; ++r) memory->processes_[size_t(r)] = int(files[r][0].item<int64_t>());
  bool all = memory->places_[size_t(place.rank)] != nullptr;
  for (int64_t r = 0; r < place.ranks && all; ++r) {
    if (r == place.rank) continue;
    int file = ::open(text("/proc/", files[r][0].item<int64_t>(), "/fd/", files[r][1].item<int64_t>()).c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0 && ::lseek(file, 0, SEEK_END) >= bytes) memory->places_[size_t(r)] = map_file(file, bytes, PROT_READ);
    if (file >= 0) ::close(file);
    const void* found = memory->places_[size_t(r)];
    const int64_t wanted = files[r][2].item<int64_t>();
    all = found && std::memcmp(found, &wanted, sizeof wanted) == 0;
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
