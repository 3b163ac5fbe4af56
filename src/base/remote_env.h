// Files behind addresses (base/remote_address.h), for reading only: HTTP and HTTPS by ranges, S3 with its signature. A folder is
// what S3 lists; an http server lists nothing, there a path is a file or missing (Zarr is found by its metadata files).
//   kind(), file_size()            one HEAD, remembered for a while
//   open_input(), open_if_there()  a GET of the first block, which tells the size and stays in memory
//   read_at()                      whole blocks through the cache when it asks for less than one, else exactly what it asks for
// Every answer must have the size and version (ETag or Last-Modified) that the first one had, so that no file is put together from two.
#pragma once

#include <map>
#include <mutex>

#include "base/env.h"
#include "base/range_cache.h"
#include "base/remote_requests.h"

namespace tomograd {

constexpr int64_t remote_env_bytes = int64_t{40} << 20;  // the most that one takes: blocks, what it remembers of paths, libcurl

class RemoteEnv : public Env {                   // thread-safe
 public:
  RemoteEnv(RemoteOptions options, Clock& clock) : options_(options), clock_(clock), requests_(std::move(options), clock), cache_(options_.cache_bytes) {}

  std::unique_ptr<InputFile> open_input(const std::string& path) override;
  std::unique_ptr<InputFile> open_if_there(const std::string& path) override;
  FileKind kind(const std::string& path) override;           // other: access is denied, which hides whether it is there
  int64_t file_size(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;  // Error(input) for http

  // All of these are Error(input): what is far away is not written.
  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override;
  std::unique_ptr<OutputFile> append_file(const std::string& path) override;
  void make_directories(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove_file(const std::string& path) override;
  void remove_tree(const std::string& path) override;
  void sync_directory(const std::string& path) override;
  void truncate(const std::string& path, int64_t size) override;
  int64_t free_bytes(const std::string& path) override;

  int64_t requests() const { return requests_.count(); }
  int64_t cached_bytes() const { return cache_.bytes(); }

 private:
  class Input;
  enum class There { missing, denied, file, folder };
  struct Look {
    There there = There::missing;
    bool ranges = false;                         // the server has given a part, or will
    bool no_folder = false;                      // of what is missing: S3 was asked whether it is a folder
    int64_t size = 0;
    std::string version;                         // HttpAnswer::version, or one of our own where the server gives none
    std::shared_ptr<const HttpAnswer> refusal;   // of what is denied or missing
    RangeCache::Part whole;                      // of servers that send nothing less
    double when = 0;
    std::string name_in_cache(const std::string& path) const { return path + "\n" + version; }
  };
  Look look(const std::string& path, bool wanted);  // wanted: its bytes will be, so the first are fetched at once
  Look judge(const std::string& path, const HttpAnswer& answer, int64_t size);
  void remember(const std::string& path, Look look);
  void read(const std::string& path, const Look& look, int64_t offset, char* into, int64_t bytes);
  void fetch(const std::string& path, const Look& look, int64_t offset, char* into, int64_t bytes);

  RemoteOptions options_;
  Clock& clock_;
  RemoteRequests requests_;
  RangeCache cache_;
  std::atomic<int64_t> looks_without_version_{0};
  std::mutex mutex_;
  std::map<std::string, Look> looks_;
};

}  // namespace tomograd
