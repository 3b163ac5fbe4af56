#include "pictures/chart.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "pictures/axis.h"
#include "pictures/type_size.h"

namespace tomograd {
namespace {

using namespace type_size;

// The plot area in a figure and where values lie in it. "Across" is the axis of x, "along" that of y, whichever way they run.
class Frame {
 public:
  Frame(const Chart& chart, double left, double top) : chart_(chart) {
    x_ = axis_ticks(chart.x, true), y_ = axis_ticks(chart.y, false);
    const Ticks& horizontal = chart.swapped ? y_ : x_;
    const Ticks& vertical = chart.swapped ? x_ : y_;
    double widest = 0;
    for (const auto& label : vertical.labels) widest = std::max(widest, text_width(label, small));
    const std::string& side_label = chart.swapped ? chart.x.label : chart.y.label;
    x0 = left + 12 + (side_label.empty() ? 0 : 17) + widest + 8;
    x1 = left + chart.width - 14;
    y0 = top + 12 + (chart.title.empty() ? 0 : 17) + (chart.subtitle.empty() ? 0 : 15) + legend_rows() * 15 + 6;
    double slot = horizontal.at.size() > 1 ? (x1 - x0) / double(horizontal.at.size()) : x1 - x0;
    double widest_below = 0;
    for (const auto& label : horizontal.labels) widest_below = std::max(widest_below, text_width(label, small));
    bool categories = !(chart.swapped ? chart.y : chart.x).categories.empty();
    upright = categories && widest_below > slot - 4;
    y1 = top + chart.height - 12 - (upright ? widest_below + 8 : 17) - ((chart.swapped ? chart.y.label : chart.x.label).empty() ? 0 : 17);
    if (x1 - x0 < 20 || y1 - y0 < 20) fail_input(text("a chart of ", chart.width, " x ", chart.height, " points leaves no room between its labels"));
  }

  Point at(double x, double y) const {
    double across = (x - x_.low) / (x_.high - x_.low), along = (y - y_.low) / (y_.high - y_.low);
    return chart_.swapped ? Point{x0 + along * (x1 - x0), y0 + across * (y1 - y0)} : Point{x0 + across * (x1 - x0), y1 - along * (y1 - y0)};
  }
  double category() const { return (chart_.swapped ? y1 - y0 : x1 - x0) / (x_.high - x_.low); }  // points per unit of x
  const Ticks& x() const { return x_; }
  const Ticks& y() const { return y_; }
  int legend_rows() const {
    return std::any_of(chart_.layers.begin(), chart_.layers.end(), [](const Layer& l) { return !l.name.empty(); }) ? 1 : 0;
  }
  double x0, x1, y0, y1;
  bool upright;

 private:
  Ticks axis_ticks(const ChartAxis& axis, bool is_x) const {
    if (!axis.categories.empty()) {
      Ticks t{-0.5, double(axis.categories.size()) - 0.5, {}, axis.categories};
      for (size_t i = 0; i < axis.categories.size(); ++i) t.at.push_back(double(i));
      return t;
    }
    double low = std::numeric_limits<double>::infinity(), high = -low;
    auto take = [&](double v) {
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    };
    for (const Layer& layer : chart_.layers) {
      for (double v : is_x ? layer.x : layer.y) take(v);
      if (!is_x) {
        for (double v : layer.low) take(v);
        for (double v : layer.high) take(v);
        if (layer.mark == Mark::bars) take(layer.base);
      }
    }
    if (!is_x && chart_.zero_line) take(0);
    bool fixed = std::isfinite(axis.low) && std::isfinite(axis.high);
    return make_ticks(std::isfinite(axis.low) ? axis.low : low, std::isfinite(axis.high) ? axis.high : high, axis.ticks, !fixed);
  }

