// An Env whose changing operations (create, write, sync, close, rename, remove, make, truncate, directory sync) are counted, and
// of which one fails: once, or from then on (a disk that stays full). A failing write leaves half of its bytes behind.
#pragma once

#include <algorithm>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {

class FaultEnv : public Env {
 public:
  explicit FaultEnv(Env& under) : under_(under) {}

  // The operation with this number (from 0) fails; with `for_ever` all after it too. -1 = none.
  void fail_at(int64_t number, bool for_ever) { count_ = 0, fail_at_ = number, for_ever_ = for_ever, failed_ = 0; }
  int64_t operations() const { return count_; }
  int64_t failed() const { return failed_; }

  std::unique_ptr<InputFile> open_input(const std::string& path) override { return under_.open_input(path); }
  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override {
    check("creating", path);
    return std::make_unique<Output>(*this, path, under_.create_file(path, must_not_exist));
  }
  std::unique_ptr<OutputFile> append_file(const std::string& path) override {
    check("opening", path);
    return std::make_unique<Output>(*this, path, under_.append_file(path));
  }
  FileKind kind(const std::string& path) override { return under_.kind(path); }
  int64_t file_size(const std::string& path) override { return under_.file_size(path); }
  std::vector<std::string> list(const std::string& directory) override { return under_.list(directory); }
  void make_directories(const std::string& path) override { check("making", path), under_.make_directories(path); }
  void rename(const std::string& from, const std::string& to) override { check("renaming", from), under_.rename(from, to); }
  void remove_file(const std::string& path) override { check("removing", path), under_.remove_file(path); }
  void remove_tree(const std::string& path) override { check("removing", path), under_.remove_tree(path); }
  void sync_directory(const std::string& path) override { check("syncing", path), under_.sync_directory(path); }
  void truncate(const std::string& path, int64_t size) override { check("truncating", path), under_.truncate(path, size); }
  int64_t free_bytes(const std::string& path) override { return under_.free_bytes(path); }

 private:
  class Output : public OutputFile {
   public:
    Output(FaultEnv& env, std::string path, std::unique_ptr<OutputFile> file) : env_(env), path_(std::move(path)), file_(std::move(file)) {}
    void write(const void* data, int64_t bytes) override {
      half_if_failing([&](int64_t part) { file_->write(data, part); }, bytes);
    }
    void write_at(int64_t offset, const void* data, int64_t bytes) override {
      half_if_failing([&](int64_t part) { file_->write_at(offset, data, part); }, bytes);
    }
    void sync() override { env_.check("syncing", path_), file_->sync(); }
    void close() override { env_.check("closing", path_), file_->close(); }

   private:
    template <class Write>
    void half_if_failing(Write write, int64_t bytes) {
      try {
        env_.check("writing", path_);
      } catch (...) {
        write(bytes / 2);
        throw;
      }
      write(bytes);
    }
    FaultEnv& env_;
    std::string path_;
    std::unique_ptr<OutputFile> file_;
  };

  void check(const char* doing, const std::string& path) {
    int64_t number = count_++;
    if (fail_at_ < 0 || number < fail_at_ || (number > fail_at_ && !for_ever_)) return;
    ++failed_;
    fail_failure(text(doing, " '", path, "': No space left on device"), "free some space; what was finished before is intact");
  }

  Env& under_;
  int64_t count_ = 0, fail_at_ = -1, failed_ = 0;
  bool for_ever_ = false;
};

}  // namespace tomograd
