// Header extensions: 4 bytes "extender", then blocks of int32 size, int32 code and content, as nifti1.h says. They are
// carried, never interpreted: some codes mean programs (pickle, MATLAB) and code 2 (DICOM) may name the patient.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

constexpr int64_t most_extension_bytes = int64_t{64} << 20;

int32_t number_at(const unsigned char* bytes, bool swapped) {
  uint32_t v;
  std::memcpy(&v, bytes, 4);
  return int32_t(swapped ? __builtin_bswap32(v) : v);
}

// Reads in steps, so that memory follows what is really there.
bool read_content(ByteStream& stream, int64_t bytes, std::string& into) {
  constexpr int64_t step = int64_t{1} << 20;
  for (int64_t at = 0; at < bytes; at += step) {
    int64_t count = std::min(step, bytes - at);
    into.resize(size_t(at + count));
    if (stream.read(into.data() + at, count) != count) return false;
  }
  return true;
}

}  // namespace

void read_nifti_extensions(ByteStream& stream, int64_t available, NiftiHeader& header) {
  unsigned char extender[4] = {0, 0, 0, 0};
  int64_t got = stream.read(extender, std::min<int64_t>(4, available));
  auto& warnings = header.warnings;
  if (got < 4) {
    if (!header.pair) fail_input(text("the file ends inside the 4 bytes behind the header"));
    if (got > 0) warnings.push_back(text(got, " stray bytes behind the header are ignored"));
    return;
  }
  if (extender[1] || extender[2] || extender[3]) warnings.push_back("bytes 1 to 3 of the extender are not 0; they are ignored");
  if (extender[0] == 0) return;
  int64_t left = available == INT64_MAX ? INT64_MAX : available - 4, total = 0;
  if (left < 16) {
    warnings.push_back(text("extensions are announced, but no room is left for any before byte ", header.voxel_offset));
    return;
  }
  for (int64_t index = 0; left >= 16; ++index) {
    unsigned char head[8];
    int64_t count = stream.read(head, 8);
    if (count < 8 && header.pair && available == INT64_MAX) break;
    if (count < 8) fail_input(text("the file ends inside extension ", index));
    int64_t size = number_at(head, header.swapped), code = number_at(head + 4, header.swapped);
    if (size == 0 && code == 0) {  // padding, if nothing but zeros follows
      std::string rest;
      int64_t wanted = std::min(left - 8, most_extension_bytes);
      bool complete = read_content(stream, wanted, rest) || available == INT64_MAX;
      if (complete && wanted < most_extension_bytes && std::all_of(rest.begin(), rest.end(), [](char c) { return c == 0; })) {
        warnings.push_back(text("zero bytes pad the extensions after number ", index));
        return;
      }
    }
    if (size < 16) fail_input(text("the size of extension ", index, " is ", size, "; at least 16 is legal"));
    if (size > left)
      fail_input(text("the size of extension ", index, " is ", size, " but only ", left, " bytes are left before the voxels"),
          "vox_offset or the size is damaged");
    total += size;
    if (total > most_extension_bytes)
      fail_input(text("the size of extension ", index, " is ", size, "; all extensions together may have ", most_extension_bytes,
          " bytes"));
    NiftiExtension extension{int32_t(code), {}};
    if (!read_content(stream, size - 8, extension.content))
      fail_input(text("the file ends inside extension ", index, " of ", size, " bytes"));
    if (size % 16 != 0) warnings.push_back(text("the size of extension ", index, " is ", size, ", not a multiple of 16"));
    if (code < 0 || code % 2 != 0)
      warnings.push_back(text("the code of extension ", index, " is ", code, "; codes are even and not negative"));
    if (code == 2) warnings.push_back(text("extension ", index, " holds DICOM fields (code 2), which may name the patient"));
    header.extensions.push_back(std::move(extension));
    if (left != INT64_MAX) left -= size;
  }
}

std::string nifti_extension_bytes(const std::vector<NiftiExtension>& extensions) {
  std::string bytes(4, '\0');
  bytes[0] = extensions.empty() ? 0 : 1;
  for (const NiftiExtension& extension : extensions) {
    int64_t size = int64_t(extension.content.size() + 8 + 15) / 16 * 16;
    if (size > most_extension_bytes)
      fail_input(text("an extension of ", extension.content.size(), " bytes is too long, at most ", most_extension_bytes, " are written"));
    int32_t head[2] = {int32_t(size), extension.code};
    bytes.append(reinterpret_cast<const char*>(head), 8);
    bytes += extension.content;
    bytes.append(size_t(size - 8) - extension.content.size(), '\0');
  }
  return bytes;
}

}  // namespace tomograd
