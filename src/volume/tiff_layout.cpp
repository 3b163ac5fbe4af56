#include "volume/tiff_layout.h"

#include <algorithm>

#include "base/error.h"
#include "volume/tiff_codec.h"
#include "volume/tiff_metadata.h"

namespace tomograd {
namespace {

constexpr int64_t most_segments_at_once = 1 << 16;

VoxelType type_of(const TiffDirectory& d) {
  if (d.bits == 8 && d.sample_format == 1) return VoxelType::u8;
  if (d.bits == 8 && d.sample_format == 2) return VoxelType::i8;
  if (d.bits == 16 && d.sample_format == 1) return VoxelType::u16;
  if (d.bits == 16 && d.sample_format == 2) return VoxelType::i16;
  if (d.bits == 32 && d.sample_format == 1) return VoxelType::u32;
  if (d.bits == 32 && d.sample_format == 2) return VoxelType::i32;
  if (d.bits == 32 && d.sample_format == 3) return VoxelType::f32;
  if (d.bits == 64 && d.sample_format == 3) return VoxelType::f64;
  fail_input(text("BitsPerSample is ", d.bits, " with SampleFormat ", d.sample_format,
                  "; 8, 16 or 32 bits of whole numbers (format 1 or 2) and 32 or 64 bits of floats (format 3) are read"));
}

// Directory -> page, by itself.
TiffPage page_of(const TiffDirectory& d) {
  if (!d.has_width || !d.has_height) fail_input(text("ImageWidth or ImageLength (tags 256, 257) is missing"));
  for (uint64_t n : {d.width, d.height})
    if (n < 1 || n > (uint64_t{1} << 31)) fail_input(text("a page has ", d.width, " x ", d.height, " pixels; 1 to 2147483648 each are possible"));
  if (d.samples != 1) fail_input(text("SamplesPerPixel is ", d.samples, "; one sample per pixel is read"),
      "save each colour or channel as a TIFF of its own");
  if (d.depth != 1) fail_input(text("ImageDepth is ", d.depth, "; one plane per page is read"));
  if (d.photometric > 1 && d.photometric != 3) fail_input(text("PhotometricInterpretation is ", d.photometric,
      "; 0 or 1 (grey) or 3 (numbers of a palette) is expected"));
  if (d.fill_order != 1 && d.fill_order != 2) fail_input(text("FillOrder is ", d.fill_order, "; 1 or 2 is expected"));
  if (d.predictor < 1 || d.predictor > 3) fail_input(text("Predictor is ", d.predictor, "; 1, 2 or 3 is expected"));
  VoxelType type = type_of(d);
  if (d.predictor == 3 && tiff_sample_format(type) != 3) fail_input(text("Predictor is 3, which is for floats; the voxels are ",
      voxel_type_name(type)));
  if (d.compression > 65535 || tiff_compression_name(int(d.compression)).empty())
    fail_input(text("Compression is ", d.compression, ", which is not read"),
        "1 (none), 5 (LZW), 7 (JPEG), 8 and 32946 (deflate), 32773 (PackBits), 34887 (LERC), 34925 (LZMA), 50000 (zstd) are, where libtiff has them");
  if (d.compression == 7 && type != VoxelType::u8) fail_input(text("JPEG voxels are ", voxel_type_name(type), "; uint8 is expected"));

  TiffPage page;
  page.offsets = d.offsets, page.byte_counts = d.byte_counts, page.jpeg_tables = d.jpeg_tables, page.lerc_parameters = d.lerc_parameters;
  page.compression = uint16_t(d.compression), page.photometric = uint16_t(d.photometric == 3 ? 1 : d.photometric);
  bool with_predictor = d.compression != 1 && d.compression != 7 && d.compression != 32773 && d.compression != 34887;
  page.predictor = uint8_t(with_predictor ? d.predictor : 1), page.fill_order = uint8_t(d.fill_order);
  page.tiled = d.tiled;
  if (d.tiled) {
    for (uint64_t n : {d.tile_width, d.tile_height})
      if (n < 1 || n > (uint64_t{1} << 31)) fail_input(text("tiles have ", d.tile_width, " x ", d.tile_height,
          " pixels; 1 to 2147483648 each are possible"));
    page.segment_rows = uint32_t(d.tile_height), page.segment_columns = uint32_t(d.tile_width);
  } else {
    if (d.rows_per_strip == 0) fail_input("RowsPerStrip is 0; at least 1 is expected");
    page.segment_rows = uint32_t(std::min(d.rows_per_strip, d.height)), page.segment_columns = uint32_t(d.width);
  }
  if (page.jpeg_tables.type && (tiff_type_bytes(page.jpeg_tables.type) != 1 || page.jpeg_tables.count > 65536))
    fail_input(text("JPEGTables have ", page.jpeg_tables.count, " values of type ", page.jpeg_tables.type, "; at most 65536 bytes are expected"));
  if (page.lerc_parameters.type && (page.lerc_parameters.type != 4 || page.lerc_parameters.count > 16))
    fail_input(text("LercParameters have ", page.lerc_parameters.count, " values of type ", page.lerc_parameters.type,
        "; at most 16 of type 4 are expected"));
  return page;
}

class Opening {
 public:
  Opening(Env& env, const std::string& path) : env_(env), path_(path) {
    layout_.file = env.open_input(path);
  }

