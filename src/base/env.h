// All file access of the project goes through an Env, so that tests can hand in a faulty twin (tests/support/fault_env.h)
// which fails, cuts or forgets at any operation. Paths are UTF-8; of the system's Env also addresses, http://, https:// and s3://,
// for reading only (base/remote_env.h). Errors carry the path and the system's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tomograd {

class InputFile {  // positioned reads of one open file; thread-safe
 public:
  virtual ~InputFile() = default;
  virtual int64_t size() const = 0;
  // Reads exactly `bytes` bytes at `offset`; a file that is shorter is Error(input).
  virtual void read_at(int64_t offset, void* into, int64_t bytes) = 0;
};

class OutputFile {  // written from start to end
 public:
  virtual ~OutputFile() = default;
  virtual void write(const void* data, int64_t bytes) = 0;
  virtual void write_at(int64_t offset, const void* data, int64_t bytes) = 0;
  virtual void sync() = 0;   // fsync; an error here is final for the file
  virtual void close() = 0;  // checks what close() reports
};

enum class FileKind { missing, file, directory, other };

class Env {
 public:
  virtual ~Env() = default;
  virtual std::unique_ptr<InputFile> open_input(const std::string& path) = 0;   // missing file, directory, FIFO: Error(input)
  // The file, or null where there is none: one look where kind() and open_input() take two, which counts where files are far away.
  virtual std::unique_ptr<InputFile> open_if_there(const std::string& path);
  virtual std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist = false) = 0;
  virtual std::unique_ptr<OutputFile> append_file(const std::string& path) = 0;
  virtual FileKind kind(const std::string& path) = 0;
  virtual int64_t file_size(const std::string& path) = 0;
  virtual std::vector<std::string> list(const std::string& directory) = 0;      // names, sorted, without . and ..
  virtual void make_directories(const std::string& path) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove_file(const std::string& path) = 0;                         // missing is fine
  virtual void remove_tree(const std::string& path) = 0;                         // missing is fine
  virtual void sync_directory(const std::string& path) = 0;
  virtual void truncate(const std::string& path, int64_t size) = 0;
  virtual int64_t free_bytes(const std::string& path) = 0;
};

Env& system_env();
Env& local_env();                                                                 // without addresses

// Whole small files (specs, manifests); `limit` bytes at most.
std::string read_text(Env& env, const std::string& path, int64_t limit = int64_t{64} << 20);

// Publishes a file: unique temporary in the same directory, write, fsync, rename, fsync of the directory
// (research/reliability.md §2.2). Readers see the old content or the new, never a mixture.
void publish_text(Env& env, const std::string& path, std::string_view content);

// The same for content that is produced piece by piece: write to file(), then commit(); without commit() the temporary
// is removed and the old file stays.
class Publication {
 public:
  Publication(Env& env, std::string path);
  ~Publication();
  OutputFile& file() { return *file_; }
  void commit();

 private:
  Env& env_;
  std::string path_, temporary_;
  std::unique_ptr<OutputFile> file_;
};

// "a/b" + "c" = "a/b/c"; an absolute second part, or an address, wins. Addresses are joined and cut like paths and stay addresses.
std::string join_path(const std::string& a, const std::string& b);
std::string parent_path(const std::string& path);     // "a/b/c" -> "a/b"; "c" -> "."
std::string file_name(const std::string& path);       // "a/b/c.nii.gz" -> "c.nii.gz"
std::string absolute_path(const std::string& path);   // no symbolic links resolved
// `path` as seen from `directory` where that needs at most a few "..", else absolute.
std::string relative_path(const std::string& path, const std::string& directory);

}  // namespace tomograd
