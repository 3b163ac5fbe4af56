#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

constexpr int64_t piece_bytes = int64_t{1} << 20;

[[noreturn]] void fail_short(const NiftiFile& file, int64_t got, int64_t wanted) {
  fail_input(text("the inflated file ends at byte ", got, "; the header declares voxels up to byte ", wanted), text("dim ",
      to_string(file.header.geometry.size), " may be wrong, or the file is cut short"));
}

void hand_on(const unsigned char* raw, int64_t first, int64_t count, int64_t bytes, const VoxelSink& sink) {
  for (int64_t step = piece_bytes / bytes, at = 0; at < count; at += step) sink(raw + at * bytes, first + at, std::min(step, count - at));
}

void note_trailing(NiftiFile& file, int64_t extra, const std::string& warning) {
  if (extra > trailing_slack)
    fail_input(text("more than ", trailing_slack, " bytes follow the voxels that the header declares"),
        "dim or datatype of the header may be damaged");
  if (extra > 0) file.header.warnings.push_back(text(extra, " bytes follow the voxels that the header declares; they are ignored"));
  if (!warning.empty()) file.header.warnings.push_back(warning);
}

// Reads and forgets; returns how many bytes there were, at most `bytes`.
int64_t skip(ByteStream& stream, int64_t bytes, Buffer<unsigned char>& scratch) {
  for (int64_t done = 0;;) {
    int64_t wanted = std::min(scratch.size(), bytes - done);
    if (wanted == 0) return done;
    int64_t got = stream.read(scratch.data(), wanted);
    done += got;
    if (got < wanted) return done;
  }
}

}  // namespace

void for_each_piece(NiftiFile& file, int64_t first, int64_t count, const VoxelSink& sink, int64_t whole_limit) {
  const NiftiHeader& header = file.header;
  int64_t bytes = voxel_bytes(header.type), begin = header.voxel_offset + first * bytes;
  int64_t declared = header.voxel_offset + file.frame_voxels() * header.frames * bytes;

  if (header.compressed && declared <= whole_limit) {
    Buffer<unsigned char> whole(declared + trailing_slack + 1);
    std::string warning;
    int64_t got = gunzip_all(*file.image, whole.data(), whole.size(), &warning);
    if (got < declared) fail_short(file, got, declared);
    note_trailing(file, got - declared, warning);
    return hand_on(whole.data() + begin, first, count, bytes, sink);
  }

  Buffer<unsigned char> piece(piece_bytes);
  if (!header.compressed) {
    auto stream = open_plain_stream(*file.image, begin);
    for (int64_t step = piece_bytes / bytes, at = 0; at < count; at += step) {
      int64_t n = std::min(step, count - at);
      int64_t got = stream->read(piece.data(), n * bytes);
      if (got < n * bytes)
        fail_input(text("the file ends at byte ", begin + at * bytes + got, "; the header declares voxels up to byte ", declared));
      sink(piece.data(), first + at, n);
    }
    return;
  }
  auto stream = open_gunzip_stream(*file.image);
  if (int64_t got = skip(*stream, begin, piece); got < begin) fail_short(file, got, declared);
  for (int64_t step = piece_bytes / bytes, at = 0; at < count; at += step) {
    int64_t n = std::min(step, count - at), got = stream->read(piece.data(), n * bytes);
    if (got < n * bytes) fail_short(file, begin + at * bytes + got, declared);
    sink(piece.data(), first + at, n);
  }
  int64_t rest = declared - begin - count * bytes, got = skip(*stream, rest + trailing_slack + 1, piece);
  if (got < rest) fail_short(file, declared - rest + got, declared);
  note_trailing(file, got - rest, stream->warning());
}

}  // namespace tomograd
