// A NIfTI image opened: names resolved, header read and validated against the file's size, voxels not touched yet.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "volume/gzip.h"
#include "volume/nifti.h"
#include "volume/nifti_fields.h"

namespace tomograd {

bool name_ends_with(const std::string& name, const std::string& end);  // `end` in lower case, the name in any
bool is_nifti_name(const std::string& path);     // one of the ends that nifti_names() knows

struct NiftiNames {
  std::string header, image;                     // the same for .nii
  bool pair = false, header_compressed = false, image_compressed = false;
};

// By the name's end, upper or lower case: .nii .nii.gz .hdr .img .hdr.gz .img.gz; any other is Error(input). The other half
// of a pair lies in the same folder under the same name; nothing inside a header ever names a file.
NiftiNames nifti_names(Env& env, const std::string& path);

// What a file that is no NIfTI seems to be ("a zip archive"), "" when unknown.
std::string describe_content(const unsigned char* bytes, int64_t count);

// Fields -> header: every check that needs no file. `where_voxels_start` = 352 or 544, 0 for pairs.
NiftiHeader validate_nifti(const NiftiFields& fields, bool swapped, bool pair);

// The extensions between the header and the voxels (`available` bytes are there, INT64_MAX when unknown). The stream stands
// behind the header. Contents are never interpreted.
void read_nifti_extensions(ByteStream& stream, int64_t available, NiftiHeader& header);

// 0 to 4 extender bytes and all extensions, each padded to 16 bytes.
std::string nifti_extension_bytes(const std::vector<NiftiExtension>& extensions);

struct NiftiFile {
  NiftiNames names;
  NiftiFields fields;
  NiftiHeader header;
  std::unique_ptr<InputFile> image;              // what holds the voxels
  int64_t frame_voxels() const { return header.geometry.size.voxels(); }
};
NiftiFile open_nifti(Env& env, const std::string& path);

// Hands on the voxels [first, first + count) of an image as they stand in the file, in pieces of at most 1 MiB, in order.
// Gzip is read to its end, so that damage behind the voxels wanted is found too; up to `whole_limit` bytes are inflated
// in one go, more as a stream.
using VoxelSink = std::function<void(const unsigned char* raw, int64_t first, int64_t count)>;
constexpr int64_t inflate_whole_limit = int64_t{512} << 20;
void for_each_piece(NiftiFile& file, int64_t first, int64_t count, const VoxelSink& sink, int64_t whole_limit = inflate_whole_limit);

constexpr int64_t trailing_slack = 64 << 10;     // bytes behind the declared voxels that are ignored with a warning; more is an error

}  // namespace tomograd
