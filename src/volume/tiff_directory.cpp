#include "volume/tiff_directory.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "base/error.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

constexpr int64_t most_tags = 4096;

// Header -> byte order, kind and the place of the first directory.
uint64_t read_identity(TiffBytes& bytes) {
  if (bytes.size() < 8) fail_input(text("the file has ", bytes.size(), " bytes; a TIFF header has 8"));
  const unsigned char* start = bytes.at(0, 8, "the TIFF header");
  bool little = start[0] == 'I' && start[1] == 'I', motorola = start[0] == 'M' && start[1] == 'M';
  if (little || motorola) {
    bytes.swapped = little != (std::endian::native == std::endian::little);
    uint64_t version = bytes.number(start + 2, 2);
    if (version == 42) return bytes.number(start + 4, 4);
    if (version == 43) {
      start = bytes.at(0, 16, "the BigTIFF header");
      uint64_t offset_bytes = bytes.number(start + 4, 2), zero = bytes.number(start + 6, 2);
      if (offset_bytes != 8 || zero != 0) fail_input(text("the BigTIFF header has an offset size of ", offset_bytes, " and ", zero,
          " behind it; 8 and 0 are expected"));
      bytes.big = true;
      return bytes.number(start + 8, 8);
    }
    fail_input(text("the TIFF header has version ", version, "; 42 (classic) or 43 (BigTIFF) is expected"));
  }
  std::string content = describe_content(start, 8);
  fail_input(text("not a TIFF file: ", content.empty() ? "it does not begin with II or MM" : "it looks like " + content));
}

uint64_t first_number(TiffBytes& bytes, const TiffTag& tag, int code) {
  if (tag.count == 0) fail_input(text("tag ", code, " has no value"));
  if (tag.type != 1 && tag.type != 3 && tag.type != 4 && tag.type != 16) fail_input(text("tag ", code, " has type ", tag.type,
      "; a whole number is expected"));
  int size = tiff_type_bytes(tag.type);
  return bytes.number(bytes.at(tag.at, size, "a tag's value"), size);
}

// One value per sample, which must not differ.
uint64_t equal_numbers(TiffBytes& bytes, const TiffTag& tag, int code) {
  uint64_t first = first_number(bytes, tag, code);
  std::vector<uint64_t> all(size_t(std::min<uint64_t>(tag.count, 16)));
  read_tiff_array(bytes, tag, 0, int64_t(all.size()), all.data(), "values per sample");
  for (uint64_t v : all)
    if (v != first) fail_input(text("tag ", code, " gives the samples of a pixel unlike values, ", first, " and ", v));
  return first;
}

double first_rational(TiffBytes& bytes, const TiffTag& tag) {
  if (tag.type != 5 || tag.count == 0) return 0;
  const unsigned char* from = bytes.at(tag.at, 8, "a resolution");
  uint64_t above = bytes.number(from, 4), below = bytes.number(from + 4, 4);
  return above > 0 && below > 0 ? double(above) / double(below) : 0;
}

void take(TiffBytes& bytes, TiffDirectory& d, int code, const TiffTag& tag) {
  auto number = [&] { return first_number(bytes, tag, code); };
  switch (code) {
    case 254: d.subfile = number(); break;
    case 256: d.width = number(), d.has_width = true; break;
    case 257: d.height = number(), d.has_height = true; break;
    case 258: d.bits = equal_numbers(bytes, tag, code); break;
    case 259: d.compression = number(); break;
    case 262: d.photometric = number(); break;
    case 266: d.fill_order = number(); break;
    case 270: d.description = tag; break;
    case 273: case 324: d.offsets = tag; break;
    case 274: d.orientation = number(); break;
    case 277: d.samples = number(); break;
    case 278: d.rows_per_strip = number(); break;
    case 279: case 325: d.byte_counts = tag; break;
    case 282: d.x_resolution = first_rational(bytes, tag); break;
    case 283: d.y_resolution = first_rational(bytes, tag); break;
    case 296: d.resolution_unit = number(); break;
    case 317: d.predictor = number(); break;
    case 322: d.tile_width = number(), d.tiled = true; break;
    case 323: d.tile_height = number(), d.tiled = true; break;
    case 339: d.sample_format = equal_numbers(bytes, tag, code); break;
    case 347: d.jpeg_tables = tag; break;
    case 32997: d.depth = number(); break;
    case 50674: d.lerc_parameters = tag; break;
  }
}

bool is_known(uint64_t code) {
  for (uint64_t known : {254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 296, 317, 322, 323, 324, 325, 339, 347, 32997,
      50674})
    if (code == known) return true;
  return false;
}

