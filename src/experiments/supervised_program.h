// A program together with everything it starts. Between this process and the program stands a small supervisor: it adopts
// what the program leaves behind (child subreaper) and ends all of it when the program has ended, when it is told to, and when
// this process is gone, however that went. Nothing of an attempt can write into the trial's folder beside the next attempt.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace tomograd {

struct ProgramStart {
  std::string program;                           // absolute path
  std::vector<std::string> arguments;            // the first is the name that the program sees
  std::vector<std::string> variables;            // "NAME=value", all of them
  std::string work, log;                         // folder it starts in; file that its output is appended to
};

class SupervisedProgram {
 public:
  explicit SupervisedProgram(const ProgramStart& start);  // Error(failure) when no process or log can be made
  ~SupervisedProgram();                          // ends all of it and waits for that
  SupervisedProgram(const SupervisedProgram&) = delete;
  SupervisedProgram& operator=(const SupervisedProgram&) = delete;

  // The program's wait status once it and all it started have ended. 127: it could not be started.
  std::optional<int> ended();
  void ask_to_end();                             // SIGTERM to the program's process group
  void end();                                    // SIGKILL to all of it

 private:
  void send(char order);

  pid_t supervisor_ = -1;
  int channel_ = -1;
  std::optional<int> status_;
};

}  // namespace tomograd
