// An Env whose files are strings in memory, so that a fuzz target reads hostile bytes without touching a disk. Folders exist
// when a file lies below them or when they were made. Errors are of the kinds that the system's Env gives.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {

class MemoryEnv : public Env {
 public:
  void put(const std::string& path, std::string content) { files_[normal(path)] = std::make_shared<std::string>(std::move(content)); }
  const std::string& content(const std::string& path) { return *find(path, "reading"); }

  std::unique_ptr<InputFile> open_input(const std::string& path) override {
    if (kind(path) == FileKind::directory) fail_input(text("'", path, "' is a directory, a file was expected"));
    return std::make_unique<Input>(path, find(path, "opening"));
  }
  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override {
    if (must_not_exist && files_.contains(normal(path))) fail_input(text("creating '", path, "': File exists"));
    put(path, "");
    return std::make_unique<Output>(files_[normal(path)]);
  }
  std::unique_ptr<OutputFile> append_file(const std::string& path) override {
    if (!files_.contains(normal(path))) put(path, "");
    return std::make_unique<Output>(files_[normal(path)]);
  }
  FileKind kind(const std::string& path) override {
    std::string name = normal(path);
    if (files_.contains(name)) return FileKind::file;
    if (folders_.contains(name)) return FileKind::directory;
    auto below = files_.lower_bound(name == "/" ? name : name + "/");
    return below != files_.end() && below->first.starts_with(name == "/" ? name : name + "/") ? FileKind::directory : FileKind::missing;
  }
  int64_t file_size(const std::string& path) override { return int64_t(find(path, "looking at")->size()); }
  std::vector<std::string> list(const std::string& directory) override {
    std::string below = normal(directory);
    if (below != "/") below += '/';
    std::set<std::string> names;
    for (auto at = files_.lower_bound(below); at != files_.end() && at->first.starts_with(below); ++at)
      names.insert(at->first.substr(below.size(), at->first.find('/', below.size()) - below.size()));
    return {names.begin(), names.end()};
  }
  void make_directories(const std::string& path) override { folders_.insert(normal(path)); }
  void rename(const std::string& from, const std::string& to) override {
    files_[normal(to)] = find(from, "renaming");
    files_.erase(normal(from));
  }
  void remove_file(const std::string& path) override { files_.erase(normal(path)); }
  void remove_tree(const std::string& path) override {
    std::string below = normal(path) + "/";
    std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(below); });
  }
  void sync_directory(const std::string&) override {}
  void truncate(const std::string& path, int64_t size) override { find(path, "truncating")->resize(size_t(size)); }
  int64_t free_bytes(const std::string&) override { return int64_t{1} << 40; }

 private:
  using Bytes = std::shared_ptr<std::string>;

  class Input : public InputFile {
   public:
    Input(std::string path, Bytes bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {}
    int64_t size() const override { return int64_t(bytes_->size()); }
    void read_at(int64_t offset, void* into, int64_t bytes) override {
      if (offset < 0 || bytes < 0) fail_failure(text("a read of ", bytes, " bytes at ", offset, " was asked for"));
      if (bytes > size() || offset > size() - bytes) fail_input(text("'", path_, "' ends at byte ", size(), ", ", bytes, " were wanted from byte ", offset));
      if (bytes > 0) std::memcpy(into, bytes_->data() + offset, size_t(bytes));
    }

   private:
    std::string path_;
    Bytes bytes_;
  };

  class Output : public OutputFile {
   public:
    explicit Output(Bytes bytes) : bytes_(std::move(bytes)) {}
    void write(const void* data, int64_t bytes) override { bytes_->append(static_cast<const char*>(data), size_t(bytes)); }
    void write_at(int64_t offset, const void* data, int64_t bytes) override {
      bytes_->resize(std::max(bytes_->size(), size_t(offset + bytes)));
      std::memcpy(bytes_->data() + offset, data, size_t(bytes));
    }
    void sync() override {}
    void close() override {}

   private:
    Bytes bytes_;
  };

  static std::string normal(const std::string& path) {
    std::string name = std::filesystem::path(path).lexically_normal().string();
    while (name.size() > 1 && name.back() == '/') name.pop_back();
    return name;
  }
  Bytes find(const std::string& path, const char* doing) {
    auto at = files_.find(normal(path));
    if (at == files_.end()) fail_input(text(doing, " '", path, "': No such file or directory"));
    return at->second;
  }

  std::map<std::string, Bytes> files_;
  std::set<std::string> folders_;
};

}  // namespace tomograd
