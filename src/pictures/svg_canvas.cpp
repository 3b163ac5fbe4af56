#include <cmath>
#include <cstdio>

#include "base/markup.h"
#include "pictures/canvas.h"

namespace tomograd {
namespace {

std::string number(double v) {  // at most two decimals, no "-0"
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.2f", v);
  std::string s = digits;
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s.pop_back();
  return s == "-0" ? "0" : s;
}

std::string escaped(const std::string& text) {
  std::string out = escaped_markup(text);
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; });  // control characters are not allowed in XML
  return out;
}

std::string fill_of(Color color, double opacity) {
  std::string s = " fill=\"" + color_text(color) + "\"";
  if (opacity < 1) s += " fill-opacity=\"" + number(opacity) + "\"";
  return s;
}

}  // namespace

SvgCanvas::SvgCanvas(double width, double height) : width_(width), height_(height) { rectangle(0, 0, width, height, paper, 1); }

void SvgCanvas::rectangle(double x, double y, double width, double height, Color fill, double opacity) {
  body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" + number(height) + "\"" + fill_of(fill, opacity) + "/>\n";
}

void SvgCanvas::line(const std::vector<Point>& points, Color color, double width, double dash) {
  body_ += "<polyline fill=\"none\" points=\"";
  for (size_t i = 0; i < points.size(); ++i) body_ += (i ? " " : "") + number(points[i].x) + "," + number(points[i].y);
  body_ += "\" stroke=\"" + color_text(color) + "\" stroke-width=\"" + number(width) + "\"";
  if (dash > 0) body_ += " stroke-dasharray=\"" + number(dash) + "\"";
  body_ += "/>\n";
}

void SvgCanvas::disc(Point centre, double radius, Color fill, double opacity) {
  body_ += "<circle cx=\"" + number(centre.x) + "\" cy=\"" + number(centre.y) + "\" r=\"" + number(radius) + "\"" + fill_of(fill, opacity) + "/>\n";
}

void SvgCanvas::circle(Point centre, double radius, Color color, double width) {
  body_ += "<circle fill=\"none\" cx=\"" + number(centre.x) + "\" cy=\"" + number(centre.y) + "\" r=\"" + number(radius) + "\" stroke=\"" + color_text(color) +
           "\" stroke-width=\"" + number(width) + "\"/>\n";
}

void SvgCanvas::write(Point at, const std::string& text, const TextStyle& style) {
  body_ += "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\" font-size=\"" + number(style.size) + "\"" + fill_of(style.color, 1);
  if (style.anchor != Anchor::start) body_ += style.anchor == Anchor::middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  if (style.bold) body_ += " font-weight=\"600\"";
  // Layouts counted with our own font's width; the reader's fonts are wider or narrower, and are brought to it.
  if (double width = text_width(text, style.size); width > 0) body_ += " textLength=\"" + number(width) + "\" lengthAdjust=\"spacingAndGlyphs\"";
  if (style.upright) body_ += " transform=\"rotate(-90 " + number(at.x) + " " + number(at.y) + ")\"";
  body_ += ">" + escaped(text) + "</text>\n";
}

std::string SvgCanvas::finish() const {
  std::string size = number(width_) + " " + number(height_);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width_) + "\" height=\"" + number(height_) + "\" viewBox=\"0 0 " + size +
         "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n" + body_ + "</svg>\n";
}

}  // namespace tomograd
