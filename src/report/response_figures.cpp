// The plane of the two variables that matter most: the response as colours with contour lines and the trials on it, and the same
// as a surface of lines.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "pictures/axis.h"
#include "report/chart_parts.h"
#include "report/numbers.h"
#include "report/plot_frame.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

struct Range { double low = INFINITY, high = -INFINITY; };

void take(Range& range, double v) {
  if (std::isfinite(v)) range.low = std::min(range.low, v), range.high = std::max(range.high, v);
}

double share(const Range& range, double v) { return range.high > range.low ? (v - range.low) / (range.high - range.low) : 0.5; }

class PlaneFigure : public Figure {
 public:
  PlaneFigure(const ReportData& report, size_t x, size_t y) : report_(report), x_(x), y_(y) {
    for (const auto& point : report.points) take(range_, point.metric);
    if (report.response)
      for (double v : report.response->mean) take(range_, v);
    if (!(range_.high > range_.low)) range_.high = range_.low + 1e-6;
    plot_.title = report.response ? "Expected " + metric_label(report) : metric_label(report) + " of the trials";
    plot_.subtitle = report.response ? "Gaussian process; other variables as in the best trial" : "no model between them: too few trials, or none that predicts";
    auto name = [&](size_t a) { return short_text(short_key(report, a), 40) + (report.axes[a].log ? " (log)" : ""); };
    plot_.x = {name(x), report.axes[x].ticks(), false}, plot_.y = {name(y), report.axes[y].ticks(), false};
    plot_.width = 520, plot_.height = 380, plot_.right = 80;
    for (const auto& label : report.axes[x].labels) plot_.height = std::max(plot_.height, 330 + text_width(short_text(label, most_signs), type_size::small));
  }
  double width() const override { return plot_.width; }
  double height() const override { return plot_.height; }

  void draw(Canvas& canvas, double left, double top) const override {
    PlotFrame frame(plot_, left, top);
    if (report_.response) draw_response(canvas, frame, *report_.response);
    frame.draw(canvas);
    for (const auto& point : report_.points) {
      if (!std::isfinite(point.at[x_]) || !std::isfinite(point.at[y_])) continue;
      Point p = frame.at(point.at[x_], point.at[y_]);
      bool best = point.trial == report_.best_trial;
      canvas.disc(p, best ? 5.2 : 3.4, best ? okabe_ito::vermillion : paper, 1);
      canvas.disc(p, best ? 3.6 : 2.6, sequential_color(share(range_, point.metric)), 1);
      canvas.circle(p, best ? 5.2 : 3.4, best ? okabe_ito::vermillion : ink, best ? 1.6 : 0.7);
    }
    draw_color_bar(canvas, {frame.x1 + 14, frame.y0}, std::min(200.0, frame.y1 - frame.y0), range_.low, range_.high, metric_label(report_));
  }

 private:
  void draw_response(Canvas& canvas, const PlotFrame& frame, const Response& r) const {
    double w = (frame.x1 - frame.x0) / double(r.columns), h = (frame.y1 - frame.y0) / double(r.rows);
    for (int64_t row = 0; row < r.rows; ++row)
      for (int64_t column = 0; column < r.columns; ++column)
        canvas.rectangle(frame.x0 + double(column) * w, frame.y1 - double(row + 1) * h, w + 0.3, h + 0.3, sequential_color(share(range_, r.mean[size_t(row * r.columns + column)])), 1);
    if (report_.axes[x_].listed() || report_.axes[y_].listed()) return;   // nothing lies between listed values
    for (double level : make_ticks(range_.low, range_.high, 9, false).at) draw_contour(canvas, frame, r, level);
  }

