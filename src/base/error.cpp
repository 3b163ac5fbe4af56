#include "base/error.h"

namespace tomograd {

const char* error_kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::input: return "input";
    case ErrorKind::usage: return "usage";
    case ErrorKind::failure: return "failure";
    case ErrorKind::budget: return "budget";
    case ErrorKind::stopped: return "stopped";
    case ErrorKind::conflict: return "conflict";
  }
  return "failure";
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::input:
    case ErrorKind::usage: return 2;
    case ErrorKind::stopped: return 3;
    case ErrorKind::conflict: return 4;
    case ErrorKind::failure:
    case ErrorKind::budget: return 1;
  }
  return 1;
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {
  rebuild_text();
}

Error& Error::add_context(std::string where) {
  context_.push_back(std::move(where));
  rebuild_text();
  return *this;
}

void Error::rebuild_text() {
  text_.clear();
  for (auto where = context_.rbegin(); where != context_.rend(); ++where) text_ += *where + ": ";
  text_ += message_;
  if (!hint_.empty()) text_ += " (" + hint_ + ")";
}

void fail(ErrorKind kind, std::string message, std::string hint) { throw Error(kind, std::move(message), std::move(hint)); }

}  // namespace tomograd
