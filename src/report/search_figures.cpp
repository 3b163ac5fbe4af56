// Slices and parallel coordinates: what the trials of a search say by themselves.
#include <algorithm>
#include <cmath>

#include "report/chart_parts.h"
#include "report/numbers.h"
#include "report/plot_frame.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

struct MetricRange { double low = 0, high = 1; };

MetricRange metric_range(const ReportData& report) {
  MetricRange range{INFINITY, -INFINITY};
  for (const auto& point : report.points) range.low = std::min(range.low, point.metric), range.high = std::max(range.high, point.metric);
  double margin = range.high > range.low ? 0.06 * (range.high - range.low) : std::max(1e-6, 0.1 * std::abs(range.low));
  return {range.low - margin, range.high + margin};
}

// Early trials light, late ones dark: where a search went is seen in every slice.
Color order_color(size_t index, size_t count) { return mix({166, 206, 227}, {8, 69, 120}, count > 1 ? double(index) / double(count - 1) : 1); }

class SliceFigure : public Figure {
 public:
  SliceFigure(const ReportData& report, size_t axis) : report_(report), axis_(axis), range_(metric_range(report)) {
    const VariableAxis& variable = report.axes[axis];
    plot_.title = short_text(short_key(report, axis), 34);
    plot_.x.label = variable.key + (variable.log ? " (log)" : "");
    plot_.x.ticks = variable.ticks();
    for (auto& tick : plot_.x.ticks) tick.label = short_text(tick.label, 18);
    plot_.y.label = metric_label(report);
    plot_.y.ticks = number_ticks(range_.low, range_.high, 6), plot_.y.lines = true;
    plot_.width = variable.values.size() > 6 ? 460 : 330, plot_.height = 250;
    if (text_width(plot_.x.label, type_size::normal) > plot_.width - 70) plot_.x.label = short_text(short_key(report, axis), 34);
    double labels = 0;
    for (const auto& label : variable.labels) labels = std::max(labels, text_width(short_text(label, 18), type_size::small));
    if (labels > 50) plot_.height += labels - 30;
  }
  double width() const override { return plot_.width; }
  double height() const override { return plot_.height; }

  void draw(Canvas& canvas, double left, double top) const override {
    PlotFrame frame(plot_, left, top);
    frame.draw(canvas);
    const VariableAxis& variable = report_.axes[axis_];
    double room = variable.listed() ? 0.3 / double(variable.values.size()) : 0;   // half of a strip
    std::vector<int> at_place(variable.values.size());
    const SearchPoint* best = nullptr;
    Point best_at;
    for (size_t i = 0; i < report_.points.size(); ++i) {
      const SearchPoint& point = report_.points[i];
      if (!std::isfinite(point.at[axis_])) continue;
      double x = point.at[axis_];
      if (room > 0) {                            // side by side in steps of the golden ratio, which never line up
        int n = at_place[std::min(at_place.size() - 1, size_t(x * double(at_place.size())))]++;
        x += room * (2 * std::fmod(0.5 + n * 0.6180339887498949, 1.0) - 1);
      }
      Point p = frame.at(x, (point.metric - range_.low) / (range_.high - range_.low));
      canvas.disc(p, report_.points.size() > 120 ? 2 : 2.7, order_color(i, report_.points.size()), 0.85);
      if (point.trial == report_.best_trial) best = &point, best_at = p;
    }
    if (!best) return;
    canvas.disc(best_at, 4, okabe_ito::vermillion, 1);
    canvas.circle(best_at, 6, okabe_ito::vermillion, 1.2);
  }

 private:
  const ReportData& report_;
  size_t axis_;
  MetricRange range_;
  Plot plot_;
};