  // Marching squares over the cells' centres; a saddle is cut by its mean.
  void draw_contour(Canvas& canvas, const PlotFrame& frame, const Response& r, double level) const {
    auto value = [&](int64_t row, int64_t column) { return r.mean[size_t(row * r.columns + column)]; };
    auto place = [&](double row, double column) { return frame.at((column + 0.5) / double(r.columns), (row + 0.5) / double(r.rows)); };
    for (int64_t row = 0; row + 1 < r.rows; ++row)
      for (int64_t column = 0; column + 1 < r.columns; ++column) {
        double corners[4] = {value(row, column), value(row, column + 1), value(row + 1, column + 1), value(row + 1, column)};
        constexpr double rows[5] = {0, 0, 1, 1, 0}, columns[5] = {0, 1, 1, 0, 0};
        std::vector<Point> crossed;
        for (int side = 0; side < 4; ++side) {
          double a = corners[side] - level, b = corners[(side + 1) % 4] - level;
          if ((a < 0) == (b < 0)) continue;
          double t = a / (a - b);
          crossed.push_back(place(double(row) + rows[side] + t * (rows[side + 1] - rows[side]), double(column) + columns[side] + t * (columns[side + 1] - columns[side])));
        }
        Color color = mix(ink, paper, 0.25);
        if (crossed.size() == 2) canvas.line(crossed, color, 0.7);
        if (crossed.size() < 4) continue;
        double middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4;
        size_t shift = (middle < level) == (corners[0] < level) ? 1 : 0;   // the middle belongs to corner 0's side: cut off 1 and 3
        canvas.line({crossed[0], crossed[shift ? 1 : 3]}, color, 0.7), canvas.line({crossed[2], crossed[shift ? 3 : 1]}, color, 0.7);
      }
  }

  const ReportData& report_;
  size_t x_, y_;
  Range range_;
  Plot plot_;
};

// Floating horizon (Wright 1972, as in Rogers, "Procedural Elements for Computer Graphics"): lines are drawn from the front to the
// back, and a piece is visible where it lies above or below all that was drawn before it.
class SurfaceFigure : public Figure {
 public:
  explicit SurfaceFigure(const ReportData& report) : report_(report), r_(*report.response) {
    for (double v : r_.mean) take(range_, v);
    if (!(range_.high > range_.low)) range_.high = range_.low + 1e-6;
  }
  double width() const override { return 540; }
  double height() const override { return 400; }

  void draw(Canvas& canvas, double left, double top) const override {
    canvas.write({left + 12, top + 21}, "Expected " + metric_label(report_) + " as a surface", {type_size::large, ink, Anchor::start, true, false});
    canvas.write({left + 12, top + 37}, "Gaussian process; other variables as in the best trial", {type_size::small, grey, Anchor::start, false, false});
    draw_floor(canvas, left, top);
    std::vector<double> upper(size_t(width()) + 1, -INFINITY), lower(upper.size(), INFINITY);   // heights already covered, per point across
    // The front corner is (0, 0): by rising sum of the places, every line comes before those behind it.
    for (int64_t diagonal = 0; diagonal < r_.rows + r_.columns - 1; ++diagonal)
      for (int64_t row = std::max<int64_t>(0, diagonal - r_.columns + 1); row <= std::min(diagonal, r_.rows - 1); ++row) {
        int64_t column = diagonal - row;
        std::vector<std::pair<int64_t, int64_t>> next;
        if (column + 1 < r_.columns) next.emplace_back(row, column + 1);
        if (row + 1 < r_.rows) next.emplace_back(row + 1, column);
        for (auto [to_row, to_column] : next) draw_piece(canvas, left, top, row, column, to_row, to_column, upper, lower);
      }
    draw_color_bar(canvas, {left + width() - 62, top + 60}, 150, range_.low, range_.high, metric_label(report_));
  }

 private:
  // x to the right and back, y to the left and back, seen from above: places 0 to 1 and a height 0 to 1 on the page.
  Point place(double x, double y, double height) const { return {235 + 190 * (x - y), 330 - 62 * (x + y) - 140 * height}; }
  Point cell(int64_t row, int64_t column) const {
    double x = r_.columns > 1 ? double(column) / double(r_.columns - 1) : 0.5, y = r_.rows > 1 ? double(row) / double(r_.rows - 1) : 0.5;
    return place(x, y, share(range_, value(row, column)));
  }
  double value(int64_t row, int64_t column) const { return r_.mean[size_t(row * r_.columns + column)]; }

