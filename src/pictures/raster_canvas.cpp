// Anti-aliasing by coverage: a pixel is covered by as much of itself as lies within half a pen width of a stroke, taken from the
// distance of its centre. All strokes of one call share one mask, so joints and crossings are not painted twice.
#include <algorithm>
#include <cmath>
#include <limits>

#include "pictures/canvas.h"

namespace tomograd {
namespace {

double distance_to_segment(Point p, Point a, Point b) {
  double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double t = length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

std::vector<Stroke> dashed(const Stroke& whole, double dash) {
  std::vector<Stroke> pieces;
  double left = dash;
  bool down = true;
  pieces.push_back({whole.front()});
  for (size_t i = 1; i < whole.size(); ++i) {
    Point a = whole[i - 1], b = whole[i];
    double length = std::hypot(b.x - a.x, b.y - a.y), at = 0;
    while (length - at > left) {
      at += left;
      Point p{a.x + (b.x - a.x) * at / length, a.y + (b.y - a.y) * at / length};
      if (down) pieces.back().push_back(p);
      else pieces.push_back({p});
      down = !down;
      left = dash;
    }
    left -= length - at;
    if (down) pieces.back().push_back(b);
  }
  return pieces;
}

}  // namespace

RasterCanvas::RasterCanvas(double width, double height, double scale, Color background)
    : image_(int64_t(std::ceil(width * scale)), int64_t(std::ceil(height * scale)), background), scale_(scale) {}
RasterCanvas::RasterCanvas(Image image, double scale) : image_(std::move(image)), scale_(scale) {}

void RasterCanvas::rectangle(double x, double y, double width, double height, Color fill, double opacity) {
  double x0 = x * scale_, y0 = y * scale_, x1 = (x + width) * scale_, y1 = (y + height) * scale_;
  if (x1 < x0) std::swap(x0, x1);
  if (y1 < y0) std::swap(y0, y1);
  for (int64_t py = std::max<int64_t>(0, int64_t(std::floor(y0))); py < std::min(image_.height, int64_t(std::ceil(y1))); ++py)
    for (int64_t px = std::max<int64_t>(0, int64_t(std::floor(x0))); px < std::min(image_.width, int64_t(std::ceil(x1))); ++px) {
      double across = std::min(x1, double(px + 1)) - std::max(x0, double(px)), down = std::min(y1, double(py + 1)) - std::max(y0, double(py));
      image_.blend(px, py, fill, opacity * across * down);
    }
}

void RasterCanvas::stroke(const std::vector<Stroke>& strokes, Color color, double width) {
  double half = width / 2, low_x = std::numeric_limits<double>::max(), low_y = low_x, high_x = -low_x, high_y = -low_x;
  for (const auto& s : strokes)
    for (Point p : s) low_x = std::min(low_x, p.x), high_x = std::max(high_x, p.x), low_y = std::min(low_y, p.y), high_y = std::max(high_y, p.y);
  int64_t left = std::max<int64_t>(0, int64_t(std::floor(low_x - half - 1))), right = std::min(image_.width - 1, int64_t(std::ceil(high_x + half + 1)));
  int64_t top = std::max<int64_t>(0, int64_t(std::floor(low_y - half - 1))), bottom = std::min(image_.height - 1, int64_t(std::ceil(high_y + half + 1)));
  if (left > right || top > bottom) return;
  int64_t columns = right - left + 1;
  std::vector<float> cover(size_t(columns * (bottom - top + 1)), 0.0f);
  // A pen thinner than a pixel covers it by its own width at most.
  double most = std::min(1.0, width);
  for (const auto& s : strokes)
    for (size_t i = 0; i < s.size(); ++i) {
      if (i == 0 && s.size() > 1) continue;
      Point a = s[i ? i - 1 : 0], b = s[i];
      int64_t x0 = std::max(left, int64_t(std::floor(std::min(a.x, b.x) - half - 1))), x1 = std::min(right, int64_t(std::ceil(std::max(a.x, b.x) + half + 1)));
      int64_t y0 = std::max(top, int64_t(std::floor(std::min(a.y, b.y) - half - 1))), y1 = std::min(bottom, int64_t(std::ceil(std::max(a.y, b.y) + half + 1)));
      for (int64_t y = y0; y <= y1; ++y)
        for (int64_t x = x0; x <= x1; ++x) {
          double d = distance_to_segment({double(x) + 0.5, double(y) + 0.5}, a, b);
          float c = float(std::clamp(std::max(half, 0.5) + 0.5 - d, 0.0, 1.0) * most);
          float& pixel = cover[size_t((y - top) * columns + x - left)];
          pixel = std::max(pixel, c);
        }
    }
  for (int64_t y = top; y <= bottom; ++y)
    for (int64_t x = left; x <= right; ++x) image_.blend(x, y, color, cover[size_t((y - top) * columns + x - left)]);
}

void RasterCanvas::line(const std::vector<Point>& points, Color color, double width, double dash) {
  if (points.empty()) return;
  Stroke s = points;
  for (Point& p : s) p = {p.x * scale_, p.y * scale_};
  bool straight = s.size() == 2 && dash == 0 && (s[0].x == s[1].x || s[0].y == s[1].y);
  if (straight) {  // axis lines end flat and stay crisp: set on whole pixels
    double thick = std::max(1.0, std::round(width * scale_));
    double x0 = std::min(s[0].x, s[1].x), x1 = std::max(s[0].x, s[1].x), y0 = std::min(s[0].y, s[1].y), y1 = std::max(s[0].y, s[1].y);
    if (x0 == x1) x0 = std::round(x0 - thick / 2), x1 = x0 + thick;
    else y0 = std::round(y0 - thick / 2), y1 = y0 + thick;
    rectangle(x0 / scale_, y0 / scale_, (x1 - x0) / scale_, (y1 - y0) / scale_, color, 1);
    return;
  }
  stroke(dash > 0 ? dashed(s, dash * scale_) : std::vector<Stroke>{s}, color, width * scale_);
}

void RasterCanvas::disc(Point centre, double radius, Color fill, double opacity) {
  double cx = centre.x * scale_, cy = centre.y * scale_, r = radius * scale_;
  for (int64_t y = int64_t(std::floor(cy - r - 1)); y <= int64_t(std::ceil(cy + r + 1)); ++y)
    for (int64_t x = int64_t(std::floor(cx - r - 1)); x <= int64_t(std::ceil(cx + r + 1)); ++x)
      image_.blend(x, y, fill, opacity * std::clamp(r + 0.5 - std::hypot(double(x) + 0.5 - cx, double(y) + 0.5 - cy), 0.0, 1.0));
}

void RasterCanvas::circle(Point centre, double radius, Color color, double width) {
  double cx = centre.x * scale_, cy = centre.y * scale_, r = radius * scale_, half = std::max(0.5, width * scale_ / 2);
  for (int64_t y = int64_t(std::floor(cy - r - half - 1)); y <= int64_t(std::ceil(cy + r + half + 1)); ++y)
    for (int64_t x = int64_t(std::floor(cx - r - half - 1)); x <= int64_t(std::ceil(cx + r + half + 1)); ++x)
      image_.blend(x, y, color, std::clamp(half + 0.5 - std::abs(std::hypot(double(x) + 0.5 - cx, double(y) + 0.5 - cy) - r), 0.0, 1.0));
}

void RasterCanvas::write(Point at, const std::string& text, const TextStyle& style) {
  auto strokes = text_strokes(text, style.size * scale_);
  double width = text_width(text, style.size * scale_);
  double shift = style.anchor == Anchor::middle ? -width / 2 : style.anchor == Anchor::end ? -width : 0;
  for (auto& s : strokes)
    for (Point& p : s) {
      Point q{p.x + shift, p.y};
      if (style.upright) q = {q.y, -q.x};
      p = {at.x * scale_ + q.x, at.y * scale_ + q.y};
    }
  if (!strokes.empty()) stroke(strokes, style.color, pen_width(style.size * scale_, style.bold));
}

void RasterCanvas::write_rimmed(Point at, const std::string& text, const TextStyle& style, Color rim) {
  auto strokes = text_strokes(text, style.size * scale_);
  double width = text_width(text, style.size * scale_);
  double shift = style.anchor == Anchor::middle ? -width / 2 : style.anchor == Anchor::end ? -width : 0;
  for (auto& s : strokes)
    for (Point& p : s) p = {at.x * scale_ + p.x + shift, at.y * scale_ + p.y};
  if (strokes.empty()) return;
  double pen = pen_width(style.size * scale_, style.bold);
  stroke(strokes, rim, pen + 2.4 * scale_);
  stroke(strokes, style.color, pen);
}

}  // namespace tomograd
