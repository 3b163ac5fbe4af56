#include <blosc.h>
#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "volume/gzip.h"
#include "volume/zarr_codec.h"

namespace tomograd {

struct ZarrDecoder::State {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> zstd{nullptr, ZSTD_freeDCtx};
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> deflate{nullptr, libdeflate_free_decompressor};
  Buffer<unsigned char> scratch[2];
};

namespace {

[[noreturn]] void fail_size(int64_t capacity) { fail_input(text("the chunk decodes to more than the ", capacity, " bytes of its shape")); }
[[noreturn]] void fail_damaged(const char* codec, const std::string& why) { fail_input(text("the chunk's ", codec, " data are damaged: ", why)); }

int64_t decode_deflate(libdeflate_decompressor* inflater, bool gzip, const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  int64_t used = 0, done = 0;
  do {                                           // gzip may have several members
    size_t read = 0, written = 0;
    auto decompress = gzip ? libdeflate_gzip_decompress_ex : libdeflate_zlib_decompress_ex;
    auto status = decompress(inflater, in + used, size_t(bytes - used), out + done, size_t(capacity - done), &read, &written);
    if (status == LIBDEFLATE_INSUFFICIENT_SPACE) fail_size(capacity);
    if (status != LIBDEFLATE_SUCCESS) fail_damaged(gzip ? "gzip" : "zlib", text("the stream at byte ", used, " of ", bytes, " is cut short or its checksum is wrong"));
    used += int64_t(read), done += int64_t(written);
  } while (gzip && used < bytes);
  if (used < bytes) fail_damaged("zlib", text(bytes - used, " bytes follow the stream"));
  return done;
}

int64_t decode_blosc(const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  size_t declared = 0;
  if (bytes < 16 || blosc_cbuffer_validate(in, size_t(bytes), &declared) != 0)
    fail_damaged("blosc", text("its header does not fit the ", bytes, " bytes that are there"));
  if (int64_t(declared) > capacity) fail_size(capacity);
  if (declared == 0) return 0;
  if (in[3] == 0) fail_damaged("blosc", "its typesize is 0");
  int got = blosc_decompress_ctx(in, out, size_t(capacity), 1);
  if (got < 0 || size_t(got) != declared) fail_damaged("blosc", text("decoding stopped with ", got));
  return got;
}

int64_t decode_lz4(const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  uint32_t declared = 0;
  if (bytes < 4) fail_damaged("lz4", text("it has ", bytes, " bytes, its size alone takes 4"));
  std::memcpy(&declared, in, 4);
  if (int64_t(declared) > capacity) fail_size(capacity);
  int64_t got = decode_lz4_block(in + 4, bytes - 4, out, int64_t(declared));
  if (got != int64_t(declared)) fail_damaged("lz4", text(declared, " bytes are declared and do not come out"));
  return got;
}

int64_t check_crc(const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  if (bytes < 4) fail_damaged("crc32c", text("it has ", bytes, " bytes, the checksum alone takes 4"));
  uint32_t stored;
  std::memcpy(&stored, in + bytes - 4, 4);
  if (stored != crc32c(in, bytes - 4)) fail_damaged("crc32c", "the checksum is wrong");
  if (bytes - 4 > capacity) fail_size(capacity);
  std::memcpy(out, in, size_t(bytes - 4));
  return bytes - 4;
}

// One call decodes all frames whether or not they declare their size; `capacity` is the bound.
int64_t decode_zstd(ZarrDecoder::State& s, const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  if (!s.zstd) s.zstd.reset(ZSTD_createDCtx());
  if (!s.zstd) fail_failure("zstd cannot start: out of memory");
  size_t got = ZSTD_decompressDCtx(s.zstd.get(), out, size_t(capacity), in, size_t(bytes));
  if (!ZSTD_isError(got)) return int64_t(got);
  if (std::strcmp(ZSTD_getErrorName(got), "Destination buffer is too small") == 0) fail_size(capacity);
  fail_damaged("zstd", ZSTD_getErrorName(got));
}

int64_t decode_step(ZarrDecoder::State& s, const ZarrCodec& codec, const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  using Kind = ZarrCodec::Kind;
  switch (codec.kind) {
    case Kind::zstd: return decode_zstd(s, in, bytes, out, capacity);
    case Kind::blosc: return decode_blosc(in, bytes, out, capacity);
    case Kind::lz4: return decode_lz4(in, bytes, out, capacity);
    case Kind::crc32c: return check_crc(in, bytes, out, capacity);
    case Kind::gzip: case Kind::zlib: break;
  }
  if (!s.deflate) s.deflate.reset(libdeflate_alloc_decompressor());
  if (!s.deflate) fail_failure("libdeflate cannot start: out of memory");
  return decode_deflate(s.deflate.get(), codec.kind == Kind::gzip, in, bytes, out, capacity);
}

unsigned char* room(Buffer<unsigned char>& buffer, int64_t bytes) {
  if (buffer.size() < bytes) buffer = {}, buffer = Buffer<unsigned char>(bytes);
  return buffer.data();
}

}  // namespace

ZarrDecoder::ZarrDecoder() : state_(std::make_unique<State>()) {}
ZarrDecoder::~ZarrDecoder() = default;

void ZarrDecoder::decode(const ZarrChunkFormat& format, const unsigned char* encoded, int64_t bytes, void* into) {
  State& s = *state_;
  int64_t wanted = format.bytes();
  bool plain = !format.big_endian && std::is_sorted(format.order.begin(), format.order.end());
  unsigned char* out = static_cast<unsigned char*>(into);
  const unsigned char* at = encoded;
  int64_t size = bytes;
  if (format.codecs.size() == 1 && (format.codecs[0].kind == ZarrCodec::Kind::gzip || format.codecs[0].kind == ZarrCodec::Kind::zlib) && wanted > most_bytes_gunzipped(bytes))
    fail_input(text("the chunk has ", bytes, " compressed bytes, which cannot hold the ", wanted, " of its shape"));
  for (size_t i = format.codecs.size(); i-- > 0;) {
    // Behind an outer codec the data are still compressed; no codec makes data an eighth and 64 KiB larger.
    int64_t capacity = wanted + int64_t(i) * (wanted / 8 + (64 << 10));
    unsigned char* to = i == 0 && plain ? out : room(s.scratch[i % 2], capacity);
    size = decode_step(s, format.codecs[i], at, size, to, capacity);
    at = to;
  }
  if (size != wanted) fail_input(text("the chunk holds ", size, " bytes of voxels; its shape needs ", wanted));
  if (!plain) stored_to_c_order(format, at, out);
  else if (at != out) std::memcpy(out, at, size_t(wanted));
}

// Sequences of (literals, match): a token with both lengths, longer lengths in bytes of 255, matches of at least 4 bytes that
// may overlap themselves. The last sequence has literals alone.
int64_t decode_lz4_block(const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity) {
  int64_t at = 0, done = 0;
  auto length = [&](int64_t all) {               // -1: cut short
    for (unsigned char more = all == 15 ? 255 : 0; more == 255; all += more) {
      if (at >= bytes) return int64_t{-1};
      more = in[at++];
    }
    return all;
  };
  while (at < bytes) {
    unsigned char token = in[at++];
    int64_t literals = length(token >> 4);
    if (literals < 0 || literals > bytes - at || literals > capacity - done) return -1;
    std::memcpy(out + done, in + at, size_t(literals));
    at += literals, done += literals;
    if (at == bytes) return done;
    if (bytes - at < 2) return -1;
    int64_t back = in[at] | in[at + 1] << 8;
    at += 2;
    int64_t match = length(token & 15);
    if (match < 0 || back == 0 || back > done || match + 4 > capacity - done) return -1;
    for (int64_t i = 0; i < match + 4; ++i, ++done) out[done] = out[done - back];
  }
  return -1;
}

}  // namespace tomograd
