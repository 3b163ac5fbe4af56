// What the server and the process that decodes for it say to each other, over one socket pair per question that may be open: a kind, a text
// (JSON, or a path), voxels behind it, and with some of them an open file. The server believes nothing it reads: sizes are bounded
// before anything is allocated. Private to this room.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "base/error.h"

namespace tomograd {

enum class MessageKind : uint32_t {
  request = 1,                                   // server: a line of JSON with "op", then the path
  given,                                         // server: the answer to open, look (JSON) or list (names that end with 0 bytes); with the open file
  refused,                                       // server: the Error that open, look or list was, as JSON
  answer,                                        // worker: JSON, and voxels
  error,                                         // worker: an Error as JSON
  open, open_if_there, look, list,               // worker: a path, for which the server answers `given` or `refused`
};

struct Message {
  MessageKind kind{};
  std::string text;
  int64_t voxels = 0;                            // so many floats follow, to be taken with receive_voxels()
  std::vector<int> files;                        // open, ours to close; only where they were allowed
};

struct OtherEndGone : std::exception {
  const char* what() const noexcept override { return "the other end of the socket pair is gone"; }
};
struct OtherEndLate : std::exception {
  const char* what() const noexcept override { return "the other end of the socket pair does not answer"; }
};

class MessageEnd {                               // one end of a socket pair; for one thread at a time
 public:
  // jailed: sends with plain write(), which a worker may do; SIGPIPE is to be ignored then.
  explicit MessageEnd(int socket, bool jailed = false) : socket_(socket), jailed_(jailed) {}
  ~MessageEnd();
  MessageEnd(const MessageEnd&) = delete;

  void send(MessageKind kind, const std::string& text, const float* voxels = nullptr, int64_t count = 0, const std::vector<int>& files = {});  // files: none from a worker
  Message receive(size_t most_files = 0);        // OtherEndGone also for what no message of ours could be
  void receive_voxels(float* into, int64_t count);
  void end_after(double seconds);                // from now on, for all that is received: OtherEndLate; 0 = wait for ever
  int socket() const { return socket_; }

 private:
  void take(void* into, size_t bytes, std::vector<int>* files = nullptr, size_t most_files = 0);
  void give(const void* from, size_t bytes, const std::vector<int>& files);
  void wait_until_readable();

  int socket_;
  bool jailed_;
  double end_ = 0;                               // of the monotonic clock
};

// An Error as JSON. Names of files may be any bytes, JSON is UTF-8: what is none becomes "?".
std::string error_text(const Error& error);

}  // namespace tomograd
