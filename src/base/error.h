// The one error type of the project: a kind (which fixes the exit code), a message, and the chain of contexts that the
// outer layers add while it passes through them ("reading case 12" <- "opening image x.nii.gz" <- "dim[0] is 200 ...").
// Control characters in the texts are spelled (\x1B) and the middle of more than 2000 bytes is left out, as they quote files.
// The library throws it and never prints or exits; src/cli/main.cpp turns it into text or JSON and an exit code.
#pragma once

#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace tomograd {

enum class ErrorKind {
  input,     // a file or value of the user's is not acceptable: exit 2
  usage,     // the command line is not acceptable: exit 2
  failure,   // something broke that was not the user's doing (disk, memory, a bug): exit 1
  budget,    // a promised limit (memory, disk, money) would be exceeded: exit 1
  stopped,   // stopped on request, state saved: exit 3
  conflict,  // another worker owns it: exit 4
};

const char* error_kind_name(ErrorKind kind);
int exit_code(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {});

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }           // what went wrong, quoting the offending value
  const std::string& hint() const { return hint_; }                 // what to do about it; may be empty
  const std::vector<std::string>& context() const { return context_; }  // outermost last
  const char* what() const noexcept override { return text_.c_str(); }  // context, then message, then hint, on one line

  Error& add_context(std::string where);

 private:
  void rebuild_text();
  ErrorKind kind_;
  std::string message_, hint_, text_;
  std::vector<std::string> context_;
};

// text("dim[", 3, "] is ", value): the parts written one after the other; floating point with enough digits to recognise.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.precision(9);
  (out << ... << parts);
  return out.str();
}

[[noreturn]] void fail(ErrorKind kind, std::string message, std::string hint = {});
[[noreturn]] inline void fail_input(std::string message, std::string hint = {}) { fail(ErrorKind::input, std::move(message), std::move(hint)); }
[[noreturn]] inline void fail_usage(std::string message, std::string hint = {}) { fail(ErrorKind::usage, std::move(message), std::move(hint)); }
[[noreturn]] inline void fail_failure(std::string message, std::string hint = {}) { fail(ErrorKind::failure, std::move(message), std::move(hint)); }

// with_context("reading x.nii", [&] { ... }): runs the body; an Error that leaves it carries the context, any other
// std::exception becomes an Error of kind failure with the same context.
template <class Body>
auto with_context(const std::string& where, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (Error& error) {
    error.add_context(where);
    throw;
  } catch (const std::bad_alloc&) {
    Error error(ErrorKind::budget, "out of memory");
    error.add_context(where);
    throw error;
  } catch (const std::exception& other) {
    Error error(ErrorKind::failure, other.what());
    error.add_context(where);
    throw error;
  }
}

}  // namespace tomograd
