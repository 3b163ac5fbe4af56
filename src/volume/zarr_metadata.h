// What one Zarr array's metadata say: Zarr v2 (.zarray, .zattrs) and v3 (zarr.json), validated before anything is
// allocated. Sources: the Zarr v2 and v3 specifications (zarr-specs.readthedocs.io) and the v3 codecs bytes, transpose,
// gzip, zstd, blosc, crc32c and sharding_indexed. Unknown codecs, types and v3 keys are refused, never guessed at.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "volume/nifti.h"

namespace tomograd {

using ZarrIndex = std::vector<int64_t>;          // one number per dimension: a shape, or a place in a grid

struct ZarrCodec {                               // bytes to bytes
  enum class Kind { gzip, zlib, zstd, blosc, lz4, crc32c };
  Kind kind = Kind::zstd;
  int level = 1;
  bool checksum = false;                         // zstd
  std::string compressor = "zstd";               // inside blosc: blosclz, lz4, lz4hc, zlib, zstd
  int shuffle = 1;                               // blosc: 0 none, 1 bytes, 2 bits
  int64_t type_bytes = 1, block_bytes = 0;       // blosc; 0 = its own choice
  bool operator==(const ZarrCodec&) const = default;
};

struct ZarrChunkFormat {                         // what is compressed as one piece
  ZarrIndex shape;                               // chunks at the far faces are whole, filled up
  VoxelType type = VoxelType::f32;               // bool is u8 of 0 and 1
  bool big_endian = false;
  std::vector<int> order;                        // stored dimension i is dimension order[i]; 0, 1, 2, ... is C order
  std::vector<ZarrCodec> codecs;                 // in the order of encoding
  int64_t voxels() const;
  int64_t bytes() const;                         // decoded; at most zarr_chunk_limit
  bool operator==(const ZarrChunkFormat&) const = default;
};

struct ZarrArrayInfo {
  int version = 3;                               // 2 or 3
  ZarrIndex shape;
  ZarrChunkFormat chunk;                         // of a sharded array: the inner chunk
  ZarrIndex shard;                               // what one file holds, a multiple of chunk.shape; equal to it when not sharded
  bool sharded = false;
  bool index_at_start = false, index_big_endian = false, index_checksum = true;  // of a shard
  bool boolean = false;
  std::array<unsigned char, 8> fill{};           // one voxel of chunk.type, native byte order
  bool v2_keys = false;                          // file names "0/0/0" rather than "c/0/0/0"
  char separator = '/';
  std::vector<std::string> dimension_names;      // one per dimension, or empty
  std::string attributes = "{}";                 // JSON object

  ZarrIndex chunk_grid() const;                  // chunks per dimension
  ZarrIndex shard_grid() const;                  // files per dimension
  int64_t chunks_per_shard() const;
  bool operator==(const ZarrArrayInfo&) const = default;
};

constexpr int64_t zarr_chunk_limit = int64_t{1} << 31;      // bytes of a decoded chunk
constexpr int64_t zarr_inner_chunk_limit = int64_t{1} << 24;  // chunks of a shard; their index takes 16 bytes each
constexpr int64_t zarr_text_limit = int64_t{1} << 20;       // bytes of a metadata file

// `name` is what messages call the file. Error(input) names the key, its value and what would be right.
ZarrArrayInfo parse_zarr3_array(const std::string& json, const std::string& name);
ZarrArrayInfo parse_zarr2_array(const std::string& zarray, const std::string& zattrs, const std::string& name);

enum class ZarrNode { none, array, group };
ZarrNode zarr_node(Env& env, const std::string& directory);  // what lies there; a folder that claims to be both is Error(input)

// Whether an array or a group lies there. Only its metadata files are asked for, as http servers show no folders; of a file that has
// the name of a volume not even they.
bool is_zarr(Env& env, const std::string& path);

ZarrArrayInfo read_zarr_array_info(Env& env, const std::string& directory);

// Name and content of the files that describe the array: zarr.json, or .zarray and .zattrs. Checks `info` as reading does.
std::vector<std::pair<std::string, std::string>> zarr_array_files(const ZarrArrayInfo& info);

// "c/0/3/1": the file that holds this place of shard_grid(), below the array's folder.
std::string zarr_chunk_key(const ZarrArrayInfo& info, const ZarrIndex& place);

}  // namespace tomograd