  const Chart& chart_;
  Ticks x_, y_;
};

// Offsets, in points across, that keep dots of one category from lying on each other: each takes the free place nearest to the
// middle, in order of its value, within `room` to either side.
std::vector<double> swarm(const std::vector<double>& positions, double diameter, double room) {
  std::vector<size_t> order(positions.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return positions[a] < positions[b]; });
  std::vector<double> offset(positions.size(), 0.0);
  std::vector<size_t> placed;
  for (size_t i : order) {
    double best = 0;
    for (int step = 0; double(step / 2) * diameter / 2 <= room + diameter; ++step) {
      double tried = (step % 2 ? 1 : -1) * double((step + 1) / 2) * diameter / 2;
      if (std::abs(tried) > room) break;         // full: the dots overlap in the middle
      bool free = std::none_of(placed.begin(), placed.end(), [&](size_t j) {
        return std::hypot(positions[i] - positions[j], tried - offset[j]) < diameter * 0.98;
      });
      if (free) {
        best = tried;
        break;
      }
    }
    offset[i] = best;
    placed.push_back(i);
  }
  return offset;
}

class ChartFigure : public Figure {
 public:
  explicit ChartFigure(Chart chart) : chart_(std::move(chart)) {
    for (const Layer& layer : chart_.layers) check(layer);
  }
  double width() const override { return chart_.width; }
  double height() const override { return chart_.height; }

  void draw(Canvas& canvas, double left, double top) const override {
    Frame f(chart_, left, top);
    draw_grid(canvas, f);
    for (const Layer& layer : chart_.layers) draw_layer(canvas, f, layer);
    draw_axes(canvas, f);
    double y = top + 12 + 9;
    if (!chart_.title.empty()) canvas.write({left + 12, y}, chart_.title, {large, ink, Anchor::start, true, false}), y += 15;
    if (!chart_.subtitle.empty()) canvas.write({left + 12, y + 1}, chart_.subtitle, {small, grey, Anchor::start, false, false}), y += 15;
    if (f.legend_rows()) draw_legend(canvas, f.x0, y + 2);
  }

 private:
  static void check(const Layer& layer) {
    size_t n = layer.x.size();
    auto same = [&](const auto& v, const char* what, bool required) {
      if (v.size() != n && (required || !v.empty())) fail_failure(text("a layer of a chart has ", n, " x and ", v.size(), " ", what));
    };
    bool ranged = layer.mark == Mark::intervals || layer.mark == Mark::band || layer.mark == Mark::boxes;
    same(layer.y, "y", layer.mark != Mark::intervals && layer.mark != Mark::band);
    same(layer.low, "low", ranged), same(layer.high, "high", ranged);
    same(layer.q1, "q1", layer.mark == Mark::boxes), same(layer.q3, "q3", layer.mark == Mark::boxes);
    same(layer.text, "text", layer.mark == Mark::notes), same(layer.colors, "colors", false);
  }

  void draw_grid(Canvas& canvas, const Frame& f) const {
    if (chart_.grid)
      for (double v : f.y().at) canvas.line({f.at(f.x().low, v), f.at(f.x().high, v)}, {235, 235, 235}, 0.6);
    if (chart_.zero_line && f.y().low <= 0 && f.y().high >= 0) canvas.line({f.at(f.x().low, 0), f.at(f.x().high, 0)}, {110, 110, 110}, 0.9);
  }