  TiffLayout open() {
    TiffBytes bytes(*layout_.file);
    bool any = false;
    int64_t skipped = 0;
    for_each_tiff_directory(bytes, [&](const TiffDirectory& d) {
      if (d.subfile & 1) {
        ++skipped;
        return;
      }
      if (!any) first_page(bytes, d), any = true;
      else next_page(d);
      TiffPage page = page_of(d);
      check_counts(page);
      layout_.pages.push_back(page);
    });
    TiffHeader& header = layout_.header;
    if (!any) fail_input(text("all ", skipped, " pages are marked as reduced copies; there is no page of full size"));
    header.big = bytes.big, header.swapped = bytes.swapped;
    if (skipped) header.warnings.push_back(text(skipped, " pages are reduced copies of others; they are left out"));
    planes(bytes);
    spacing();
    return std::move(layout_);
  }

 private:
  int64_t file_bytes() const { return layout_.file->size(); }
  int64_t plane_bytes() const { return layout_.plane_voxels() * voxel_bytes(layout_.header.type); }

  void first_page(TiffBytes& bytes, const TiffDirectory& d) {
    TiffHeader& header = layout_.header;
    page_of(d);
    header.type = type_of(d);
    header.geometry.size = {1, int64_t(d.height), int64_t(d.width)};
    header.compression = tiff_compression_name(int(d.compression));
    header.tiled = d.tiled;
    if (d.photometric == 0) header.warnings.push_back("the pages say that 0 is white (PhotometricInterpretation 0); voxels are given as they stand");
    if (d.photometric == 3) header.warnings.push_back("the pages hold numbers of a palette (PhotometricInterpretation 3); these are the voxels");
    if (d.orientation != 1) header.warnings.push_back(text("Orientation is ", d.orientation, "; rows and columns are given as stored"));
    // 2^31 pixels each way: the product and 8 times it fit 63 bits only up to 2^60 voxels.
    if (layout_.plane_voxels() > (int64_t{1} << 58)) fail_input(text("a page has ", d.width, " x ", d.height, " pixels, more than any file holds"));
    texts_ = read_tiff_texts(read_tiff_text(bytes, d.description, 1 << 20), d);
  }

  void next_page(const TiffDirectory& d) {
    const Extent size = layout_.header.geometry.size;
    if (int64_t(d.width) != size.x || int64_t(d.height) != size.y)
      fail_input(text("a page has ", d.width, " x ", d.height, " pixels; the first has ", size.x, " x ", size.y),
          "all pages of a stack must be of one size");
    if (d.samples == 1 && type_of(d) != layout_.header.type)
      fail_input(text("a page holds ", voxel_type_name(type_of(d)), " voxels; the first ", voxel_type_name(layout_.header.type)),
          "all pages of a stack must be of one type");
  }

