#include "training/nowhere_env.h"

#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

struct ForgottenFile : OutputFile {
  void write(const void*, int64_t) override {}
  void write_at(int64_t, const void*, int64_t) override {}
  void sync() override {}
  void close() override {}
};

struct NowhereEnv : Env {
  std::unique_ptr<InputFile> open_input(const std::string& path) override { fail_input("'" + path + "' was written nowhere"); }
  std::unique_ptr<OutputFile> create_file(const std::string&, bool) override { return std::make_unique<ForgottenFile>(); }
  std::unique_ptr<OutputFile> append_file(const std::string&) override { return std::make_unique<ForgottenFile>(); }
  FileKind kind(const std::string&) override { return FileKind::missing; }
  int64_t file_size(const std::string& path) override { fail_input("'" + path + "' was written nowhere"); }
  std::vector<std::string> list(const std::string&) override { return {}; }
  void make_directories(const std::string&) override {}
  void rename(const std::string&, const std::string&) override {}
  void remove_file(const std::string&) override {}
  void remove_tree(const std::string&) override {}
  void sync_directory(const std::string&) override {}
  void truncate(const std::string&, int64_t) override {}
  int64_t free_bytes(const std::string&) override { return std::numeric_limits<int64_t>::max(); }
};

}  // namespace

Env& nowhere_env() {
  static NowhereEnv env;
  return env;
}

}  // namespace tomograd
