#include "server/asked_files.h"

#include <unistd.h>

#include "base/error.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

[[noreturn]] void fail_asked_writing() { fail_failure("volumes are read and not written here"); }

}  // namespace

Message AskedFiles::ask(MessageKind kind, const std::string& path) {
  server_.send(kind, path);
  Message reply = server_.receive(1);
  if (reply.kind == MessageKind::refused) throw error_from(parse_json(reply.text, "refusal"));
  if (reply.kind != MessageKind::given) throw OtherEndGone();
  return reply;
}

std::unique_ptr<InputFile> AskedFiles::opened(const std::string& path, Message reply) {
  if (reply.files.empty()) return nullptr;
  return served_input(path, {reply.files[0], parse_json(reply.text, "file").at("bytes").as_integer()});
}

std::unique_ptr<InputFile> AskedFiles::open_input(const std::string& path) {
  auto file = opened(path, ask(MessageKind::open, path));
  if (!file) fail_failure("the server sent no file");
  return file;
}

std::unique_ptr<InputFile> AskedFiles::open_if_there(const std::string& path) { return opened(path, ask(MessageKind::open_if_there, path)); }

FileKind AskedFiles::kind(const std::string& path) {
  const std::string kind = parse_json(ask(MessageKind::look, path).text, "look").at("kind").as_text();
  return kind == "missing" ? FileKind::missing : kind == "file" ? FileKind::file : kind == "directory" ? FileKind::directory : FileKind::other;
}

int64_t AskedFiles::file_size(const std::string& path) {
  const Value look = parse_json(ask(MessageKind::look, path).text, "look");
  if (look.at("kind").as_text() == "missing") fail_input("there is no '" + path + "'");
  return look.at("bytes").as_integer();
}

std::vector<std::string> AskedFiles::list(const std::string& directory) {
  std::vector<std::string> names;
  const std::string found = ask(MessageKind::list, directory).text;
  for (size_t begin = 0, end; (end = found.find('\0', begin)) != std::string::npos; begin = end + 1) names.push_back(found.substr(begin, end - begin));
  return names;
}

std::unique_ptr<OutputFile> AskedFiles::create_file(const std::string&, bool) { fail_asked_writing(); }
std::unique_ptr<OutputFile> AskedFiles::append_file(const std::string&) { fail_asked_writing(); }
void AskedFiles::make_directories(const std::string&) { fail_asked_writing(); }
void AskedFiles::rename(const std::string&, const std::string&) { fail_asked_writing(); }
void AskedFiles::remove_file(const std::string&) { fail_asked_writing(); }
void AskedFiles::remove_tree(const std::string&) { fail_asked_writing(); }
void AskedFiles::sync_directory(const std::string&) { fail_asked_writing(); }
void AskedFiles::truncate(const std::string&, int64_t) { fail_asked_writing(); }
int64_t AskedFiles::free_bytes(const std::string&) { fail_asked_writing(); }

bool give_file(const ServedRoots& roots, MessageEnd& worker, const Message& message) {
  const bool open = message.kind == MessageKind::open || message.kind == MessageKind::open_if_there;
  if (!open && message.kind != MessageKind::look && message.kind != MessageKind::list) return false;
  Value reply = Value::table();
  std::string names;
  OpenedFile file;
  try {
    if (message.kind == MessageKind::list) {
      for (const auto& name : roots.list(message.text).names) names += name + '\0';
    } else if (message.kind == MessageKind::look) {
      const FileLook look = roots.look(message.text);
      reply["kind"] = look.kind == FileKind::missing ? "missing" : look.kind == FileKind::file ? "file" : look.kind == FileKind::directory ? "directory" : "other";
      reply["bytes"] = look.bytes;
    } else if (message.kind == MessageKind::open || roots.look(message.text).kind != FileKind::missing) {
      file = roots.open_file(message.text);
      reply["bytes"] = file.bytes;
    }
  } catch (const Error& error) {
    worker.send(MessageKind::refused, error_text(error));
    return true;
  }
  struct Closing {
    int file;
    ~Closing() {
      if (file >= 0) ::close(file);
    }
  } closing{file.descriptor};
  worker.send(MessageKind::given, message.kind == MessageKind::list ? names : to_json(reply, false), nullptr, 0, file.descriptor >= 0 ? std::vector<int>{file.descriptor} : std::vector<int>{});
  return true;
}

}  // namespace tomograd
