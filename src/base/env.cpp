#include "base/env.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/remote_address.h"
#include "base/temporaries.h"

namespace tomograd {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& path) { return "'" + path + "'"; }

// A missing or unreadable file is the user's to mend; a full disk or a broken device is not.
[[noreturn]] void fail_system(const char* doing, const std::string& path, int code) {
  bool input = code == ENOENT || code == ENOTDIR || code == EISDIR || code == EACCES || code == ELOOP || code == ENAMETOOLONG || code == EROFS || code == EEXIST;
  std::string hint = code == ENOSPC || code == EDQUOT ? "free some space; what was finished before is intact" : "";
  fail(input ? ErrorKind::input : ErrorKind::failure, text(doing, " ", quoted(path), ": ", std::strerror(code)), hint);
}

class SystemInput : public InputFile {
 public:
  SystemInput(std::string path, int fd, int64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  ~SystemInput() override { ::close(fd_); }
  int64_t size() const override { return size_; }

  void read_at(int64_t offset, void* into, int64_t bytes) override {
    char* to = static_cast<char*>(into);
    while (bytes > 0) {
      ssize_t got = ::pread(fd_, to, size_t(std::min<int64_t>(bytes, int64_t{1} << 30)), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_system("reading", path_, errno);
      if (got == 0) fail_input(text(quoted(path_), " ends at byte ", offset, ", ", bytes, " bytes too early"));
      to += got, offset += got, bytes -= got;
    }
  }

 private:
  std::string path_;
  int fd_;
  int64_t size_;
};

class SystemOutput : public OutputFile {
 public:
  SystemOutput(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~SystemOutput() override {
    if (fd_ >= 0) ::close(fd_);
  }

  void write(const void* data, int64_t bytes) override {
    const char* from = static_cast<const char*>(data);
    while (bytes > 0) {
      ssize_t done = ::write(fd_, from, size_t(std::min<int64_t>(bytes, int64_t{1} << 30)));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail_system("writing", path_, errno);
      from += done, bytes -= done;
    }
  }

  void write_at(int64_t offset, const void* data, int64_t bytes) override {
    const char* from = static_cast<const char*>(data);
    while (bytes > 0) {
      ssize_t done = ::pwrite(fd_, from, size_t(std::min<int64_t>(bytes, int64_t{1} << 30)), offset);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail_system("writing", path_, errno);
      from += done, offset += done, bytes -= done;
    }
  }

  void sync() override {
    if (::fsync(fd_) != 0) fail_system("syncing", path_, errno);
  }

  void close() override {
    if (int fd = std::exchange(fd_, -1); ::close(fd) != 0) fail_system("closing", path_, errno);
  }

 private:
  std::string path_;
  int fd_;
};

class SystemEnv : public Env {
 public:
  std::unique_ptr<InputFile> open_input(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail_system("opening", path, errno);
    if (S_ISDIR(status.st_mode)) fail_input(text(quoted(path), " is a directory, a file was expected"));
    if (!S_ISREG(status.st_mode)) fail_input(text(quoted(path), " is not a regular file"));
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) fail_system("opening", path, errno);
    return std::make_unique<SystemInput>(path, fd, int64_t(status.st_size));
  }

  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override {
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (must_not_exist ? O_EXCL : O_TRUNC), 0666);
    if (fd < 0) fail_system("creating", path, errno);
    return std::make_unique<SystemOutput>(path, fd);
  }

  std::unique_ptr<OutputFile> append_file(const std::string& path) override {
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) fail_system("opening", path, errno);
    return std::make_unique<SystemOutput>(path, fd);
  }

  FileKind kind(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return FileKind::missing;
    return S_ISREG(status.st_mode) ? FileKind::file : S_ISDIR(status.st_mode) ? FileKind::directory : FileKind::other;
  }

  int64_t file_size(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail_system("looking at", path, errno);
    return int64_t(status.st_size);
  }

  std::vector<std::string> list(const std::string& directory) override {
    std::error_code code;
    std::vector<std::string> names;
    fs::directory_iterator entry(directory, code);
    if (code) fail_system("listing", directory, code.value());
    for (; entry != fs::directory_iterator(); entry.increment(code)) {
      if (code) fail_system("listing", directory, code.value());
      names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  void make_directories(const std::string& path) override {
    std::error_code code;
    fs::create_directories(path, code);
    if (code) fail_system("making directory", path, code.value());
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail_system("renaming to", to, errno);
  }

  void remove_file(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_system("removing", path, errno);
  }

  void remove_tree(const std::string& path) override {
    std::error_code code;
    fs::remove_all(path, code);
    if (code) fail_system("removing", path, code.value());
  }

  void sync_directory(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail_system("opening directory", path, errno);
    int status = ::fsync(fd), code = errno;
    ::close(fd);
    if (status != 0 && code != EINVAL) fail_system("syncing directory", path, code);  // EINVAL: this file system has no such call
  }

  void truncate(const std::string& path, int64_t size) override {
    if (::truncate(path.c_str(), size) != 0) fail_system("truncating", path, errno);
  }

  int64_t free_bytes(const std::string& path) override {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) fail_system("looking at the file system of", path, errno);
    return int64_t(status.f_bavail) * int64_t(status.f_frsize);
  }
};

}  // namespace

std::unique_ptr<InputFile> Env::open_if_there(const std::string& path) { return kind(path) == FileKind::missing ? nullptr : open_input(path); }

Env& local_env() {
  static SystemEnv env;
  return env;
}

std::string read_text(Env& env, const std::string& path, int64_t limit) {
  auto file = env.open_input(path);
  if (file->size() > limit) fail_input(text(quoted(path), " has ", file->size(), " bytes, at most ", limit, " were expected"));
  std::string content(size_t(file->size()), '\0');
  file->read_at(0, content.data(), file->size());
  return content;
}

Publication::Publication(Env& env, std::string path) : env_(env), path_(std::move(path)) {
  temporary_ = temporary_name(path_);
  file_ = env_.create_file(temporary_, true);
}

Publication::~Publication() {
  if (!file_) return;
  file_.reset();
  try {
    env_.remove_file(temporary_);
  } catch (const Error&) {  // the error that brought us here matters more than a temporary left behind
  }
}

void Publication::commit() {
  FAILPOINT("publish.before_sync");
  file_->sync();
  file_->close();
  FAILPOINT("publish.before_rename");
  env_.rename(temporary_, path_);
  file_.reset();
  FAILPOINT("publish.after_rename");
  env_.sync_directory(parent_path(path_));
}

void publish_text(Env& env, const std::string& path, std::string_view content) {
  Publication publication(env, path);
  publication.file().write(content.data(), int64_t(content.size()));
  publication.commit();
}

std::string join_path(const std::string& a, const std::string& b) { return is_remote(b) ? b : (fs::path(a) / b).string(); }

std::string parent_path(const std::string& path) {
  if (is_remote(path) && path.find('/', path.find("://") + 3) == std::string::npos) return path;  // "s3://bucket" is its own, as "/" is
  std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }
std::string absolute_path(const std::string& path) { return is_remote(path) ? path : fs::absolute(path).lexically_normal().string(); }

std::string relative_path(const std::string& path, const std::string& directory) {
  if (is_remote(path) || is_remote(directory)) return absolute_path(path);
  std::string absolute = absolute_path(path);
  std::string relative = fs::path(absolute).lexically_relative(absolute_path(directory)).string();
  return relative.empty() || relative.rfind("../../../../", 0) == 0 ? absolute : relative;
}

}  // namespace tomograd
