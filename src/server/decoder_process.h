// One process that decodes (decode_worker.h): started without our environment, our descriptors or a terminal, and ended with this object.
// Its program is opened once, when the server starts: who installs another version meanwhile does not change what is started later.
// Private to this room.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/decoder_messages.h"

namespace tomograd {

class DecoderProgram {                           // a file that goes on to be this one when another one takes its name
 public:
  explicit DecoderProgram(const std::string& path);
  ~DecoderProgram();
  DecoderProgram(const DecoderProgram&) = delete;
  int file() const;                              // for execveat(); Error(failure) when it could not be opened

 private:
  std::string path_;
  int file_ = -1, code_ = 0;
};

struct DecoderOptions {
  std::vector<std::string> command;              // "/usr/bin/tomograd", "decode-worker"; with a path
  int64_t memory_bytes = int64_t{2} << 30;       // of voxels
  double most_seconds = 120;                     // for one question
  int64_t cpu_seconds = 1200;                    // of one process, over all questions
  int questions = 6;                             // at once; its threads
};

class DecoderProcess {                           // thread-safe
 public:
  DecoderProcess(const DecoderOptions& options, const DecoderProgram& program);  // Error(failure): it cannot be started
  ~DecoderProcess();
  DecoderProcess(const DecoderProcess&) = delete;

  class Turn {                                   // one of its sockets, for one question
   public:
    Turn(DecoderProcess& process, std::unique_ptr<MessageEnd> end) : process_(process), end_(std::move(end)) {}
    ~Turn() { process_.put(std::move(end_)); }
    MessageEnd& operator*() { return *end_; }
    MessageEnd* operator->() { return end_.get(); }

   private:
    DecoderProcess& process_;
    std::unique_ptr<MessageEnd> end_;
  };
  Turn turn();                                   // waits for a free one
  void kill();                                   // what is asked of it ends with OtherEndGone
  std::string how_it_ended();                    // "was ended by signal 11 (Segmentation fault)"; waits for the end
  pid_t process() const { return process_; }
  const std::string& jail() const { return jail_; }

 private:
  void put(std::unique_ptr<MessageEnd> end);

  pid_t process_ = -1;
  std::string jail_;
  std::unique_ptr<MessageEnd> first_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<MessageEnd>> free_;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace tomograd