// One upright axis per variable and one for the metric; a line per trial, the best ones drawn last.
class ParallelFigure : public Figure {
 public:
  explicit ParallelFigure(const ReportData& report) : report_(report), range_(metric_range(report)) {
    for (size_t a = 0; a <= report.axes.size(); ++a) {
      Axis axis;
      bool metric = a == report.axes.size();
      axis.name = metric ? metric_label(report) : short_text(short_key(report, a), 22) + (report.axes[a].log ? " (log)" : "");
      axis.ticks = metric ? number_ticks(range_.low, range_.high, 5) : report.axes[a].ticks();
      double labels = 0;
      for (auto& tick : axis.ticks) tick.label = short_text(tick.label, 16), labels = std::max(labels, text_width(tick.label, type_size::small));
      axis.left = a == 0 ? std::max(labels, text_width(axis.name, type_size::small) / 2) + 24 : 0;
      // Labels stand to the left of their axis, names above it: both need room on the way from the axis before.
      if (a > 0) axis.left = axes_.back().left + std::max({96.0, labels + 30, (text_width(axis.name, type_size::small) + text_width(axes_.back().name, type_size::small)) / 2 + 16});
      axes_.push_back(std::move(axis));
    }
  }
  double width() const override { return std::max(360.0, axes_.back().left + text_width(axes_.back().name, type_size::small) / 2 + 24); }
  double height() const override { return 330; }

  void draw(Canvas& canvas, double left, double top) const override {
    double y0 = top + 66, y1 = top + height() - 18;
    canvas.write({left + 12, top + 21}, "Parallel coordinates", {type_size::large, ink, Anchor::start, true, false});
    auto place = [&](size_t a, double at) { return Point{left + axes_[a].left, y1 - at * (y1 - y0)}; };
    std::vector<const SearchPoint*> order;
    for (const auto& point : report_.points) order.push_back(&point);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->metric < b->metric; });
    for (size_t i = 0; i < order.size(); ++i) {
      const SearchPoint& point = *order[i];
      bool best = point.trial == report_.best_trial;
      double share = order.size() > 1 ? double(i) / double(order.size() - 1) : 1;
      draw_line(canvas, point, place, best ? okabe_ito::vermillion : mix({225, 232, 238}, {8, 69, 120}, share * share), best ? 2.2 : order.size() > 100 ? 0.7 : 1);
    }
    for (size_t a = 0; a < axes_.size(); ++a) {
      canvas.line({place(a, 0), place(a, 1)}, ink, 1);
      canvas.write({left + axes_[a].left, y0 - 11}, axes_[a].name, {type_size::small, ink, Anchor::middle, true, false});
      size_t every = std::max<size_t>(1, axes_[a].ticks.size() / 16);
      for (size_t t = 0; t < axes_[a].ticks.size(); t += every) {
        const AxisTick& tick = axes_[a].ticks[t];
        Point p = place(a, tick.at);
        canvas.line({{p.x - 3.5, p.y}, p}, ink, 0.9);
        double width = text_width(tick.label, type_size::small);
        canvas.rectangle(p.x - 7 - width, p.y - 5, width + 2, 10, paper, 0.75);
        canvas.write({p.x - 6, p.y + 3.4}, tick.label, {type_size::small, ink, Anchor::end, false, false});
      }
    }
  }

 private:
  struct Axis {
    std::string name;
    std::vector<AxisTick> ticks;
    double left = 0;
  };

  template <class Place>
  void draw_line(Canvas& canvas, const SearchPoint& point, const Place& place, Color color, double width) const {
    std::vector<Point> line;                     // a variable that is not set breaks it
    for (size_t a = 0; a <= point.at.size(); ++a) {
      double at = a < point.at.size() ? point.at[a] : (point.metric - range_.low) / (range_.high - range_.low);
      if (std::isfinite(at)) line.push_back(place(a, at));
      if (!std::isfinite(at) || a == point.at.size()) {
        if (line.size() > 1) canvas.line(line, color, width);
        line.clear();
      }
    }
  }

  const ReportData& report_;
  MetricRange range_;
  std::vector<Axis> axes_;
};

}  // namespace

std::string short_key(const ReportData& report, size_t axis) {
  auto last = [](const std::string& key) { return key.substr(key.rfind('.') == std::string::npos ? 0 : key.rfind('.') + 1); };
  std::string name = last(report.axes[axis].key);
  for (size_t other = 0; other < report.axes.size(); ++other)
    if (other != axis && last(report.axes[other].key) == name) return report.axes[axis].key;
  return name;
}

std::unique_ptr<Figure> slice_figure(const ReportData& report, size_t axis) { return std::make_unique<SliceFigure>(report, axis); }
std::unique_ptr<Figure> parallel_figure(const ReportData& report) { return std::make_unique<ParallelFigure>(report); }

}  // namespace tomograd
