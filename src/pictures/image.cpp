#include "pictures/image.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tomograd {

Image::Image(int64_t w, int64_t h, Color fill) : width(w), height(h), rgb(size_t(w * h * 3)) {
  for (size_t i = 0; i < rgb.size(); i += 3) rgb[i] = fill.r, rgb[i + 1] = fill.g, rgb[i + 2] = fill.b;
}

Color Image::at(int64_t x, int64_t y) const {
  const uint8_t* p = rgb.data() + (y * width + x) * 3;
  return {p[0], p[1], p[2]};
}

void Image::set(int64_t x, int64_t y, Color color) {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  uint8_t* p = rgb.data() + (y * width + x) * 3;
  p[0] = color.r, p[1] = color.g, p[2] = color.b;
}

void Image::blend(int64_t x, int64_t y, Color color, double opacity) {
  if (x < 0 || y < 0 || x >= width || y >= height || opacity <= 0) return;
  set(x, y, mix(at(x, y), color, std::min(1.0, opacity)));
}

void Image::paste(const Image& other, int64_t left, int64_t top) {
  for (int64_t y = 0; y < other.height; ++y)
    for (int64_t x = 0; x < other.width; ++x) set(left + x, top + y, other.at(x, y));
}

Color mix(Color a, Color b, double share) {
  auto one = [&](uint8_t from, uint8_t to) { return uint8_t(std::lround(from + (double(to) - from) * share)); };
  return {one(a.r, b.r), one(a.g, b.g), one(a.b, b.b)};
}

std::string color_text(Color color) {
  char hex[8];
  std::snprintf(hex, sizeof hex, "#%02x%02x%02x", color.r, color.g, color.b);
  return hex;
}

Color series_color(int64_t index) {
  using namespace okabe_ito;
  static constexpr Color order[7] = {blue, vermillion, green, orange, sky_blue, purple, black};
  return order[((index % 7) + 7) % 7];
}

Color label_color(int64_t label) {
  using namespace okabe_ito;
  static constexpr Color order[7] = {orange, sky_blue, green, yellow, vermillion, purple, blue};
  return order[(((label - 1) % 7) + 7) % 7];
}

}  // namespace tomograd
