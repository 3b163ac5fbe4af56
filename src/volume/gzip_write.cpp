#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "volume/gzip.h"

namespace tomograd {
namespace {

constexpr int64_t whole_limit = int64_t{512} << 20;
constexpr int64_t output_piece = int64_t{1} << 20, most_per_call = int64_t{1} << 30;
constexpr int level = 1;  // float images hardly shrink further above it, and take three times as long

}  // namespace

struct GzipWriter::State {
  OutputFile& file;
  int64_t total, done = 0;
  bool whole;
  Buffer<unsigned char> buffer;  // all input of a whole member, or a piece of output
  z_stream z{};

  State(OutputFile& f, int64_t t) : file(f), total(t), whole(t <= whole_limit), buffer(whole ? t : output_piece) {
    if (!whole && deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      fail_failure("zlib cannot start: out of memory");
  }
  ~State() {
    if (!whole) deflateEnd(&z);
  }

  void run(const unsigned char* data, int64_t bytes, int flush) {
    z.next_in = const_cast<unsigned char*>(data);
    z.avail_in = uInt(bytes);
    do {
      z.next_out = buffer.data();
      z.avail_out = uInt(buffer.size());
      if (deflate(&z, flush) == Z_STREAM_ERROR) fail_failure("zlib lost its state");
      file.write(buffer.data(), buffer.size() - int64_t(z.avail_out));
    } while (z.avail_out == 0);
  }
};

GzipWriter::GzipWriter(OutputFile& file, int64_t total) : state_(std::make_unique<State>(file, total)) {}
GzipWriter::~GzipWriter() = default;

void GzipWriter::write(const void* data, int64_t bytes) {
  State& s = *state_;
  if (bytes > s.total - s.done) fail_failure(text("a gzip member of ", s.total, " bytes was given more"));
  const unsigned char* from = static_cast<const unsigned char*>(data);
  if (s.whole) {
    if (bytes > 0) std::memcpy(s.buffer.data() + s.done, from, size_t(bytes));
  } else {
    for (int64_t at = 0; at < bytes; at += most_per_call) s.run(from + at, std::min(most_per_call, bytes - at), Z_NO_FLUSH);
  }
  s.done += bytes;
}

void GzipWriter::finish() {
  State& s = *state_;
  if (s.done != s.total) fail_failure(text("a gzip member of ", s.total, " bytes was given ", s.done));
  if (!s.whole) return s.run(nullptr, 0, Z_FINISH);
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> deflater(libdeflate_alloc_compressor(level),
      libdeflate_free_compressor);
  if (!deflater) fail_failure("libdeflate cannot start: out of memory");
  Buffer<unsigned char> output(int64_t(libdeflate_gzip_compress_bound(deflater.get(), size_t(s.total))));
  size_t bytes = libdeflate_gzip_compress(deflater.get(), s.buffer.data(), size_t(s.total), output.data(), size_t(output.size()));
  if (bytes == 0) fail_failure("libdeflate did not compress");
  s.file.write(output.data(), int64_t(bytes));
}

}  // namespace tomograd
