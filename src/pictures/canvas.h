// What a picture is drawn on: the same calls make an SVG text or an anti-aliased image. Units are points of the page (SVG user
// units); y grows downwards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pictures/font.h"
#include "pictures/image.h"

namespace tomograd {

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 11;
  Color color = ink;
  Anchor anchor = Anchor::start;
  bool bold = false, upright = false;            // upright: turned by 90 degrees, reading from bottom to top
};

class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void rectangle(double x, double y, double width, double height, Color fill, double opacity = 1) = 0;
  // dash: lengths of stroke and gap, both `dash`; 0 = solid.
  virtual void line(const std::vector<Point>& points, Color color, double width, double dash = 0) = 0;
  virtual void disc(Point centre, double radius, Color fill, double opacity = 1) = 0;
  virtual void circle(Point centre, double radius, Color color, double width) = 0;
  virtual void write(Point at, const std::string& text, const TextStyle& style) = 0;  // at the baseline
};

class SvgCanvas : public Canvas {
 public:
  SvgCanvas(double width, double height);
  void rectangle(double x, double y, double width, double height, Color fill, double opacity) override;
  void line(const std::vector<Point>& points, Color color, double width, double dash) override;
  void disc(Point centre, double radius, Color fill, double opacity) override;
  void circle(Point centre, double radius, Color color, double width) override;
  void write(Point at, const std::string& text, const TextStyle& style) override;
  std::string finish() const;                    // the whole document

 private:
  std::string body_;
  double width_, height_;
};

class RasterCanvas : public Canvas {
 public:
  RasterCanvas(double width, double height, double scale, Color background = paper);  // scale: pixels per unit
  RasterCanvas(Image image, double scale);                                            // draws over an image
  void rectangle(double x, double y, double width, double height, Color fill, double opacity) override;
  void line(const std::vector<Point>& points, Color color, double width, double dash) override;
  void disc(Point centre, double radius, Color fill, double opacity) override;
  void circle(Point centre, double radius, Color color, double width) override;
  void write(Point at, const std::string& text, const TextStyle& style) override;
  // Text with a rim of another colour, readable on any image.
  void write_rimmed(Point at, const std::string& text, const TextStyle& style, Color rim);
  const Image& image() const { return image_; }

 private:
  void stroke(const std::vector<Stroke>& strokes, Color color, double width);
  Image image_;
  double scale_;
};

}  // namespace tomograd
