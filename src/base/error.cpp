#include "base/error.h"

#include <cstdio>

namespace tomograd {
namespace {

// Messages quote what stood in a file. Whatever that was, a terminal must not obey it, and a message stays one that can be
// read: control characters are spelled, and the middle of a very long text is left out.
std::string fit_to_show(const std::string& raw) {
  constexpr size_t longest = 2000, kept_end = 500;
  std::string shown;
  auto add = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      auto c = static_cast<unsigned char>(raw[i]);
      char spelled[8];
      std::snprintf(spelled, sizeof spelled, "\\x%02X", unsigned(c));
      if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) shown += spelled;
      else shown += raw[i];
    }
  };
  if (raw.size() <= longest) return add(0, raw.size()), shown;
  auto inside_character = [&](size_t i) { return (static_cast<unsigned char>(raw[i]) & 0xC0) == 0x80; };  // of UTF-8
  size_t first = longest - kept_end, second = raw.size() - kept_end;
  for (int i = 0; i < 3 && inside_character(first); ++i) --first;
  for (int i = 0; i < 3 && inside_character(second); ++i) ++second;
  add(0, first);
  shown += text(" ... (", second - first, " bytes left out) ... ");
  add(second, raw.size());
  return shown;
}

}  // namespace

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
    : kind_(kind), message_(fit_to_show(message)), hint_(fit_to_show(hint)) {
  rebuild_text();
}

Error& Error::add_context(std::string where) {
  context_.push_back(fit_to_show(where));
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
