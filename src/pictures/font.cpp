#include "pictures/font.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>

namespace tomograd {
namespace {

// "M x y" moves the pen, "L x y" draws to a point, "A x y rx ry from to" draws along an ellipse about (x, y) between two
// angles in degrees (counter-clockwise when `to` is larger), "|" lifts the pen. Ten units are one size; y grows upwards here,
// capitals are 7 high, small letters 5.
struct Glyph { uint32_t sign; double width; const char* path; };
constexpr Glyph glyphs[] = {
    {' ', 1.4, ""},
    {'!', 0, "M 0 7 L 0 2.2 | M 0 0.1 L 0 0.2"},
    {'"', 1.5, "M 0 7 L 0 5 | M 1.5 7 L 1.5 5"},
    {'#', 5, "M 1.2 0 L 2 7 | M 3.2 0 L 4 7 | M 0.2 2.3 L 4.8 2.3 | M 0.5 4.7 L 5 4.7"},
    {'$', 4.2, "A 2.1 5 1.85 1.5 35 270 A 2.1 2 2.1 1.5 90 -148 | M 2.1 7.6 L 2.1 -0.6"},
    {'%', 6.4, "A 1.4 5.4 1.4 1.6 0 360 | A 5 1.6 1.4 1.6 0 360 | M 5 7 L 1.4 0"},
    {'&', 5, "M 5 0 L 1.05 4.8 A 2.1 5.6 1.25 1.4 212 -35 L 0.8 3.1 A 1.9 1.7 1.9 1.7 125 330 L 4.8 3"},
    {'\'', 0, "M 0 7 L 0 5"},
    {'(', 1.5, "A 3 2.6 3 5.4 120 240"},
    {')', 1.5, "A -1.5 2.6 3 5.4 60 -60"},
    {'*', 3.2, "M 1.6 7 L 1.6 3.8 | M 0.2 6.2 L 3 4.6 | M 3 6.2 L 0.2 4.6"},
    {'+', 4, "M 0 3 L 4 3 | M 2 1 L 2 5"},
    {',', 0.5, "M 0.5 0.3 L 0 -1.3"},
    {'-', 2.2, "M 0 2.8 L 2.2 2.8"},
    {'.', 0, "M 0 0.1 L 0 0.2"},
    {'/', 3, "M 0 -1 L 3 7.5"},
    {'0', 4, "A 2 3.5 2 3.5 0 360"},
    {'1', 4, "M 0.9 5.7 L 2.4 7 L 2.4 0"},
    {'2', 4, "A 2 5.1 1.85 1.9 170 -30 L 0.1 0 L 4 0"},
    {'3', 4, "A 1.95 5.3 1.65 1.7 150 -90 A 1.95 1.8 2 1.8 90 -155"},
    {'4', 4, "M 3.1 0 L 3.1 7 L 0 2.2 L 4.2 2.2"},
    {'5', 4, "M 3.6 7 L 0.8 7 L 0.5 3.9 A 1.95 2.3 2 2.3 135 -150"},
    {'6', 4, "A 2 2.2 2 2.2 0 360 | A 3.6 2.4 3.6 4.6 180 97"},
    {'7', 4, "M 0 7 L 4 7 L 1.4 0"},
    {'8', 4, "A 2 5.3 1.7 1.7 0 360 | A 2 1.8 2 1.8 0 360"},
    {'9', 4, "A 2 4.8 2 2.2 0 360 | A 0.4 4.6 3.6 4.6 0 -83"},
    {':', 0, "M 0 0.1 L 0 0.2 | M 0 4.5 L 0 4.6"},
    {';', 0.5, "M 0.5 0.3 L 0 -1.3 | M 0.4 4.5 L 0.4 4.6"},
    {'<', 3.8, "M 3.8 5.2 L 0 3 L 3.8 0.8"},
    {'=', 4, "M 0 4 L 4 4 | M 0 2 L 4 2"},
    {'>', 3.8, "M 0 5.2 L 3.8 3 L 0 0.8"},
    {'?', 3.5, "A 1.75 5.3 1.7 1.7 165 -55 L 1.75 3 L 1.75 2.1 | M 1.75 0.1 L 1.75 0.2"},
    {'@', 6.6, "A 3.2 2.7 1.3 1.6 0 360 | M 4.5 4.3 L 4.5 1.9 A 5.4 1.9 0.9 0.9 180 340 | A 3.3 2.7 3.3 3.9 -12 315"},
    {'A', 5, "M 0 0 L 2.5 7 L 5 0 | M 0.85 2.4 L 4.15 2.4"},
    {'B', 4.2, "M 0 0 L 0 7 L 2.2 7 A 2.2 5.3 1.7 1.7 90 -90 L 0 3.6 | M 2.2 3.6 A 2.2 1.8 2 1.8 90 -90 L 0 0"},
    {'C', 4.8, "A 2.8 3.5 2.8 3.5 48 312"},
    {'D', 4.7, "M 0 0 L 0 7 L 1.8 7 A 1.8 3.5 2.9 3.5 90 -90 L 0 0"},
    {'E', 3.8, "M 3.8 7 L 0 7 L 0 0 L 3.8 0 | M 0 3.6 L 3.3 3.6"},
    {'F', 3.7, "M 3.7 7 L 0 7 L 0 0 | M 0 3.6 L 3.2 3.6"},
    {'G', 5.2, "A 2.75 3.5 2.75 3.5 48 335 L 5.24 3.3 L 3.2 3.3"},
    {'H', 4.8, "M 0 0 L 0 7 | M 4.8 0 L 4.8 7 | M 0 3.6 L 4.8 3.6"},
    {'I', 0, "M 0 0 L 0 7"},
    {'J', 3, "M 3 7 L 3 1.8 A 1.5 1.8 1.5 1.8 0 -165"},
    {'K', 4.4, "M 0 0 L 0 7 | M 4.2 7 L 0 2.6 | M 1.5 4.2 L 4.5 0"},
    {'L', 3.6, "M 0 7 L 0 0 L 3.6 0"},
    {'M', 5.8, "M 0 0 L 0 7 L 2.9 2 L 5.8 7 L 5.8 0"},
    {'N', 4.8, "M 0 0 L 0 7 L 4.8 0 L 4.8 7"},
    {'O', 5.4, "A 2.7 3.5 2.7 3.5 0 360"},
    {'P', 4.1, "M 0 0 L 0 7 L 2.2 7 A 2.2 5.1 1.9 1.9 90 -90 L 0 3.2"},
    {'Q', 5.4, "A 2.7 3.5 2.7 3.5 0 360 | M 3.4 1.7 L 5.4 -0.5"},
    {'R', 4.3, "M 0 0 L 0 7 L 2.2 7 A 2.2 5.1 1.9 1.9 90 -90 L 0 3.2 | M 2 3.2 L 4.4 0"},
    {'S', 4.2, "A 2.1 5.25 1.85 1.75 35 270 A 2.1 1.75 2.1 1.75 90 -148"},
    {'T', 4.6, "M 0 7 L 4.6 7 | M 2.3 7 L 2.3 0"},
    {'U', 4.8, "M 0 7 L 0 2.4 A 2.4 2.4 2.4 2.4 180 360 L 4.8 7"},
    {'V', 5, "M 0 7 L 2.5 0 L 5 7"},
    {'W', 7, "M 0 7 L 1.75 0 L 3.5 6.4 L 5.25 0 L 7 7"},
    {'X', 4.6, "M 0 7 L 4.6 0 | M 4.6 7 L 0 0"},
    {'Y', 4.8, "M 0 7 L 2.4 3.3 L 4.8 7 | M 2.4 3.3 L 2.4 0"},
    {'Z', 4.4, "M 0 7 L 4.4 7 L 0 0 L 4.4 0"},
    {'[', 1.4, "M 1.4 7.4 L 0 7.4 L 0 -1.6 L 1.4 -1.6"},
    {'\\', 3, "M 0 7.5 L 3 -1"},
    {']', 1.4, "M 0 7.4 L 1.4 7.4 L 1.4 -1.6 L 0 -1.6"},
    {'^', 3.2, "M 0 4.6 L 1.6 7 L 3.2 4.6"},
    {'_', 4, "M 0 -1.2 L 4 -1.2"},
    {'`', 1, "M 0 7.2 L 1 5.9"},
    {'a', 3.8, "A 1.9 2.5 1.9 2.5 0 360 | M 3.8 5 L 3.8 0"},
    {'b', 3.8, "M 0 7.3 L 0 0 | A 1.9 2.5 1.9 2.5 0 360"},
    {'c', 3.5, "A 2.1 2.5 2.1 2.5 48 312"},
    {'d', 3.8, "A 1.9 2.5 1.9 2.5 0 360 | M 3.8 7.3 L 3.8 0"},
    {'e', 3.9, "M 0.05 2.6 L 3.95 2.6 A 2 2.5 1.95 2.5 2 315"},
    {'f', 2.3, "A 2.1 5.8 1.2 1.5 75 180 L 0.9 0 | M 0 5 L 2.2 5"},
    {'g', 3.8, "A 1.9 2.5 1.9 2.5 0 360 | M 3.8 5 L 3.8 -0.3 A 2.1 -0.3 1.7 1.8 0 -145"},
    {'h', 3.6, "M 0 7.3 L 0 0 | M 0 3.1 A 1.8 3.1 1.8 1.9 180 0 L 3.6 0"},
    {'i', 0, "M 0 5 L 0 0 | M 0 6.8 L 0 6.9"},
    {'j', 1.1, "M 1.1 5 L 1.1 -0.8 A -0.1 -0.8 1.2 1.3 0 -80 | M 1.1 6.8 L 1.1 6.9"},
    {'k', 3.4, "M 0 7.3 L 0 0 | M 3.2 5 L 0 2 | M 1.2 3.1 L 3.5 0"},
    {'l', 0, "M 0 7.3 L 0 0"},
    {'m', 6, "M 0 5 L 0 0 | M 0 3.4 A 1.5 3.4 1.5 1.6 180 0 L 3 0 | M 3 3.4 A 4.5 3.4 1.5 1.6 180 0 L 6 0"},
    {'n', 3.6, "M 0 5 L 0 0 | M 0 3.1 A 1.8 3.1 1.8 1.9 180 0 L 3.6 0"},
    {'o', 4.1, "A 2.05 2.5 2.05 2.5 0 360"},
    {'p', 3.8, "M 0 5 L 0 -2 | A 1.9 2.5 1.9 2.5 0 360"},
    {'q', 3.8, "A 1.9 2.5 1.9 2.5 0 360 | M 3.8 5 L 3.8 -2"},
    {'r', 2.2, "M 0 5 L 0 0 | M 0 3 A 1.8 3 1.8 2 180 75"},
    {'s', 3.2, "A 1.6 3.75 1.4 1.25 35 270 A 1.6 1.25 1.6 1.25 90 -148"},
    {'t', 2.3, "M 0.9 6.6 L 0.9 1.4 A 2.1 1.4 1.2 1.4 180 285 | M 0 5 L 2.2 5"},
    {'u', 3.6, "M 0 5 L 0 1.9 A 1.8 1.9 1.8 1.9 180 360 | M 3.6 5 L 3.6 0"},
    {'v', 3.8, "M 0 5 L 1.9 0 L 3.8 5"},
    {'w', 5.4, "M 0 5 L 1.35 0 L 2.7 4.4 L 4.05 0 L 5.4 5"},
    {'x', 3.5, "M 0 5 L 3.5 0 | M 3.5 5 L 0 0"},
    {'y', 3.9, "M 0 5 L 1.95 0 | M 3.9 5 L 1.4 -1.4 L 0.5 -2"},
    {'z', 3.3, "M 0 5 L 3.3 5 L 0 0 L 3.3 0"},
    {'{', 1.8, "A 1.8 6.2 0.9 1.2 90 180 L 0.9 4 A 0 4 0.9 1.1 0 -90 A 0 1.8 0.9 1.1 90 0 L 0.9 -0.4 A 1.8 -0.4 0.9 1.2 180 270"},
    {'|', 0, "M 0 7.6 L 0 -1.8"},
    {'}', 1.8, "A 0 6.2 0.9 1.2 90 0 L 0.9 4 A 1.8 4 0.9 1.1 180 270 A 1.8 1.8 0.9 1.1 90 180 L 0.9 -0.4 A 0 -0.4 0.9 1.2 0 -90"},
    {'~', 4.4, "A 1.1 2.6 1.1 0.9 180 0 A 3.3 2.6 1.1 0.9 180 360"},
    {0xB0, 2, "A 1 6 1 1 0 360"},                                                        // degree
    {0xB1, 4, "M 0 3.8 L 4 3.8 | M 2 1.8 L 2 5.8 | M 0 0.2 L 4 0.2"},                    // plus-minus
    {0xB2, 2, "A 1 6.2 0.9 0.9 170 -35 L 0 3.8 L 2 3.8"},                                // squared
    {0xB3, 2, "A 1 6.3 0.8 0.7 150 -90 A 1 4.7 1 0.9 90 -155"},                          // cubed
    {0xB5, 3.6, "M 0 5 L 0 -2 | M 0 1.9 A 1.8 1.9 1.8 1.9 180 360 | M 3.6 5 L 3.6 0"},   // micro
    {0xB7, 0.6, "M 0.3 2.9 L 0.3 3"},                                                    // middle dot
    {0xD7, 3.4, "M 0 4.7 L 3.4 1.3 | M 3.4 4.7 L 0 1.3"},                                // times
    {0x394, 5.2, "M 0 0 L 2.6 7 L 5.2 0 L 0 0"},                                         // Delta
    {0x2013, 3.6, "M 0 2.8 L 3.6 2.8"},                                                  // en dash
    {0x2014, 5.6, "M 0 2.8 L 5.6 2.8"},                                                  // em dash
    {0x2026, 4, "M 0 0.1 L 0 0.2 | M 2 0.1 L 2 0.2 | M 4 0.1 L 4 0.2"},                  // ellipsis
    {0x2190, 5, "M 5 3 L 0 3 | M 1.5 4.5 L 0 3 L 1.5 1.5"},                              // arrows
    {0x2192, 5, "M 0 3 L 5 3 | M 3.5 4.5 L 5 3 L 3.5 1.5"},
    {0x2212, 4, "M 0 3 L 4 3"},                                                          // minus
    {0x2264, 3.8, "M 3.8 6 L 0 3.9 L 3.8 1.8 | M 0 0.2 L 3.8 0.2"},                      // at most, at least
    {0x2265, 3.8, "M 0 6 L 3.8 3.9 L 0 1.8 | M 0 0.2 L 3.8 0.2"},
    {0, 4, "M 0 0 L 4 0 L 4 7 L 0 7 L 0 0"},                                             // anything else
};
constexpr double gap = 1.65;                     // between signs
constexpr double pi = 3.141592653589793238462643;

struct Drawn { double width; std::vector<Stroke> strokes; };

Drawn draw(const Glyph& glyph) {
  Drawn drawn{glyph.width, {}};
  std::istringstream path(glyph.path);
  bool down = false;
  auto to = [&](double x, double y) {
    if (!down) drawn.strokes.emplace_back();
    down = true;
    drawn.strokes.back().push_back({x, y});
  };
  for (std::string command; path >> command;) {
    if (command == "|") down = false;
    if (command == "M" || command == "L") {
      double x, y;
      path >> x >> y;
      if (command == "M") down = false;
      to(x, y);
    }
    if (command == "A") {
      double x, y, rx, ry, from, until;
      path >> x >> y >> rx >> ry >> from >> until;
      int steps = std::max(3, int(std::ceil(std::abs(until - from) / 12)));
      for (int i = 0; i <= steps; ++i) {
        double angle = (from + (until - from) * i / steps) * pi / 180;
        to(x + rx * std::cos(angle), y + ry * std::sin(angle));
      }
    }
  }
  return drawn;
}

const Drawn& glyph_of(uint32_t sign) {
  static const std::map<uint32_t, Drawn> all = [] {
    std::map<uint32_t, Drawn> m;
    for (const Glyph& glyph : glyphs) m.emplace(glyph.sign, draw(glyph));
    return m;
  }();
  auto found = all.find(sign);
  return found == all.end() ? all.at(0) : found->second;
}

std::vector<uint32_t> signs_of(const std::string& text) {  // code points of UTF-8; bad bytes become the empty box
  std::vector<uint32_t> signs;
  for (size_t i = 0; i < text.size();) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    size_t length = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) {
      signs.push_back(0);
      ++i;
      continue;
    }
    uint32_t sign = length == 1 ? c : c & (0xFFu >> (length + 1));
    for (size_t k = 1; k < length; ++k) sign = sign << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    signs.push_back(sign);
    i += length;
  }
  return signs;
}

}  // namespace

std::vector<Stroke> text_strokes(const std::string& text, double size) {
  std::vector<Stroke> strokes;
  double x = 0, unit = size / 10;
  for (uint32_t sign : signs_of(text)) {
    const Drawn& glyph = glyph_of(sign);
    for (Stroke stroke : glyph.strokes) {
      for (Point& p : stroke) p = {(x + p.x) * unit, -p.y * unit};
      strokes.push_back(std::move(stroke));
    }
    x += glyph.width + gap;
  }
  return strokes;
}

double text_width(const std::string& text, double size) {
  double x = 0;
  for (uint32_t sign : signs_of(text)) x += glyph_of(sign).width + gap;
  return x > 0 ? (x - gap) * size / 10 : 0;
}

}  // namespace tomograd