  void draw_axes(Canvas& canvas, const Frame& f) const {
    const bool swapped = chart_.swapped;
    canvas.line({{f.x0, f.y1}, {f.x1, f.y1}}, ink, 0.9);
    canvas.line({{f.x0, f.y0}, {f.x0, f.y1}}, ink, 0.9);
    auto tick = [&](const Ticks& ticks, bool horizontal, bool categories) {
      for (size_t i = 0; i < ticks.at.size(); ++i) {
        Point p = &ticks == &f.x() ? f.at(ticks.at[i], f.y().low) : f.at(f.x().low, ticks.at[i]);
        if (horizontal) {
          if (!categories) canvas.line({{p.x, f.y1}, {p.x, f.y1 + 3.5}}, ink, 0.9);
          if (categories && f.upright) canvas.write({p.x + 3.5, f.y1 + 7}, ticks.labels[i], {small, ink, Anchor::end, false, true});
          else canvas.write({p.x, f.y1 + 14}, ticks.labels[i], {small, ink, Anchor::middle, false, false});
        } else {
          if (!categories) canvas.line({{f.x0 - 3.5, p.y}, {f.x0, p.y}}, ink, 0.9);
          canvas.write({f.x0 - 7, p.y + 3.4}, ticks.labels[i], {small, ink, Anchor::end, false, false});
        }
      }
    };
    tick(f.x(), !swapped, !chart_.x.categories.empty());
    tick(f.y(), swapped, !chart_.y.categories.empty());
    const std::string& below = swapped ? chart_.y.label : chart_.x.label;
    const std::string& beside = swapped ? chart_.x.label : chart_.y.label;
    double widest = 0;
    for (const auto& label : (swapped ? f.x() : f.y()).labels) widest = std::max(widest, text_width(label, small));
    double lowest = 0;
    for (const auto& label : (swapped ? f.y() : f.x()).labels) lowest = std::max(lowest, text_width(label, small));
    if (!below.empty()) canvas.write({(f.x0 + f.x1) / 2, f.y1 + (f.upright ? lowest + 22 : 31)}, below, {normal, ink, Anchor::middle, false, false});
    if (!beside.empty()) canvas.write({f.x0 - widest - 17, (f.y0 + f.y1) / 2}, beside, {normal, ink, Anchor::middle, false, true});
  }

  void draw_layer(Canvas& canvas, const Frame& f, const Layer& layer) const {
    double half = layer.width / 2;
    std::vector<double> offset(layer.x.size(), 0.0);
    if (layer.spread) offset = spread_of(f, layer);
    if (layer.mark == Mark::line) {
      std::vector<Point> points;                 // a NaN breaks the line
      for (size_t i = 0; i <= layer.x.size(); ++i) {
        if (i < layer.x.size() && std::isfinite(layer.y[i])) points.push_back(f.at(layer.x[i], layer.y[i]));
        else if (!points.empty()) canvas.line(points, layer.color, layer.size, layer.dash), points.clear();
      }
      return;
    }
    if (layer.mark == Mark::band) return draw_band(canvas, f, layer);
    for (size_t i = 0; i < layer.x.size(); ++i) {
      Color color = layer.colors.empty() ? layer.color : layer.colors[i];
      double x = layer.x[i];
      bool has_y = !layer.y.empty() && std::isfinite(layer.y[i]);
      if (layer.mark == Mark::dots && has_y) dot(canvas, moved(f.at(x, layer.y[i]), offset[i]), layer, color);
      if (layer.mark == Mark::notes && has_y) canvas.write(f.at(x, layer.y[i]), layer.text[i], {9, color, chart_.swapped ? Anchor::start : Anchor::middle, false, false});
      if (layer.mark == Mark::medians && has_y) canvas.line({f.at(x - half, layer.y[i]), f.at(x + half, layer.y[i])}, color, 2);
      if (layer.mark == Mark::bars && has_y) block(canvas, f.at(x - half, layer.base), f.at(x + half, layer.y[i]), color, layer.opacity);
      if (layer.mark == Mark::intervals && std::isfinite(layer.low[i]) && std::isfinite(layer.high[i])) {
        whisker(canvas, f, x, layer.low[i], layer.high[i], color);
        if (has_y) dot(canvas, f.at(x, layer.y[i]), layer, color);
      }
      if (layer.mark == Mark::boxes && has_y) {
        canvas.line({f.at(x, layer.low[i]), f.at(x, layer.high[i])}, color, 1.1);
        block(canvas, f.at(x - half, layer.q1[i]), f.at(x + half, layer.q3[i]), mix(color, paper, 0.72), 1);
        canvas.line({f.at(x - half, layer.y[i]), f.at(x + half, layer.y[i])}, color, 2);
      }
    }
  }

  Point moved(Point p, double across) const { return chart_.swapped ? Point{p.x, p.y + across} : Point{p.x + across, p.y}; }