  int64_t segments(const TiffPage& page) const {
    const Extent size = layout_.header.geometry.size;
    int64_t down = ceil_div(size.y, page.segment_rows), across = ceil_div(size.x, page.segment_columns);
    return down * across;
  }

  // How many strips or tiles there must be, and that their table can be in the file. Tables of all pages together may be at most
  // twice the file (some writers share a table), so that reading them all stays in proportion.
  void check_counts(const TiffPage& page) {
    const char* what = page.tiled ? "tiles" : "strips";
    int64_t wanted = segments(page);
    if (wanted > file_bytes()) fail_input(text("a page has ", wanted, " ", what, " of ", page.segment_columns, " x ", page.segment_rows,
        " pixels; the file has only ", file_bytes(), " bytes"));
    if (page.offsets.type == 0 || page.offsets.count < uint64_t(wanted))
      fail_input(text("a page has offsets of ", page.offsets.count, " ", what, "; ", wanted, " are needed"));
    bool counted = page.byte_counts.type != 0;
    if (counted ? page.byte_counts.count < uint64_t(wanted) : page.compression != 1)
      fail_input(text("a page has byte counts of ", page.byte_counts.count, " ", what, "; ", wanted, " are needed"));
    table_bytes_ += wanted * (tiff_type_bytes(page.offsets.type) + (counted ? tiff_type_bytes(page.byte_counts.type) : 0));
    if (table_bytes_ > 2 * file_bytes()) fail_input(text("the tables of ", what, " declare more than twice the ", file_bytes(),
        " bytes of the file"));
    int64_t bytes = int64_t(page.segment_rows) * int64_t(page.segment_columns), limit = most_tiff_segment_bytes / voxel_bytes(layout_.header.type);
    bool direct = page.compression == 1 && page.fill_order == 1;
    if (!direct && bytes > limit) fail_input(text("a compressed ", page.tiled ? "tile" : "strip", " has ", page.segment_columns, " x ",
        page.segment_rows, " pixels; at most ", limit, " are decoded at once"));
  }

  // How many planes there are, and that every byte of them can be in the file.
  void planes(TiffBytes& bytes) {
    TiffHeader& header = layout_.header;
    int64_t pages = int64_t(layout_.pages.size()), planes = pages;
    const TiffPage& first = layout_.pages.front();
    header.one_directory = texts_.one_directory && pages == 1 && texts_.images > 1;
    if (header.one_directory) {
      if (first.compression != 1 || first.tiled || first.fill_order != 1)
        fail_input(text("the ", texts_.kind, " description speaks of ", texts_.images, " images, but there is one directory and its ",
            header.tiled ? "tiles" : "strips", " are ",
                        first.compression == 1 ? "not plain rows" : header.compression),
                            "only plain strips can be followed by planes without directories");
      planes = texts_.images;
    } else if (texts_.images > 0 && texts_.images != pages) {
      header.warnings.push_back(text("the ", texts_.kind, " description speaks of ", texts_.images, " images; the file has ", pages));
    }
    if (plane_bytes() > file_bytes() && tiff_expansion(first.compression) == 1)
      fail_input(text("a plane has ", plane_bytes(), " bytes; the file has ", file_bytes(), " bytes"), "the file may be cut short");
    header.geometry.size.z = planes;
    int64_t most = 0;
    for (const auto& page : layout_.pages) most = std::max(most, tiff_expansion(page.compression));
    if (double(planes) * double(plane_bytes()) > double(most) * double(file_bytes()))
      fail_input(text(planes, " planes have ", double(planes) * double(plane_bytes()), " bytes; a file of ", file_bytes(), " bytes cannot hold them"),
          "the file may be cut short");
    if (header.one_directory) one_run(bytes, first);
    else
      for (int64_t p = 0; p < pages; ++p) with_context(text("page ", p), [&] { check_segments(bytes, layout_.pages[size_t(p)]); });
  }

