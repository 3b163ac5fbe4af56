// A stroke font of our own: every sign is a few lines and arcs of the pen, so text can be drawn at any size without a font
// file. Printable ASCII and the signs our pictures use; others are drawn as an empty box.
#pragma once

#include <string>
#include <vector>

namespace tomograd {

struct Point { double x = 0, y = 0; };
using Stroke = std::vector<Point>;               // joined by straight lines

// Strokes of a line of text (UTF-8) whose first sign starts at x = 0 with the baseline at y = 0; y grows downwards, capitals
// are 0.7 * size high, descenders reach 0.2 * size below the baseline.
std::vector<Stroke> text_strokes(const std::string& text, double size);
double text_width(const std::string& text, double size);

// Thickness of the pen for a size.
inline double pen_width(double size, bool bold) { return size * (bold ? 0.125 : 0.085); }

}  // namespace tomograd
