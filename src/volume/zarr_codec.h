// Chunks of a Zarr array to and from the bytes in a file. What a chunk may grow to is known from its shape before anything is
// decoded, so a bomb ends at that size; a chunk that is shorter or longer than its shape is Error(input).
#pragma once

#include <cstdint>
#include <memory>

#include "base/memory.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

uint32_t crc32c(const void* data, int64_t bytes);  // Castagnoli, as in iSCSI (RFC 3720)

class ZarrDecoder {                              // contexts and scratch of one thread
 public:
  struct State;                                  // the source's own
  ZarrDecoder();
  ~ZarrDecoder();
  // `into`: format.bytes() bytes, voxels in C order and native byte order.
  void decode(const ZarrChunkFormat& format, const unsigned char* encoded, int64_t bytes, void* into);

 private:
  std::unique_ptr<State> state_;
};

class ZarrEncoder {                              // contexts and scratch of one thread
 public:
  struct State;                                  // the source's own
  ZarrEncoder();
  ~ZarrEncoder();
  // `voxels` as decode() gives them. Equal voxels give equal bytes. lz4 is read only.
  Buffer<unsigned char> encode(const ZarrChunkFormat& format, const void* voxels);

 private:
  std::unique_ptr<State> state_;
};

// The first `size` elements of a buffer that was made too large; the rest is given back.
Buffer<unsigned char> shortened(Buffer<unsigned char> buffer, int64_t size);

// A raw LZ4 block (lz4_Block_format.md): returns the decoded size, or -1 when it is damaged or larger than `capacity`.
int64_t decode_lz4_block(const unsigned char* in, int64_t bytes, unsigned char* out, int64_t capacity);

// Stored order and byte order to C order and native, and back.
void stored_to_c_order(const ZarrChunkFormat& format, const unsigned char* stored, unsigned char* voxels);
void c_order_to_stored(const ZarrChunkFormat& format, const unsigned char* voxels, unsigned char* stored);

}  // namespace tomograd
