// A disk below SQLite, for tests: a VFS over the system's one whose n-th operation fails, once or for ever, or with whose n-th
// operation the power goes. What was written since a file's last sync may then be there, or not, or in part.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/random.h"

namespace tomograd {

class FaultySqliteDisk {  // from its making to its end the disk of all SQLite files; one at a time
 public:
  enum class Fault { none, error, full, torn_write, power_cut };

  FaultySqliteDisk() {
    base_ = sqlite3_vfs_find(nullptr);
    vfs_ = *base_;
    vfs_.zName = "faulty", vfs_.pAppData = this, vfs_.szOsFile = int(sizeof(File)) + base_->szOsFile;
    vfs_.xOpen = &open, vfs_.xDelete = &remove, vfs_.xAccess = &access;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultySqliteDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(base_, 1);
  }
  FaultySqliteDisk(const FaultySqliteDisk&) = delete;
  FaultySqliteDisk& operator=(const FaultySqliteDisk&) = delete;

  // The operation number `at` (1, 2, ... from now) fails; for_ever: all after it too. A power cut is for ever.
  void arm(Fault fault, int64_t at, bool for_ever = false) { fault_ = fault, at_ = at, for_ever_ = for_ever || fault == Fault::power_cut, done_ = 0, struck_ = false; }
  void repair() { fault_ = Fault::none; }
  bool struck() const { return struck_; }

  // What is found after the power came back: of each file what was synced, and of the rest a random part, in sectors of 512 bytes.
  void power_returns(Random random, double kept) {
    repair();
    for (auto& [path, image] : images_) {
      std::string bytes = image.synced;
      for (const auto& change : image.pending) {
        if (change.truncates) {
          if (random.chance(kept)) bytes.resize(change.at);
          continue;
        }
        for (size_t from = 0; from < change.bytes.size();) {
          size_t to = std::min(change.bytes.size(), (change.at + from) / 512 * 512 + 512 - change.at);
          if (random.chance(kept)) {
            if (bytes.size() < change.at + to) bytes.resize(change.at + to);
            std::copy(change.bytes.begin() + long(from), change.bytes.begin() + long(to), bytes.begin() + long(change.at + from));
          }
          from = to;
        }
      }
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    }
    images_.clear();
  }

 private:
  struct Change { size_t at = 0; std::string bytes = {}; bool truncates = false; };
  struct Image { std::string synced; std::vector<Change> pending; };
  struct File { sqlite3_file common; FaultySqliteDisk* disk; std::string* path; sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); } };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static FaultySqliteDisk& of(sqlite3_vfs* vfs) { return *static_cast<FaultySqliteDisk*>(vfs->pAppData); }

  bool strikes(bool writes = false) {
    if (fault_ == Fault::none || ((fault_ == Fault::full || fault_ == Fault::torn_write) && !writes)) return false;
    ++done_;
    bool now = done_ == at_ || (for_ever_ && done_ > at_);
    struck_ |= now;
    return now;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto& disk = of(vfs);
    auto& mine = of(file);
    mine.common.pMethods = nullptr;
    if (disk.strikes()) return SQLITE_CANTOPEN;
    int code = disk.base_->xOpen(disk.base_, name, mine.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    mine.common.pMethods = &methods(), mine.disk = &disk, mine.path = new std::string(name ? name : "");
    if (!mine.path->empty() && !disk.images_.contains(*mine.path)) disk.images_[*mine.path].synced = read_text(system_env(), *mine.path);
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync) {
    if (of(vfs).strikes()) return SQLITE_IOERR_DELETE;
    of(vfs).images_.erase(name);
    return of(vfs).base_->xDelete(of(vfs).base_, name, sync);
  }
  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* there) { return of(vfs).strikes() ? SQLITE_IOERR_ACCESS : of(vfs).base_->xAccess(of(vfs).base_, name, flags, there); }
  static int close(sqlite3_file* file) {
    auto& mine = of(file);
    delete mine.path;
    return mine.real()->pMethods->xClose(mine.real());
  }
  static int read(sqlite3_file* file, void* into, int n, sqlite3_int64 at) { return of(file).disk->strikes() ? SQLITE_IOERR_READ : of(file).real()->pMethods->xRead(of(file).real(), into, n, at); }
  static int write(sqlite3_file* file, const void* from, int n, sqlite3_int64 at) {
    auto& mine = of(file);
    bool strikes = mine.disk->strikes(true), torn = strikes && mine.disk->fault_ == Fault::torn_write;
    if (strikes && !torn) return mine.disk->fault_ == Fault::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    if (torn) n /= 2;
    mine.disk->images_[*mine.path].pending.push_back({size_t(at), std::string(static_cast<const char*>(from), size_t(n))});
    int code = mine.real()->pMethods->xWrite(mine.real(), from, n, at);
    return torn ? SQLITE_IOERR_WRITE : code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& mine = of(file);
    if (mine.disk->strikes()) return SQLITE_IOERR_TRUNCATE;
    mine.disk->images_[*mine.path].pending.push_back({size_t(size), {}, true});
    return mine.real()->pMethods->xTruncate(mine.real(), size);
  }
  static int sync(sqlite3_file* file, int) {     // for real it need not be: this machine stays on
    auto& mine = of(file);
    if (mine.disk->strikes()) return SQLITE_IOERR_FSYNC;
    auto& image = mine.disk->images_[*mine.path];
    for (const auto& change : image.pending) {
      image.synced.resize(change.truncates ? change.at : std::max(image.synced.size(), change.at + change.bytes.size()));
      std::copy(change.bytes.begin(), change.bytes.end(), image.synced.begin() + long(change.at));
    }
    image.pending.clear();
    return SQLITE_OK;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) { return of(file).disk->strikes() ? SQLITE_IOERR_FSTAT : of(file).real()->pMethods->xFileSize(of(file).real(), size); }
  static int lock(sqlite3_file* file, int level) { return of(file).real()->pMethods->xLock(of(file).real(), level); }
  static int unlock(sqlite3_file* file, int level) { return of(file).real()->pMethods->xUnlock(of(file).real(), level); }
  static int check_lock(sqlite3_file* file, int* held) { return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), held); }
  static int control(sqlite3_file* file, int what, void* argument) { return of(file).real()->pMethods->xFileControl(of(file).real(), what, argument); }
  static int sector(sqlite3_file*) { return 512; }
  static int characteristics(sqlite3_file*) { return 0; }  // promises nothing: neither whole sectors nor the order of writes
  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods all = [] {
      sqlite3_io_methods m{};
      m.iVersion = 1;
      m.xClose = &close, m.xRead = &read, m.xWrite = &write, m.xTruncate = &truncate, m.xSync = &sync, m.xFileSize = &file_size;
      m.xLock = &lock, m.xUnlock = &unlock, m.xCheckReservedLock = &check_lock, m.xFileControl = &control, m.xSectorSize = &sector, m.xDeviceCharacteristics = &characteristics;
      return m;
    }();
    return all;
  }

  sqlite3_vfs *base_ = nullptr, vfs_{};
  Fault fault_ = Fault::none;
  int64_t at_ = 0, done_ = 0;
  bool for_ever_ = false, struck_ = false;
  std::map<std::string, Image> images_;
};

}  // namespace tomograd