  // One directory: plane z lies z planes behind the first, whose strips must follow one another.
  void one_run(TiffBytes& bytes, const TiffPage& page) {
    const int64_t strips = segments(page), row_bytes = layout_.header.geometry.size.x * voxel_bytes(layout_.header.type);
    uint64_t start = 0, at = 0;
    for (int64_t s = 0; s < strips; ++s) {
      read_tiff_array(bytes, page.offsets, uint64_t(s), 1, &at, "strip offsets");
      if (s == 0) start = at;
      if (at > uint64_t(file_bytes()) || at != start + uint64_t(s * page.segment_rows * row_bytes)) fail_input(text("strip ", s, " lies at byte ", at,
          "; the planes of one directory must follow one another from byte ", start));
    }
    int64_t planes = layout_.header.geometry.size.z;
    if (planes > (file_bytes() - int64_t(start)) / plane_bytes())
      fail_input(text("the ", texts_.kind, " description speaks of ", planes, " images of ", plane_bytes(), " bytes from byte ", start,
          "; the file has ", file_bytes(), " bytes"), "the file may be cut short");
    layout_.first_voxel = int64_t(start);
  }

  void check_segments(TiffBytes& bytes, const TiffPage& page) {
    const int64_t count = segments(page), voxel = voxel_bytes(layout_.header.type), expansion = tiff_expansion(page.compression);
    std::vector<uint64_t> at(size_t(std::min(count, most_segments_at_once))), stored(at.size());
    for (int64_t s = 0; s < count; s += most_segments_at_once) {
      int64_t n = std::min(most_segments_at_once, count - s);
      read_tiff_array(bytes, page.offsets, uint64_t(s), n, at.data(), "segment offsets");
      if (page.byte_counts.type) read_tiff_array(bytes, page.byte_counts, uint64_t(s), n, stored.data(), "segment byte counts");
      for (int64_t i = 0; i < n; ++i) {
        const int64_t needed = tiff_segment_voxels(page, layout_, s + i) * voxel;
        const char* what = page.tiled ? "tile " : "strip ";
        uint64_t have = page.byte_counts.type ? stored[size_t(i)] : uint64_t(needed), where = at[size_t(i)];
        if (have == 0) fail_input(text(what, s + i, " has no bytes (byte count 0)"));
        if (have > uint64_t(file_bytes()) || where > uint64_t(file_bytes()) - have)
          fail_input(text(what, s + i, " lies at byte ", where, " with ", have, " bytes; the file has ", file_bytes(), " bytes"),
              "the file may be cut short");
        if (double(have) * double(expansion) + 4096 * double(expansion > 1) < double(needed))
          fail_input(text(what, s + i, " has ", have, " bytes, which cannot become ", needed,
              expansion > 1 ? text(" by ", tiff_compression_name(page.compression)) : ""));
      }
    }
  }

  void spacing() {
    read_spacing_sidecar(env_, path_, texts_);
    TiffHeader& header = layout_.header;
    header.warnings.insert(header.warnings.end(), texts_.warnings.begin(), texts_.warnings.end());
    header.spacing_known = !texts_.spacing_source.empty();
    header.spacing_source = texts_.spacing_source;
    if (header.spacing_known)
      for (size_t axis = 0; axis < 3; ++axis) header.geometry.affine[axis][axis] = texts_.spacing[2 - axis];
  }

  Env& env_;
  std::string path_;
  TiffLayout layout_;
  TiffTexts texts_;
  int64_t table_bytes_ = 0;
};

}  // namespace

int64_t tiff_segment_voxels(const TiffPage& page, const TiffLayout& layout, int64_t segment) {
  int64_t rows = page.segment_rows;
  if (!page.tiled) rows = std::min(rows, layout.header.geometry.size.y - segment * rows);
  return rows * int64_t(page.segment_columns);
}

TiffLayout open_tiff(Env& env, const std::string& path) {
  return with_context(text("opening '", path, "'"), [&] { return Opening(env, path).open(); });
}

}  // namespace tomograd
