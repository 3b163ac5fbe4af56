#include "volume/nifti_file.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

void check_compression(InputFile& file, const std::string& path, bool compressed) {
  if (file.size() == 0) fail_input(text("'", path, "' is empty (0 bytes)"));
  unsigned char start[512];
  int64_t count = std::min<int64_t>(file.size(), sizeof start);
  file.read_at(0, start, count);
  bool gzip = looks_like_gzip(start, count);
  if (gzip == compressed) return;
  std::string content = describe_content(start, count);
  if (compressed)
    fail_input(text("'", path, "' is not gzip although its name says so", content.empty() ? "" : "; it looks like " + content),
        content.empty() ? "" : "name the file after its content");
  fail_input(text("'", path, "' is gzip although its name does not end with .gz"), "rename it to " + path + ".gz");
}

std::unique_ptr<ByteStream> open_stream(InputFile& file, bool compressed) {
  return compressed ? open_gunzip_stream(file) : open_plain_stream(file);
}

struct Identity {
  int version;
  bool swapped;
};

Identity identify(const unsigned char* bytes, int64_t count) {
  int32_t native = 0, foreign = 0;
  std::memcpy(&native, bytes, 4);
  for (int i = 0; i < 4; ++i) foreign = int32_t(uint32_t(foreign) << 8 | bytes[i]);
  for (bool swapped : {false, true}) {
    int32_t v = swapped ? foreign : native;
    if (v == nifti1_bytes) return {1, swapped};
    if (v == nifti2_bytes) return {2, swapped};
  }
  std::string content = describe_content(bytes, count);
  if (!content.empty()) fail_input(text("not a NIfTI file: it looks like ", content));
  fail_input(text("sizeof_hdr is ", native, "; 348 (NIfTI-1) or 540 (NIfTI-2) is expected"));
}

}  // namespace

bool name_ends_with(const std::string& name, const std::string& end) {
  auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  return name.size() > end.size() && std::equal(end.rbegin(), end.rend(), name.rbegin(), same);
}

bool is_nifti_name(const std::string& path) {
  for (const char* end : {".nii", ".nii.gz", ".hdr", ".img", ".hdr.gz", ".img.gz"})
    if (name_ends_with(path, end)) return true;
  return false;
}

NiftiNames nifti_names(Env& env, const std::string& path) {
  NiftiNames names{path, path};
  if (name_ends_with(path, ".nii")) return names;
  if (name_ends_with(path, ".nii.gz")) {
    names.header_compressed = names.image_compressed = true;
    return names;
  }
  names.pair = true;
  bool gz = name_ends_with(path, ".hdr.gz") || name_ends_with(path, ".img.gz");
  size_t tail = gz ? 7 : 4;
  bool is_header = name_ends_with(path, ".hdr") || name_ends_with(path, ".hdr.gz"), is_image = name_ends_with(path,
      ".img") || name_ends_with(path, ".img.gz");
  if (!is_header && !is_image) fail_input(text("'", path, "' does not end with .nii, .nii.gz, .hdr, .img, .hdr.gz or .img.gz"));
  std::string stem = path.substr(0, path.size() - tail);
  bool upper = std::isupper(static_cast<unsigned char>(path[path.size() - tail + 1]));
  std::string other = stem + (is_header ? (upper ? ".IMG" : ".img") : (upper ? ".HDR" : ".hdr")),
      other_gz = other + (upper ? ".GZ" : ".gz");
  std::string first = gz ? other_gz : other, second = gz ? other : other_gz;
  std::string found = env.kind(first) != FileKind::missing ? first : second;
  if (env.kind(found) == FileKind::missing)
    fail_input(text("'", path, "' lacks its other half: neither '", file_name(first), "' nor '", file_name(second),
        "' can be found beside it"));
  (is_header ? names.image : names.header) = found;
  names.header_compressed = name_ends_with(names.header, ".gz");
  names.image_compressed = name_ends_with(names.image, ".gz");
  return names;
}

