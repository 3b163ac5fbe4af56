#include "server/served_roots.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"

namespace tomograd {
namespace {

int open_beneath(int folder, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = uint64_t(flags | O_CLOEXEC), how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int tries = 0;; ++tries) {                // EAGAIN: something was renamed meanwhile and the kernel could not be sure
    long file = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (file >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 100) return int(file);
  }
}

struct Descriptor {
  int file;
  ~Descriptor() {
    if (file >= 0) ::close(file);
  }
};

[[noreturn]] void fail_open(const char* doing, const std::string& path, int code) {
  if (code == EXDEV) fail_input(text("'", file_name(path), "' lies, or leads by a link, outside of the served folders"), "start tomograd serve with its folder too");
  bool input = code == ENOENT || code == ENOTDIR || code == EISDIR || code == EACCES || code == ELOOP || code == ENAMETOOLONG || code == EINVAL || code == ENXIO;
  fail(input ? ErrorKind::input : ErrorKind::failure, text(doing, " '", path, "': ", std::strerror(code)));
}

class ServedInput : public InputFile {
 public:
  ServedInput(std::string path, int file, int64_t size) : path_(std::move(path)), file_{file}, size_(size) {}
  int64_t size() const override { return size_; }
  void read_at(int64_t offset, void* into, int64_t bytes) override {
    char* to = static_cast<char*>(into);
    while (bytes > 0) {
      ssize_t got = ::pread(file_.file, to, size_t(std::min<int64_t>(bytes, int64_t{1} << 30)), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_open("reading", path_, errno);
      if (got == 0) fail_input(text("'", path_, "' ends at byte ", offset, ", ", bytes, " bytes too early"));
      to += got, offset += got, bytes -= got;
    }
  }

 private:
  std::string path_;
  Descriptor file_;
  int64_t size_;
};

[[noreturn]] void fail_writing() { fail_failure("served folders are read only through this door"); }

}  // namespace

class ServedRoots::Reader : public Env {
 public:
  explicit Reader(const ServedRoots& roots) : roots_(roots) {}

  std::unique_ptr<InputFile> open_input(const std::string& path) override {
    return served_input(path, roots_.open_file(path));
  }
  FileKind kind(const std::string& path) override { return roots_.look(path).kind; }
  int64_t file_size(const std::string& path) override {
    FileLook found = roots_.look(path);
    if (found.kind == FileKind::missing) fail_open("looking at", path, ENOENT);
    return found.bytes;
  }
  std::vector<std::string> list(const std::string& directory) override { return roots_.list(directory).names; }

  std::unique_ptr<OutputFile> create_file(const std::string&, bool) override { fail_writing(); }
  std::unique_ptr<OutputFile> append_file(const std::string&) override { fail_writing(); }
  void make_directories(const std::string&) override { fail_writing(); }
  void rename(const std::string&, const std::string&) override { fail_writing(); }
  void remove_file(const std::string&) override { fail_writing(); }
  void remove_tree(const std::string&) override { fail_writing(); }
  void sync_directory(const std::string&) override { fail_writing(); }
  void truncate(const std::string&, int64_t) override { fail_writing(); }
  int64_t free_bytes(const std::string&) override { fail_writing(); }

 private:
  const ServedRoots& roots_;
};

std::unique_ptr<InputFile> served_input(const std::string& path, OpenedFile file) { return std::make_unique<ServedInput>(path, file.descriptor, file.bytes); }

OpenedFile ServedRoots::open_file(const std::string& path) const {
  int file = open_below(path, O_RDONLY | O_NONBLOCK);   // of a pipe, no waiting for its other end
  if (file < 0) fail_open("opening", path, errno);
  struct stat facts {};
  if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(file);
    fail_input(text("'", path, "' is no regular file"));
  }
  return {file, int64_t(facts.st_size)};
}

ServedRoots::ServedRoots(const std::vector<std::string>& folders) : env_(std::make_unique<Reader>(*this)) {
  for (const auto& given : folders) {
    char resolved[PATH_MAX];
    int file = ::open(given.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || !::realpath(given.c_str(), resolved)) {
      if (file >= 0) ::close(file);
      fail_usage(text("'", given, "' is no folder that can be served: ", std::strerror(errno)));
    }
    std::string folder = resolved, name = folder == "/" ? "root" : file_name(folder);
    for (const auto& other : roots_)
      if (other.name == name) name = file_name(parent_path(folder)) + "-" + name;
    roots_.push_back({folder, name, file});
  }
  for (const auto& a : roots_)
    for (const auto& b : roots_)
      if (&a != &b && (a.folder == b.folder || a.folder.starts_with(b.folder == "/" ? "/" : b.folder + "/")))
        fail_usage(text("'", a.folder, "' lies in '", b.folder, "', which is served already"), "name it once");
  Descriptor probe{roots_.empty() ? -1 : open_beneath(roots_[0].file, ".", O_PATH, 0)};
  if (!roots_.empty() && probe.file < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL))
    fail_failure("this kernel, or a sandbox around us, has no openat2, without which no folder is served safely", "Linux 5.6 or newer has it");
}

