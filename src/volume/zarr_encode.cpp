#include <blosc.h>
#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "volume/zarr_codec.h"

namespace tomograd {

struct ZarrEncoder::State {
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> zstd{nullptr, ZSTD_freeCCtx};
  Buffer<unsigned char> stored;
};

namespace {

Buffer<unsigned char> encode_zstd(ZSTD_CCtx* context, const ZarrCodec& codec, const unsigned char* in, int64_t bytes) {
  Buffer<unsigned char> out{int64_t(ZSTD_compressBound(size_t(bytes)))};
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, codec.level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, codec.checksum);
  size_t size = ZSTD_compress2(context, out.data(), size_t(out.size()), in, size_t(bytes));
  if (ZSTD_isError(size)) fail_failure(text("zstd cannot compress ", bytes, " bytes: ", ZSTD_getErrorName(size)));
  return shortened(std::move(out), int64_t(size));
}

Buffer<unsigned char> encode_deflate(bool gzip, int level, const unsigned char* in, int64_t bytes) {
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> deflater(libdeflate_alloc_compressor(level < 0 ? 6 : level), libdeflate_free_compressor);
  if (!deflater) fail_failure("libdeflate cannot start: out of memory");
  auto bound = gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
  auto compress = gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
  Buffer<unsigned char> out{int64_t(bound(deflater.get(), size_t(bytes)))};
  return shortened(std::move(out), int64_t(compress(deflater.get(), in, size_t(bytes), out.data(), size_t(out.size()))));
}

Buffer<unsigned char> encode_blosc(const ZarrCodec& codec, const unsigned char* in, int64_t bytes) {
  if (bytes > BLOSC_MAX_BUFFERSIZE) fail_input(text("a chunk has ", bytes, " bytes; blosc takes at most ", BLOSC_MAX_BUFFERSIZE), "choose a smaller --block");
  Buffer<unsigned char> out(bytes + BLOSC_MAX_OVERHEAD);
  int size = blosc_compress_ctx(codec.level, codec.shuffle, size_t(codec.type_bytes), size_t(bytes), in, out.data(), size_t(out.size()), codec.compressor.c_str(), size_t(codec.block_bytes), 1);
  if (size <= 0) fail_failure(text("blosc with ", codec.compressor, " cannot compress ", bytes, " bytes (", size, ")"));
  return shortened(std::move(out), size);
}

Buffer<unsigned char> with_crc(const unsigned char* in, int64_t bytes) {
  Buffer<unsigned char> out(bytes + 4);
  std::memcpy(out.data(), in, size_t(bytes));
  uint32_t crc = crc32c(in, bytes);
  std::memcpy(out.data() + bytes, &crc, 4);
  return out;
}

}  // namespace

Buffer<unsigned char> shortened(Buffer<unsigned char> buffer, int64_t size) {
  if (size == buffer.size()) return buffer;
  Buffer<unsigned char> result(size);
  std::memcpy(result.data(), buffer.data(), size_t(size));
  return result;
}

ZarrEncoder::ZarrEncoder() : state_(std::make_unique<State>()) {}
ZarrEncoder::~ZarrEncoder() = default;

Buffer<unsigned char> ZarrEncoder::encode(const ZarrChunkFormat& format, const void* voxels) {
  State& s = *state_;
  int64_t bytes = format.bytes();
  const unsigned char* at = static_cast<const unsigned char*>(voxels);
  if (format.big_endian || !std::is_sorted(format.order.begin(), format.order.end())) {
    if (s.stored.size() < bytes) s.stored = Buffer<unsigned char>(bytes);
    c_order_to_stored(format, at, s.stored.data());
    at = s.stored.data();
  }
  Buffer<unsigned char> result;
  for (const ZarrCodec& codec : format.codecs) {
    using Kind = ZarrCodec::Kind;
    Buffer<unsigned char> next;
    switch (codec.kind) {
      case Kind::zstd:
        if (!s.zstd) s.zstd.reset(ZSTD_createCCtx());
        if (!s.zstd) fail_failure("zstd cannot start: out of memory");
        next = encode_zstd(s.zstd.get(), codec, at, bytes);
        break;
      case Kind::blosc: next = encode_blosc(codec, at, bytes); break;
      case Kind::gzip: case Kind::zlib: next = encode_deflate(codec.kind == Kind::gzip, codec.level, at, bytes); break;
      case Kind::crc32c: next = with_crc(at, bytes); break;
      case Kind::lz4: fail_failure("chunks are not compressed with lz4 alone; blosc has it inside");
    }
    result = std::move(next);
    at = result.data(), bytes = result.size();
  }
  if (!result.empty()) return result;
  Buffer<unsigned char> copy(bytes);
  std::memcpy(copy.data(), at, size_t(bytes));
  return copy;
}

}  // namespace tomograd
