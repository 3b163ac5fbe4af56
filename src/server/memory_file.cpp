#include "server/memory_file.h"

#include "base/error.h"

namespace tomograd {

std::string MemoryFiles::take(const std::string& path) {
  auto found = files_.find(path);
  if (found == files_.end()) fail_failure("nothing was written");
  std::string content = std::move(found->second);
  files_.erase(found);
  return content;
}

std::unique_ptr<InputFile> MemoryFiles::open_input(const std::string& path) { fail_failure("'" + path + "' is read, which nobody expected"); }

std::unique_ptr<OutputFile> MemoryFiles::create_file(const std::string& path, bool) {
  files_[path].clear();
  return std::make_unique<MemoryFile>(files_[path]);
}

void MemoryFiles::rename(const std::string& from, const std::string& to) {
  std::string content = take(from);
  files_[to] = std::move(content);
}

}  // namespace tomograd