ServedRoots::~ServedRoots() {
  for (const auto& root : roots_) ::close(root.file);
}

Env& ServedRoots::env() { return *env_; }

std::optional<size_t> ServedRoots::root_of(const std::string& path) const {
  for (size_t i = 0; i < roots_.size(); ++i)
    if (path == roots_[i].folder || path.starts_with(roots_[i].folder == "/" ? "/" : roots_[i].folder + "/")) return i;
  return std::nullopt;
}

std::string ServedRoots::relative(const std::string& path) const {
  auto root = root_of(path);
  if (!root || path == roots_[*root].folder) return root ? "." : "";
  return path.substr(roots_[*root].folder == "/" ? 1 : roots_[*root].folder.size() + 1);
}

int ServedRoots::open_below(const std::string& path, int flags, mode_t mode) const {
  auto root = root_of(path);
  if (!root || path.find('\0') != std::string::npos) {
    errno = root ? EINVAL : EXDEV;
    return -1;
  }
  return open_beneath(roots_[*root].file, relative(path), flags, mode);
}

FileLook ServedRoots::look(const std::string& path) const {
  Descriptor file{open_below(path, O_PATH)};     // its close() does not drop the locks that SQLite holds on the same file
  struct stat facts {};
  if (file.file < 0 || ::fstat(file.file, &facts) != 0) return {};
  FileKind kind = S_ISREG(facts.st_mode) ? FileKind::file : S_ISDIR(facts.st_mode) ? FileKind::directory : FileKind::other;
  return {kind, int64_t(facts.st_size), int64_t(facts.st_mtim.tv_sec) * 1'000'000'000 + facts.st_mtim.tv_nsec};
}

FolderContent ServedRoots::list(const std::string& path) const {
  int file = open_below(path, O_RDONLY | O_DIRECTORY);
  DIR* folder = file < 0 ? nullptr : ::fdopendir(file);
  if (!folder) {
    int code = errno;
    if (file >= 0) ::close(file);
    fail_open("listing", path, code);
  }
  FolderContent found;
  while (const dirent* entry = ::readdir(folder)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    // A folder of a hundred thousand files costs no look at each; links and file systems that do not say are looked at.
    const bool unsure = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
    if (entry->d_type == DT_DIR || (unsure && look(join_path(path, name)).kind == FileKind::directory)) found.folders.push_back(name);
    found.names.push_back(std::move(name));
  }
  ::closedir(folder);
  std::sort(found.names.begin(), found.names.end()), std::sort(found.folders.begin(), found.folders.end());
  return found;
}

std::string ServedRoots::id_of(const std::string& path) const {
  auto root = root_of(path);
  std::string place = root ? roots_[*root].folder : "";
  return digest_of(place + '\0' + relative(path)).substr(std::strlen("sha256:"), 16);
}

std::string ServedRoots::masked(std::string text) const {
  auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.'; };
  for (const auto& root : roots_) {
    if (root.folder.size() < 2) continue;
    for (size_t at = 0; (at = text.find(root.folder, at)) != std::string::npos;) {
      const size_t end = at + root.folder.size();
      // "cohort/data/x" is not below "/data", nor is "/database"; the n of an escaped line end is no word.
      const bool within = at > 0 && in_word(text[at - 1]) && !(at > 1 && text[at - 2] == '\\');
      if (within || (end < text.size() && in_word(text[end]) && text[end] != '.')) {
        at = end;
        continue;
      }
      text.replace(at, root.folder.size(), root.name), at += root.name.size();
    }
  }
  return text;
}

Value ServedRoots::shown(Value value) const {
  if (value.is_list()) {
    for (auto& item : value.as_list()) item = shown(std::move(item));
  } else if (value.is_table()) {
    for (auto& [key, item] : value.as_table()) item = shown(std::move(item));
  } else if (value.is_text()) {
    const std::string whole = value.as_text();
    const size_t at = whole.starts_with("/") ? 0 : whole.find("=/") == std::string::npos ? std::string::npos : whole.find("=/") + 1;  // PATH, --name=PATH
    if (at == std::string::npos) value = masked(whole);
    else value = whole.substr(0, at) + (holds(whole.substr(at)) ? relative(whole.substr(at)) : file_name(whole.substr(at)));
  }
  return value;
}

void ServedRoots::create(size_t root, const std::string& name, const std::string& content) const {
  Descriptor file{open_beneath(roots_.at(root).file, name, O_WRONLY | O_CREAT | O_EXCL, 0666)};
  if (file.file < 0 && errno == EEXIST) fail(ErrorKind::conflict, "'" + name + "' is there already", "choose another name");
  if (file.file < 0) fail_open("creating", name, errno);
  for (size_t done = 0; done < content.size();) {
    ssize_t n = ::write(file.file, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_open("writing", name, errno);
    done += size_t(n);
  }
  if (::fsync(file.file) != 0) fail_open("writing", name, errno);
}

}  // namespace tomograd
