// The files of a process that can open none: every one is asked of the server, which opens it below its folders (served_roots.h) and sends it
// over. Private to this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "server/decoder_messages.h"
#include "server/served_roots.h"

namespace tomograd {

class AskedFiles : public Env {                  // for reading only; for one thread
 public:
  explicit AskedFiles(MessageEnd& server) : server_(server) {}
  std::unique_ptr<InputFile> open_input(const std::string& path) override;
  std::unique_ptr<InputFile> open_if_there(const std::string& path) override;
  FileKind kind(const std::string& path) override;
  int64_t file_size(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;

  std::unique_ptr<OutputFile> create_file(const std::string&, bool) override;
  std::unique_ptr<OutputFile> append_file(const std::string&) override;
  void make_directories(const std::string&) override;
  void rename(const std::string&, const std::string&) override;
  void remove_file(const std::string&) override;
  void remove_tree(const std::string&) override;
  void sync_directory(const std::string&) override;
  void truncate(const std::string&, int64_t) override;
  int64_t free_bytes(const std::string&) override;

 private:
  Message ask(MessageKind kind, const std::string& path);
  std::unique_ptr<InputFile> opened(const std::string& path, Message reply);

  MessageEnd& server_;
};

// The server's side: answers one message of kind open, open_if_there, look or list. false: it is none of these.
bool give_file(const ServedRoots& roots, MessageEnd& worker, const Message& message);

}  // namespace tomograd
