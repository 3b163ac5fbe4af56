// RGB images in memory and the colours that all pictures share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tomograd {

struct Color {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Color&) const = default;
};

struct Image {                                   // rows from top to bottom, 8 bits per channel
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb;                      // [height][width][3]

  Image() = default;
  Image(int64_t w, int64_t h, Color fill = {255, 255, 255});
  Color at(int64_t x, int64_t y) const;
  void set(int64_t x, int64_t y, Color color);   // outside the image: nothing happens
  void blend(int64_t x, int64_t y, Color color, double opacity);
  void paste(const Image& other, int64_t left, int64_t top);
  bool operator==(const Image&) const = default;
};

Color mix(Color a, Color b, double share_of_b);
std::string color_text(Color color);             // "#0072b2"

// Okabe and Ito, "Color Universal Design" (2008): told apart with every kind of colour vision.
namespace okabe_ito {
inline constexpr Color black{0, 0, 0}, orange{230, 159, 0}, sky_blue{86, 180, 233}, green{0, 158, 115}, yellow{240, 228, 66},
    blue{0, 114, 178}, vermillion{213, 94, 0}, purple{204, 121, 167};
}
inline constexpr Color ink{38, 38, 38}, grey{128, 128, 128}, light_grey{217, 217, 217}, paper{255, 255, 255}, accent = okabe_ito::blue;

// The colour of a series in a chart (0, 1, ...) and of a label value in an overlay (1, 2, ...); both repeat after seven.
Color series_color(int64_t index);
Color label_color(int64_t label);

}  // namespace tomograd
