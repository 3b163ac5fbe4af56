// TensorBoard event files: TFRecord frames (length, masked CRC-32C of it, data, masked CRC-32C of that) around the few
// protobuf fields a scalar needs, written by hand. Format: tensorflow/core/util/event.proto and record_writer.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"

namespace tomograd {

class EventFile {
 public:
  // Creates folder/events.out.tfevents.<seconds>.tomograd.<step> ; one file per (re)start, as TensorBoard expects.
  EventFile(Env& env, const std::string& folder, double wall_seconds, int64_t first_step);
  void scalar(const std::string& tag, int64_t step, double value, double wall_seconds);

 private:
  void write(const std::string& event);
  std::unique_ptr<OutputFile> file_;
};

uint32_t crc32c(const void* data, size_t bytes);

}  // namespace tomograd
