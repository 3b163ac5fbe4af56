// The Env of the program: files of this machine, and behind addresses those of others.
#include "base/env.h"
#include "base/remote_env.h"

namespace tomograd {
namespace {

Env& env_of(const std::string& path) {
  if (!is_remote(path)) return local_env();
  static RemoteEnv remote(remote_options_from_environment(), system_clock());
  return remote;
}

class SystemAndRemoteEnv : public Env {
 public:
  std::unique_ptr<InputFile> open_input(const std::string& path) override { return env_of(path).open_input(path); }
  std::unique_ptr<InputFile> open_if_there(const std::string& path) override { return env_of(path).open_if_there(path); }
  std::unique_ptr<OutputFile> create_file(const std::string& path, bool must_not_exist) override { return env_of(path).create_file(path, must_not_exist); }
  std::unique_ptr<OutputFile> append_file(const std::string& path) override { return env_of(path).append_file(path); }
  FileKind kind(const std::string& path) override { return env_of(path).kind(path); }
  int64_t file_size(const std::string& path) override { return env_of(path).file_size(path); }
  std::vector<std::string> list(const std::string& directory) override { return env_of(directory).list(directory); }
  void make_directories(const std::string& path) override { env_of(path).make_directories(path); }
  void rename(const std::string& from, const std::string& to) override { env_of(is_remote(from) ? from : to).rename(from, to); }
  void remove_file(const std::string& path) override { env_of(path).remove_file(path); }
  void remove_tree(const std::string& path) override { env_of(path).remove_tree(path); }
  void sync_directory(const std::string& path) override { env_of(path).sync_directory(path); }
  void truncate(const std::string& path, int64_t size) override { env_of(path).truncate(path, size); }
  int64_t free_bytes(const std::string& path) override { return env_of(path).free_bytes(path); }
};

}  // namespace

Env& system_env() {
  static SystemAndRemoteEnv env;
  return env;
}

}  // namespace tomograd
