#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "volume/gzip.h"

namespace tomograd {
namespace {

constexpr int64_t input_piece = int64_t{256} << 10;
constexpr int64_t one_call = int64_t{1} << 30;  // zlib counts in 32 bits

class PlainStream : public ByteStream {
 public:
  PlainStream(InputFile& file, int64_t offset) : file_(file), offset_(offset) {}
  int64_t read(void* into, int64_t bytes) override {
    int64_t count = std::clamp<int64_t>(file_.size() - offset_, 0, bytes);
    if (count > 0) file_.read_at(offset_, into, count);
    offset_ += count;
    return count;
  }

 private:
  InputFile& file_;
  int64_t offset_;
};

class GunzipStream : public ByteStream {
 public:
  explicit GunzipStream(InputFile& file) : file_(file), size_(file.size()), input_(input_piece) {
    if (inflateInit2(&z_, 15 + 16) != Z_OK) fail_failure("zlib cannot start: out of memory");
  }
  ~GunzipStream() override { inflateEnd(&z_); }
  std::string warning() const override { return warning_; }

  int64_t read(void* into, int64_t bytes) override {
    unsigned char* to = static_cast<unsigned char*>(into);
    int64_t done = 0;
    while (done < bytes && !ended_) {
      if (between_members_ && !begin_member()) break;
      if (z_.avail_in == 0 && !refill())
        fail_input(text("the compressed data stop at byte ", size_, " before their end: the file is cut short"));
      int64_t room = std::min(bytes - done, one_call);
      z_.next_out = to + done;
      z_.avail_out = uInt(room);
      int status = inflate(&z_, Z_NO_FLUSH);
      done += room - int64_t(z_.avail_out);
      if (status == Z_STREAM_END)
        between_members_ = true, members_++;
      else if (status != Z_OK && status != Z_BUF_ERROR)
        fail_input(text("the compressed data are damaged near byte ", offset_ - int64_t(z_.avail_in), " of ", size_, ": ",
            z_.msg ? z_.msg : "not gzip"));
    }
    return done;
  }

 private:
  bool refill() {
    int64_t count = std::min(input_piece, size_ - offset_);
    if (count <= 0) return false;
    file_.read_at(offset_, input_.data(), count);
    offset_ += count;
    z_.next_in = input_.data();
    z_.avail_in = uInt(count);
    return true;
  }

  // After a member: another one, zero padding, or something else that is ignored and told.
  bool begin_member() {
    if (z_.avail_in == 0 && !refill()) return end();
    if (members_ == 0) return go_on();
    if (*z_.next_in == 0x1f) {
      if (z_.avail_in == 1) {  // look at two bytes
        offset_ -= 1;
        refill();
      }
      if (z_.avail_in > 1 && z_.next_in[1] == 0x8b) return go_on();
    }
    for (;; z_.next_in++, z_.avail_in--) {
      if (z_.avail_in == 0 && !refill()) return end();
      if (*z_.next_in != 0) break;
    }
    warning_ = text("after the compressed data ", offset_ - int64_t(z_.avail_in), " of ", size_,
        " bytes are used, the rest is not gzip and is ignored");
    return end();
  }
  bool go_on() {
    if (members_ > 0) inflateReset(&z_);
    between_members_ = false;
    return true;
  }
  bool end() {
    ended_ = true;
    return false;
  }

  InputFile& file_;
  int64_t size_, offset_ = 0, members_ = 0;
  Buffer<unsigned char> input_;
  z_stream z_{};
  bool between_members_ = true, ended_ = false;
  std::string warning_;
};

int64_t gunzip_by_stream(InputFile& file, unsigned char* into, int64_t capacity, std::string* warning) {
  GunzipStream stream(file);
  int64_t count = stream.read(into, capacity);
  unsigned char more;
  if (stream.read(&more, 1) != 0)
    fail_input(text("the compressed data hold more than ", capacity, " bytes, which is more than the header declares"));
  if (warning) *warning = stream.warning();
  return count;
}

}  // namespace

bool looks_like_gzip(const unsigned char* bytes, int64_t count) {
  return count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

int64_t most_bytes_gunzipped(int64_t file_size) {
  constexpr int64_t slack = int64_t{1} << 20;
  return file_size > (INT64_MAX - slack) / 1032 ? INT64_MAX : 1032 * file_size + slack;
}

std::unique_ptr<ByteStream> open_plain_stream(InputFile& file, int64_t offset) { return std::make_unique<PlainStream>(file, offset); }
std::unique_ptr<ByteStream> open_gunzip_stream(InputFile& file) { return std::make_unique<GunzipStream>(file); }

int64_t gunzip_all(InputFile& file, unsigned char* into, int64_t capacity, std::string* warning) {
  int64_t size = file.size();
  Buffer<unsigned char> input(size);
  file.read_at(0, input.data(), size);
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(libdeflate_alloc_decompressor(),
      libdeflate_free_decompressor);
  if (!inflater) fail_failure("libdeflate cannot start: out of memory");
  int64_t used = 0, done = 0;
  while (used < size) {
    if (used > 0 && !(input[used] == 0x1f && used + 1 < size && input[used + 1] == 0x8b)) {
      while (used < size && input[used] == 0) ++used;
      if (used < size && warning) *warning = text("after the compressed data ", used, " of ", size,
          " bytes are used, the rest is not gzip and is ignored");
      break;
    }
    size_t in = 0, out = 0;
    auto status = libdeflate_gzip_decompress_ex(inflater.get(), input.data() + used, size_t(size - used), into + done,
        size_t(capacity - done), &in, &out);
    // libdeflate says that something is wrong, zlib says what and where.
    if (status != LIBDEFLATE_SUCCESS) return gunzip_by_stream(file, into, capacity, warning);
    used += int64_t(in);
    done += int64_t(out);
  }
  return done;
}

}  // namespace tomograd
