#include "experiments/sqlite_syncs.h"

#include <sqlite3.h>

#include <atomic>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/error.h"

namespace tomograd {
namespace {

// SQLite's own way to the disk with two of its functions replaced by ones that count and call them.
struct Counting {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::mutex mutex;
  std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods;  // databases and journals have tables of their own
  int (*real_sync)(sqlite3_file*, int) = nullptr;
  int (*real_open_directory)(const char*, int*) = nullptr;
  std::atomic<int64_t> count{0};
  std::atomic<double> seconds{0};
};

Counting& counting() {
  static Counting one;
  return one;
}

int sync_counted(sqlite3_file* file, int flags) {
  ++counting().count;
  double begun = system_clock().monotonic_seconds();
  int code = counting().real_sync(file, flags);
  counting().seconds += system_clock().monotonic_seconds() - begun;
  return code;
}

int open_directory_counted(const char* path, int* out) {  // a folder is opened for nothing else than its sync
  ++counting().count;
  return counting().real_open_directory(path, out);
}

int open_counted(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  Counting& c = counting();
  int code = c.real->xOpen(c.real, name, file, flags, out_flags);
  if (code != SQLITE_OK || !file->pMethods) return code;
  std::lock_guard lock(c.mutex);
  if (!c.real_sync) c.real_sync = file->pMethods->xSync;
  if (file->pMethods->xSync != c.real_sync) return code;  // no file of the disk
  sqlite3_io_methods& counted = c.methods.try_emplace(file->pMethods, *file->pMethods).first->second;
  counted.xSync = &sync_counted;
  file->pMethods = &counted;
  return code;
}

}  // namespace

CountedSyncs::CountedSyncs() {
  Counting& c = counting();
  c.real = sqlite3_vfs_find(nullptr);
  if (!c.real) fail_failure("SQLite has no way to the disk");
  c.count = 0, c.seconds = 0;
  c.vfs = *c.real, c.vfs.zName = "tomograd-counted", c.vfs.xOpen = &open_counted;
  if (c.real->iVersion >= 3) {
    c.real_open_directory = reinterpret_cast<int (*)(const char*, int*)>(c.real->xGetSystemCall(c.real, "openDirectory"));
    c.real->xSetSystemCall(c.real, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(&open_directory_counted));
  }
  sqlite3_vfs_register(&c.vfs, 1);
}

CountedSyncs::~CountedSyncs() {
  Counting& c = counting();
  sqlite3_vfs_unregister(&c.vfs);
  sqlite3_vfs_register(c.real, 1);
  if (c.real_open_directory) c.real->xSetSystemCall(c.real, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(c.real_open_directory));
}

int64_t CountedSyncs::count() const { return counting().count; }
double CountedSyncs::seconds() const { return counting().seconds; }

}  // namespace tomograd