  void draw_piece(Canvas& canvas, double left, double top, int64_t row, int64_t column, int64_t to_row, int64_t to_column, std::vector<double>& upper, std::vector<double>& lower) const {
    Point a = cell(row, column), b = cell(to_row, to_column);
    Color color = mix({120, 170, 205}, {0, 52, 96}, share(range_, (value(row, column) + value(to_row, to_column)) / 2));
    if (a.x > b.x) std::swap(a, b);
    int from = std::max(0, int(std::ceil(a.x))), until = std::min(int(upper.size()) - 1, int(std::floor(b.x)));
    std::vector<Point> seen;
    auto flush = [&] {
      if (seen.size() > 1) canvas.line({seen.front(), seen.back()}, color, 0.9);
      seen.clear();
    };
    auto at = [&](double x) { return a.y + (b.x > a.x ? (x - a.x) / (b.x - a.x) : 0) * (b.y - a.y); };
    if (from > until) return;                    // shorter than a point
    for (int x = from; x <= until; ++x) {
      double y = at(x), height = -y;
      bool visible = height >= upper[size_t(x)] - 0.3 || height <= lower[size_t(x)] + 0.3;
      if (visible) {
        double drawn = x == from ? a.x : x == until ? b.x : x;
        seen.push_back({left + drawn, top + at(drawn)});
      } else {
        flush();
      }
    }
    flush();
    for (int x = from; x <= until; ++x) {
      double height = -at(x);
      upper[size_t(x)] = std::max(upper[size_t(x)], height), lower[size_t(x)] = std::min(lower[size_t(x)], height);
    }
  }

  // The two edges of the floor in front with the ends of their axes.
  void draw_floor(Canvas& canvas, double left, double top) const {
    auto moved = [&](Point p) { return Point{left + p.x, top + p.y}; };
    Point front = moved(place(0, 0, 0)), right = moved(place(1, 0, 0)), back_left = moved(place(0, 1, 0));
    canvas.line({right, front, back_left}, grey, 0.9);
    for (Point p : {front, right, back_left}) canvas.line({p, {p.x, p.y + 5}}, grey, 0.9);
    const VariableAxis &x = report_.axes[r_.x], &y = report_.axes[r_.y];
    auto end = [](const VariableAxis& axis, double at) { return short_text(axis.text_at(at), 14); };
    canvas.write({front.x + 14, front.y + 14}, end(x, 0), {type_size::small, ink, Anchor::start, false, false});
    canvas.write({right.x + 4, right.y + 16}, end(x, 1), {type_size::small, ink, Anchor::middle, false, false});
    canvas.write({front.x - 14, front.y + 14}, end(y, 0), {type_size::small, ink, Anchor::end, false, false});
    canvas.write({back_left.x - 4, back_left.y + 16}, end(y, 1), {type_size::small, ink, Anchor::middle, false, false});
    canvas.write({front.x + 70, front.y + 34}, short_text(short_key(report_, r_.x), 26) + (x.log ? " (log) →" : " →"), {type_size::normal, ink, Anchor::start, false, false});
    canvas.write({front.x - 70, front.y + 34}, "← " + short_text(short_key(report_, r_.y), 26) + (y.log ? " (log)" : ""), {type_size::normal, ink, Anchor::end, false, false});
  }

  const ReportData& report_;
  const Response& r_;
  Range range_;
};

}  // namespace

std::unique_ptr<Figure> plane_figure(const ReportData& report, size_t x, size_t y) { return std::make_unique<PlaneFigure>(report, x, y); }
std::unique_ptr<Figure> surface_figure(const ReportData& report) { return std::make_unique<SurfaceFigure>(report); }

}  // namespace tomograd
