// Checks and names that Zarr v2 and v3 have in common. Private to this room.
#pragma once

#include <string>

#include "volume/zarr_json.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

constexpr int64_t zarr_longest_side = int64_t{1} << 48;
constexpr size_t zarr_most_dimensions = 16;

// Ranks, products and limits; the one place where they are checked, for arrays read and written.
void check_zarr_info(const ZarrArrayInfo& info);

std::array<unsigned char, 8> parse_zarr_fill(const Json& value, VoxelType type, bool boolean);
Json zarr_fill_json(const ZarrArrayInfo& info);

// gzip, zlib, zstd, blosc, lz4, crc32c with their settings; `version` decides how they are written.
ZarrCodec parse_zarr_codec(const std::string& name, const Json& settings, int version, VoxelType type, const std::string& where);
Json zarr_codec_json(const ZarrCodec& codec, int version);

}  // namespace tomograd
