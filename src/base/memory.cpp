#include "base/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t huge_page = int64_t{2} << 20;
std::atomic<int64_t> held{0}, peak{0}, budget{0};

int64_t status_field(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind(name, 0) == 0) return std::atoll(line.c_str() + line.find(':') + 1) * 1024;
  return 0;
}

int64_t number_in(const char* path, int64_t otherwise) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : otherwise;
}

}  // namespace

int64_t counted_bytes() { return held; }
int64_t counted_peak_bytes() { return peak; }
void set_memory_budget(int64_t bytes) { budget = bytes; }
void release_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}
int64_t process_peak_bytes() { return status_field("VmHWM"); }
int64_t process_resident_bytes() { return status_field("VmRSS"); }

int64_t available_memory_bytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::string line;
  int64_t available = 0;
  while (std::getline(meminfo, line))
    if (line.rfind("MemAvailable:", 0) == 0) available = std::atoll(line.c_str() + 13) * 1024;
  constexpr int64_t none = INT64_MAX;
  int64_t limit = number_in("/sys/fs/cgroup/memory.max", none), used = number_in("/sys/fs/cgroup/memory.current", 0);
  if (limit == none) {
    limit = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", none);
    used = number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes", 0);
  }
  return limit == none ? available : std::min(available, std::max<int64_t>(0, limit - used));
}

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  if (bytes < 0) fail_failure(text("a buffer of ", bytes, " bytes was asked for"));
  if (bytes == 0) return;
  int64_t now = held.fetch_add(bytes) + bytes;
  if (int64_t limit = budget; limit > 0 && now > limit) {
    held.fetch_sub(bytes);
    bytes_ = 0;
    fail(ErrorKind::budget, text("a buffer of ", bytes_text(bytes), " would raise memory to ", bytes_text(now), ", over the limit of ", bytes_text(limit)), "raise --max-memory or lower the tile, patch or batch size");
  }
  int64_t alignment = bytes >= huge_page ? huge_page : 64;
  data_ = std::aligned_alloc(size_t(alignment), size_t((bytes + alignment - 1) / alignment * alignment));
  if (!data_) {
    held.fetch_sub(bytes);
    bytes_ = 0;
    fail(ErrorKind::budget, text("the system refused a buffer of ", bytes_text(bytes)), "lower the tile, patch or batch size");
  }
  if (bytes >= huge_page) madvise(data_, size_t(bytes), MADV_HUGEPAGE);
  for (int64_t seen = peak; now > seen && !peak.compare_exchange_weak(seen, now);) {}
}

Memory::~Memory() {
  if (!data_) return;
  std::free(data_);
  held.fetch_sub(bytes_);
}

std::string bytes_text(int64_t bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = double(bytes);
  int unit = 0;
  while (value >= 1000 && unit < 4) value /= 1000, ++unit;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, unit == 0 ? "%.0f %s" : value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return buffer;
}

}  // namespace tomograd
