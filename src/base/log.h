// What the library has to tell besides results: it calls log(), and the program decides where that goes (stderr, a file,
// nowhere). Thread-safe. Never patient data: case ids at most.
#pragma once

#include <functional>
#include <string>

namespace tomograd {

enum class LogLevel { info, warning };
using LogSink = std::function<void(LogLevel, const std::string&)>;

void log(LogLevel level, const std::string& message);
inline void info(const std::string& message) { log(LogLevel::info, message); }
inline void warn(const std::string& message) { log(LogLevel::warning, message); }

// Replaces the sink (default: drop everything) and returns the one before.
LogSink set_log_sink(LogSink sink);

}  // namespace tomograd