  void dot(Canvas& canvas, Point p, const Layer& layer, Color color) const {
    if (layer.hollow) {
      canvas.disc(p, layer.size, paper, 1);
      canvas.circle(p, layer.size, color, 1.1);
    } else {
      canvas.disc(p, layer.size, color, layer.opacity);
    }
  }

  void whisker(Canvas& canvas, const Frame& f, double x, double low, double high, Color color) const {
    Point a = f.at(x, low), b = f.at(x, high);
    canvas.line({a, b}, color, 1.3);
    for (Point end : {a, b}) canvas.line({moved(end, -3.5), moved(end, 3.5)}, color, 1.3);
  }

  static void block(Canvas& canvas, Point a, Point b, Color color, double opacity) {
    canvas.rectangle(std::min(a.x, b.x), std::min(a.y, b.y), std::abs(b.x - a.x), std::abs(b.y - a.y), color, opacity);
  }

  void draw_band(Canvas& canvas, const Frame& f, const Layer& layer) const {
    for (size_t i = 0; i + 1 < layer.x.size(); ++i) {  // thin columns; a canvas has no polygons and needs none for this
      int pieces = std::max(1, int(std::abs(f.at(layer.x[i + 1], 0).x - f.at(layer.x[i], 0).x)));
      for (int k = 0; k < pieces; ++k) {
        double t = (k + 0.5) / pieces, x = layer.x[i] + (layer.x[i + 1] - layer.x[i]) / pieces;
        double from = layer.x[i] + (layer.x[i + 1] - layer.x[i]) * k / pieces;
        double low = layer.low[i] + (layer.low[i + 1] - layer.low[i]) * t, high = layer.high[i] + (layer.high[i + 1] - layer.high[i]) * t;
        block(canvas, f.at(from, low), f.at(from + (x - layer.x[i]), high), mix(layer.color, paper, 0.8), 1);
      }
    }
  }

  std::vector<double> spread_of(const Frame& f, const Layer& layer) const {
    std::map<double, std::vector<size_t>> groups;
    for (size_t i = 0; i < layer.x.size(); ++i)
      if (std::isfinite(layer.y[i])) groups[layer.x[i]].push_back(i);
    std::vector<double> offset(layer.x.size(), 0.0);
    for (const auto& [x, members] : groups) {
      std::vector<double> positions;
      for (size_t i : members) positions.push_back(chart_.swapped ? f.at(x, layer.y[i]).x : f.at(x, layer.y[i]).y);
      auto across = swarm(positions, 2 * layer.size + 0.8, f.category() * layer.width / 2);
      for (size_t k = 0; k < members.size(); ++k) offset[members[k]] = across[k];
    }
    return offset;
  }

  void draw_legend(Canvas& canvas, double x, double y) const {
    for (const Layer& layer : chart_.layers) {
      if (layer.name.empty()) continue;
      double middle = y - 3.3;
      switch (layer.mark) {
        case Mark::dots: dot(canvas, {x + 5, middle}, layer, layer.color); break;
        case Mark::intervals:
          canvas.line({{x, middle}, {x + 11, middle}}, layer.color, 1.3);
          if (!layer.y.empty()) dot(canvas, {x + 5.5, middle}, layer, layer.color);
          break;
        case Mark::line: canvas.line({{x, middle}, {x + 12, middle}}, layer.color, layer.size, layer.dash); break;
        case Mark::medians: canvas.line({{x, middle}, {x + 12, middle}}, layer.color, 2); break;
        case Mark::band: canvas.rectangle(x, middle - 4, 10, 8, mix(layer.color, paper, 0.8), 1); break;
        default: canvas.rectangle(x, middle - 4, 9, 8, layer.color, layer.opacity); break;
      }
      canvas.write({x + 16, y}, layer.name, {small, ink, Anchor::start, false, false});
      x += 16 + text_width(layer.name, small) + 16;
    }
  }

  Chart chart_;
};

}  // namespace

std::unique_ptr<Figure> figure(Chart chart) { return std::make_unique<ChartFigure>(std::move(chart)); }

}  // namespace tomograd