std::string describe_content(const unsigned char* bytes, int64_t count) {
  auto begins = [&](const char* magic, size_t length, size_t at = 0) { return count >= int64_t(at + length) && std::memcmp(bytes + at,
      magic, length) == 0; };
  if (begins("\x1f\x8b", 2)) return "gzip";
  if (begins("PK\x03\x04", 4)) return "a zip archive";
  if (begins("DICM", 4, 128)) return "a DICOM file; convert it with dcm2niix";
  if (begins("II*\0", 4) || begins("MM\0*", 4) || begins("II+\0", 4) || begins("MM\0+", 4)) return "a TIFF image";
  if (begins("\x28\xb5\x2f\xfd", 4)) return "zstd";
  if (begins("BZh", 3)) return "bzip2";
  if (begins("\xfd" "7zXZ", 5)) return "xz";
  if (begins("\x89PNG", 4)) return "a PNG image";
  if (begins("NRRD", 4)) return "an NRRD file";
  if (begins("version https://git-lfs", 23)) return "a Git LFS pointer, not the file itself";
  int64_t at = 0;
  while (at < count && std::isspace(bytes[at])) ++at;
  if (at < count && bytes[at] == '<') return "an HTML or XML page";
  if (begins("n+1", 3, 344) || begins("ni1", 3, 344)) return {};
  if (count > 0 && std::all_of(bytes, bytes + count, [](unsigned char c) { return c == 0; })) return "nothing but zero bytes";
  return {};
}

NiftiFile open_nifti(Env& env, const std::string& path) {
  return with_context(text("opening '", path, "'"), [&] {
    NiftiFile file;
    file.names = nifti_names(env, path);
    auto header_file = env.open_input(file.names.header);
    check_compression(*header_file, file.names.header, file.names.header_compressed);
    auto stream = open_stream(*header_file, file.names.header_compressed);

    std::vector<unsigned char> bytes(nifti2_bytes, 0);
    int64_t got = stream->read(bytes.data(), nifti1_bytes);
    if (got < 4) fail_input(text("the file holds ", got, " bytes, a NIfTI header has ", nifti1_bytes));
    Identity identity = identify(bytes.data(), got);
    int64_t needed = identity.version == 1 ? nifti1_bytes : nifti2_bytes;
    if (got == nifti1_bytes && needed > got) got += stream->read(bytes.data() + got, needed - got);
    if (got < needed) fail_input(text("the file holds ", got, " bytes, a NIfTI-", identity.version, " header has ", needed));
    bytes.resize(size_t(needed));

    file.fields = read_nifti_fields(bytes.data(), identity.version, identity.swapped);
    file.header = validate_nifti(file.fields, identity.swapped, file.names.pair);
    NiftiHeader& header = file.header;
    header.compressed = file.names.image_compressed;
    header.raw = std::move(bytes);

    if (file.names.pair) {
      file.image = env.open_input(file.names.image);
      check_compression(*file.image, file.names.image, file.names.image_compressed);
    }
    // The voxels must fit into the file before anything of their size is allocated (rule R2).
    int64_t size = file.names.pair ? file.image->size() : header_file->size();
    int64_t most = header.compressed ? most_bytes_gunzipped(size) : size;
    int64_t data = header.geometry.size.voxels() * header.frames * voxel_bytes(header.type);  // validated: fits
    if (header.voxel_offset > most || data > most - header.voxel_offset)
      fail_input(text("dim ", to_string(header.geometry.size), header.frames > 1 ? text(" x ", header.frames) : "", " of ",
          voxel_type_name(header.type), " needs ", data, " bytes from byte ",
                      header.voxel_offset, " on; the file has ", size, header.compressed ? text(" bytes, which cannot hold more than ",
                          most, " when inflated") : " bytes"),
                 "the file is cut short or its header is damaged");
    if (int64_t extra = size - header.voxel_offset - data; !header.compressed && extra > 0) {
      std::string sentence = text(extra, " bytes follow the ", data, " bytes of voxels that the header declares");
      if (extra > trailing_slack)
        fail_input(sentence + text(", more than the ", trailing_slack, " that are ignored"),
            "dim or datatype of the header may be damaged");
      header.warnings.push_back(sentence + "; they are ignored");
    }
    int64_t room = header.voxel_offset - needed;
    if (file.names.pair) room = file.names.header_compressed ? INT64_MAX : header_file->size() - needed;
    read_nifti_extensions(*stream, room, header);
    if (!file.names.pair) file.image = std::move(header_file);
    return file;
  });
}

}  // namespace tomograd
