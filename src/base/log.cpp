#include "base/log.h"

#include <mutex>
#include <utility>

namespace tomograd {
namespace {

struct Sink {
  std::mutex mutex;
  LogSink sink;
};

Sink& shared_sink() {
  static Sink sink;
  return sink;
}

}  // namespace

void log(LogLevel level, const std::string& message) {
  std::lock_guard lock(shared_sink().mutex);
  if (shared_sink().sink) shared_sink().sink(level, message);
}

LogSink set_log_sink(LogSink sink) {
  std::lock_guard lock(shared_sink().mutex);
  return std::exchange(shared_sink().sink, std::move(sink));
}

}  // namespace tomograd
