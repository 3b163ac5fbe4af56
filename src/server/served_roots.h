// The folders that the page may see, and the one way to a file in them: every path is opened by the kernel below the
// descriptor of its folder (openat2 with RESOLVE_BENEATH), so that neither "..", nor a link, nor a name that is exchanged at the right
// moment leads out. Routes do not check paths; they ask this Env. URLs carry hashes of places and no paths at all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "spec/value.h"

namespace tomograd {

struct FileLook {                                // without opening it, so that no lock on it is lost
  FileKind kind = FileKind::missing;             // missing: also what leads out
  int64_t bytes = 0, changed_ns = 0;             // changed: Unix time of the last change
};

struct FolderContent {                           // sorted names, without . and ..
  std::vector<std::string> names;
  std::vector<std::string> folders;              // of them, those that are folders
};

struct OpenedFile {                              // regular, for reading; the descriptor is the taker's to close
  int descriptor = -1;
  int64_t bytes = 0;
};
std::unique_ptr<InputFile> served_input(const std::string& path, OpenedFile file);  // path: for its errors; closes it

class ServedRoots {
 public:
  // Error(usage) for what is no folder or lies in another one of them; Error(failure) on a kernel without openat2 (before Linux 5.6):
  // there is no other way that is as safe.
  explicit ServedRoots(const std::vector<std::string>& folders);
  ~ServedRoots();
  ServedRoots(const ServedRoots&) = delete;

  size_t count() const { return roots_.size(); }
  const std::string& folder(size_t root) const { return roots_[root].folder; }  // absolute, links resolved
  const std::string& name(size_t root) const { return roots_[root].name; }      // for people, unique

  // Reads absolute paths below a root. Others are missing, or Error(input) where they are opened; so is whatever links lead out to.
  // Nothing can be written through it.
  Env& env();

  std::optional<size_t> root_of(const std::string& path) const;
  bool holds(const std::string& path) const { return root_of(path).has_value(); }
  std::string relative(const std::string& path) const;      // below its root
  FileLook look(const std::string& path) const;
  FolderContent list(const std::string& path) const;        // Error(input) when it is no folder, or not ours to read
  OpenedFile open_file(const std::string& path) const;      // Error(input) as env()
  std::string id_of(const std::string& path) const;         // 16 hexadecimal digits of root and place
  std::string masked(std::string text) const;               // with the names of roots instead of where they lie
  Value shown(Value value) const;                           // its absolute paths as they are below their root, of others the file's name alone

  // A new small file directly in a root, for this user alone to write. Error(conflict) when it is there.
  void create(size_t root, const std::string& name, const std::string& content) const;

 private:
  struct Root {
    std::string folder, name;
    int file = -1;
  };
  class Reader;
  // -1 and errno; EXDEV where a path leads out, or lies in no root.
  int open_below(const std::string& path, int flags, mode_t mode = 0) const;

  std::vector<Root> roots_;
  std::unique_ptr<Env> env_;
};

}  // namespace tomograd