// Reads one directory; returns the place of the next, 0 at the end.
uint64_t read_directory(TiffBytes& bytes, TiffDirectory& d) {
  const int head = bytes.big ? 8 : 2, word = bytes.big ? 8 : 4, entry = 4 + 2 * word;
  uint64_t count = bytes.number(bytes.at(d.at, head, "a directory"), head);
  if (count == 0) fail_input("it has no tags");
  if (count > uint64_t(most_tags)) fail_input(text("it declares ", count, " tags; at most ", most_tags, " are read"));
  const int64_t entries = int64_t(count) * entry;
  std::vector<unsigned char> raw(size_t(entries + word));
  std::memcpy(raw.data(), bytes.at(d.at + uint64_t(head), int64_t(raw.size()), "a directory's tags"), raw.size());
  for (int64_t i = 0; i < int64_t(count); ++i) {
    const unsigned char* e = raw.data() + i * entry;
    uint64_t code = bytes.number(e, 2);
    if (!is_known(code)) continue;
    TiffTag tag{uint16_t(bytes.number(e + 2, 2)), bytes.number(e + 4, word), 0};
    uint64_t size = uint64_t(tiff_type_bytes(tag.type)), room = uint64_t(bytes.size());
    if (size == 0) fail_input(text("tag ", code, " has the unknown type ", tag.type));
    if (tag.count > room / size) fail_input(text("tag ", code, " declares ", tag.count, " values of ", size, " bytes; the file has ", room,
        " bytes"));
    uint64_t long_bytes = tag.count * size;
    tag.at = long_bytes <= uint64_t(word) ? d.at + uint64_t(head) + uint64_t(i) * uint64_t(entry) + 4 + uint64_t(word)
        : bytes.number(e + 4 + word, word);
    if (tag.at > room - long_bytes) fail_input(text("the values of tag ", code, " lie at byte ", tag.at, " and have ", long_bytes,
        " bytes; the file has ", room, " bytes"));
    take(bytes, d, int(code), tag);
  }
  return bytes.number(raw.data() + entries, word);
}

}  // namespace

const unsigned char* TiffBytes::at(uint64_t at, int64_t bytes, const char* what) {
  if (bytes > size() || at > uint64_t(size() - bytes)) fail_input(text(what, " would lie at byte ", at, " with ", bytes, " bytes; the file has ",
      size(), " bytes"), "the file may be cut short");
  int64_t from = int64_t(at);
  if (from < first_ || from + bytes > first_ + count_) {
    int64_t wanted = std::min(std::max(bytes, window_bytes_), size() - from);
    if (window_.size() < wanted) window_ = Buffer<unsigned char>(wanted);
    count_ = 0;
    file_.read_at(from, window_.data(), wanted);
    first_ = from, count_ = wanted;
  }
  return window_.data() + (from - first_);
}

uint64_t TiffBytes::number(const unsigned char* from, int bytes) const {
  bool little = (std::endian::native == std::endian::little) != swapped;
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint64_t(from[i]) << 8 * (little ? i : bytes - 1 - i);
  return value;
}

int tiff_type_bytes(uint16_t type) {
  switch (type) {
    case 1: case 2: case 6: case 7: return 1;
    case 3: case 8: return 2;
    case 4: case 9: case 11: case 13: return 4;
    case 5: case 10: case 12: case 16: case 17: case 18: return 8;
  }
  return 0;
}

void for_each_tiff_directory(TiffBytes& bytes, const std::function<void(const TiffDirectory&)>& page) {
  uint64_t next = read_identity(bytes);
  if (next == 0) fail_input("the TIFF header names no directory");
  std::unordered_set<uint64_t> seen;
  for (int64_t n = 0; next != 0; ++n) {
    if (!seen.insert(next).second) fail_input(text("directory ", n, " is at byte ", next,
        ", where one was already: the chain of directories is a loop"));
    if (n == most_tiff_directories) fail_input(text("the file has more than ", most_tiff_directories, " directories"));
    TiffDirectory directory;
    directory.at = next;
    with_context(text("directory ", n), [&] {
      next = read_directory(bytes, directory);
      page(directory);
    });
  }
}

void read_tiff_array(TiffBytes& bytes, const TiffTag& tag, uint64_t first, int64_t n, uint64_t* into, const char* what) {
  if (tag.type != 1 && tag.type != 3 && tag.type != 4 && tag.type != 16) fail_input(text(what, " have type ", tag.type,
      "; whole numbers are expected"));
  if (first > tag.count || uint64_t(n) > tag.count - first) fail_input(text(what, " has ", tag.count, " values; ", first + uint64_t(n),
      " are needed"));
  int size = tiff_type_bytes(tag.type);
  const unsigned char* from = bytes.at(tag.at + first * uint64_t(size), n * size, what);
  for (int64_t i = 0; i < n; ++i) into[i] = bytes.number(from + i * size, size);
}

std::string read_tiff_text(TiffBytes& bytes, const TiffTag& tag, int64_t limit) {
  if (tag.type == 0 || tiff_type_bytes(tag.type) != 1 || tag.count == 0) return {};
  int64_t n = int64_t(std::min<uint64_t>(tag.count, uint64_t(limit)));
  std::string content(reinterpret_cast<const char*>(bytes.at(tag.at, n, "a text")), size_t(n));
  return content.substr(0, content.find('\0'));
}

}  // namespace tomograd
