#include "pictures/png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

bool is_grey(const Image& image) {
  for (size_t i = 0; i < image.rgb.size(); i += 3)
    if (image.rgb[i] != image.rgb[i + 1] || image.rgb[i] != image.rgb[i + 2]) return false;
  return true;
}

void append(png_structp png, png_bytep data, size_t bytes) { static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), bytes); }
void nothing(png_structp) {}

// libpng leaves by longjmp; what must be destroyed lives outside of the function that calls setjmp.
bool encode_rows(png_structp png, png_infop info, const Image& image, bool grey, const std::vector<uint8_t>& pixels, std::string& out) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, &out, append, nothing);
  png_set_compression_level(png, 6);
  png_set_filter(png, 0, PNG_ALL_FILTERS);
  png_set_IHDR(png, info, png_uint_32(image.width), png_uint_32(image.height), 8, grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int64_t y = 0; y < image.height; ++y) png_write_row(png, pixels.data() + y * image.width * (grey ? 1 : 3));
  png_write_end(png, info);
  return true;
}

}  // namespace

std::string encode_png(const Image& image) {
  if (image.width < 1 || image.height < 1 || image.width > 65535 || image.height > 65535)
    fail_input(text("a picture of ", image.width, " x ", image.height, " pixels; PNGs here have 1 to 65535 a side"));
  bool grey = is_grey(image);
  std::vector<uint8_t> pixels;
  if (grey)
    for (size_t i = 0; i < image.rgb.size(); i += 3) pixels.push_back(image.rgb[i]);
  else
    pixels = image.rgb;
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  bool done = info && encode_rows(png, info, image, grey, pixels, out);
  png_destroy_write_struct(&png, &info);
  if (!done) fail_failure("libpng could not encode the picture");
  return out;
}

Image decode_png(std::string_view content, const std::string& name) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&png, content.data(), content.size())) fail_input(text("\"", name, "\" is no PNG: ", png.message));
  if (png.width > 65535 || png.height > 65535) {
    png_image_free(&png);
    fail_input(text("\"", name, "\" has ", png.width, " x ", png.height, " pixels; expected at most 65535 a side"));
  }
  // Deflate expands at most 1032 times and a pixel has at least one bit, which bounds what so many bytes can hold.
  if (int64_t pixels = int64_t(png.width) * int64_t(png.height), most = 8 * (1032 * int64_t(content.size()) + 1024); pixels > most) {
    png_image_free(&png);
    fail_input(text("\"", name, "\" says that it has ", png.width, " x ", png.height, " pixels; its ", content.size(), " bytes cannot hold more than ", most, " in all"));
  }
  png.format = PNG_FORMAT_RGB;
  Image image(int64_t(png.width), int64_t(png.height));
  if (!png_image_finish_read(&png, nullptr, image.rgb.data(), 0, nullptr)) {
    std::string reason = png.message;
    png_image_free(&png);
    fail_input(text("\"", name, "\" cannot be decoded: ", reason));
  }
  return image;
}

void write_png(Env& env, const std::string& path, const Image& image) { publish_text(env, path, encode_png(image)); }

Image read_png(Env& env, const std::string& path) { return decode_png(read_text(env, path), path); }

}  // namespace tomograd
