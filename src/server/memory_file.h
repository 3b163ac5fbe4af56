// Files that are written into memory: our writers take an Env and a path, and what they write is to be sent.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"

namespace tomograd {

class MemoryFile : public OutputFile {
 public:
  explicit MemoryFile(std::string& content) : content_(content) {}
  void write(const void* data, int64_t bytes) override { content_.append(static_cast<const char*>(data), size_t(bytes)); }
  void write_at(int64_t offset, const void* data, int64_t bytes) override {
    if (int64_t(content_.size()) < offset + bytes) content_.resize(size_t(offset + bytes));
    content_.replace(size_t(offset), size_t(bytes), static_cast<const char*>(data), size_t(bytes));
  }
  void sync() override {}
  void close() override {}

 private:
  std::string& content_;
};

class MemoryFiles : public Env {                 // for writers; nothing is read
 public:
  std::string take(const std::string& path);     // Error(failure) when nobody wrote it

  std::unique_ptr<InputFile> open_input(const std::string& path) override;
  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override;
  std::unique_ptr<OutputFile> append_file(const std::string& path) override { return std::make_unique<MemoryFile>(files_[path]); }
  FileKind kind(const std::string& path) override { return files_.contains(path) ? FileKind::file : FileKind::missing; }
  int64_t file_size(const std::string& path) override { return int64_t(files_[path].size()); }
  std::vector<std::string> list(const std::string&) override { return {}; }
  void make_directories(const std::string&) override {}
  void rename(const std::string& from, const std::string& to) override;
  void remove_file(const std::string& path) override { files_.erase(path); }
  void remove_tree(const std::string& path) override { files_.erase(path); }
  void sync_directory(const std::string&) override {}
  void truncate(const std::string& path, int64_t size) override { files_[path].resize(size_t(size)); }
  int64_t free_bytes(const std::string&) override { return INT64_MAX; }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace tomograd
