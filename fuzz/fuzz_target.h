// What the fuzz targets share. A target hands hostile bytes to one reader through read_hostile(): the reader may return or
// throw Error(input) or Error(usage); anything else is a finding, and a finding ends the process, so that libFuzzer and
// standalone_main.cpp keep the input. Bounds of memory are part of the test: a reader may hold what its file can hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/memory.h"
#include "fuzz/memory_env.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace tomograd {

[[noreturn]] inline void finding(const std::string& what) {
  std::fprintf(stderr, "FINDING: %s\n", what.c_str());
  std::fflush(stderr);
  std::abort();
}

inline void expect(bool holds, const char* what) {
  if (!holds) finding(what);
}

inline std::string bytes_of(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Whether the body returned; false when it refused the input. `budget`: bytes that Buffers may hold meanwhile, 0 = any.
// Where the body may not refuse, `refusal_is` says what it means when it does.
template <class Body>
bool read_hostile(int64_t budget, Body&& body, const char* refusal_is = nullptr) {
  constexpr size_t longest_message = 8192;
  set_memory_budget(budget ? counted_bytes() + budget : 0);
  bool returned = false;
  try {
    body();
    returned = true;
  } catch (const Error& error) {
    std::string what = error.what();
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::usage)
      finding(std::string("an error of kind ") + error_kind_name(error.kind()) + " where the input is at fault: " + what.substr(0, longest_message));
    if (refusal_is) finding(text(refusal_is, ": ", what));
    if (error.message().empty()) finding("an error without a message");
    if (what.size() > longest_message) finding(text("a message of ", what.size(), " bytes: ", what.substr(0, 200), "..."));
  } catch (const std::exception& error) {
    finding(std::string("an exception that is no Error: ") + error.what());
  }
  set_memory_budget(0);
  return returned;
}

constexpr int64_t small_budget = int64_t{4} << 20;  // room for streams and pieces, whatever the file's size

}  // namespace tomograd
