// For tests: a folder of one's own with the file of one store, in memory where the system offers that, gone with this object.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "experiments/sqlite_store.h"

namespace tomograd {

class SqliteFolder {
 public:
  explicit SqliteFolder(bool in_memory = true) {
    std::string name = std::string(in_memory && ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/tomograd_store_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ + "/experiment.sqlite";
  }
  ~SqliteFolder() { std::filesystem::remove_all(folder_); }
  SqliteFolder(const SqliteFolder&) = delete;

  const std::string& file() const { return file_; }
  std::unique_ptr<TrialStore> open(Clock& clock) const {  // makes it when it is not there
    SqliteOptions options;
    options.create = true;
    return open_sqlite_store(file_, clock, options);
  }
  void clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove(entry.path());
  }

 private:
  std::string folder_, file_;
};

}  // namespace tomograd
