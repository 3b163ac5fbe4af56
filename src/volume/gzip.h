// gzip for volume files. Reading: a plain or compressed file as one stream of bytes (zlib, bounded memory, all members
// joined), or a whole file at once (libdeflate, three times as fast). Writing: one member with empty name and time 0, so
// equal data give equal bytes. Deflate expands at most 1032:1 (zlib's technical notes), which bounds what a file can hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"

namespace tomograd {

bool looks_like_gzip(const unsigned char* bytes, int64_t count);  // 1f 8b 08

// The most bytes a gzip file of this size can hold; saturates.
int64_t most_bytes_gunzipped(int64_t file_size);

class ByteStream {  // read from start to end
 public:
  virtual ~ByteStream() = default;
  // Up to `bytes` bytes; fewer only at the end of the stream. Truncated or damaged gzip is Error(input).
  virtual int64_t read(void* into, int64_t bytes) = 0;
  // After the end: what was found there and ignored, as a sentence; mostly empty.
  virtual std::string warning() const { return {}; }
};

std::unique_ptr<ByteStream> open_plain_stream(InputFile& file, int64_t offset = 0);
std::unique_ptr<ByteStream> open_gunzip_stream(InputFile& file);

// All members of a gzip file, at most `capacity` bytes; more is Error(input). Returns the number of bytes.
int64_t gunzip_all(InputFile& file, unsigned char* into, int64_t capacity, std::string* warning);

// Writes one gzip member of any length to `file`. `total` is the number of bytes that write() will be given: up to
// 512 MiB go through libdeflate in one piece, more through zlib in bounded memory.
class GzipWriter {
 public:
  GzipWriter(OutputFile& file, int64_t total);
  ~GzipWriter();
  void write(const void* data, int64_t bytes);
  void finish();  // once, after `total` bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
