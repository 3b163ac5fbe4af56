#include "report/plot_frame.h"

#include <algorithm>

#include "pictures/axis.h"
#include "pictures/chart.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

double widest(const std::vector<AxisTick>& ticks) {
  double width = 0;
  for (const auto& tick : ticks) width = std::max(width, text_width(short_text(tick.label, most_signs), type_size::small));
  return width;
}

// Whether neighbours would touch when written side by side.
bool crowded(const std::vector<AxisTick>& ticks, double room) {
  double until = -1e9;
  for (const auto& tick : ticks) {
    double half = text_width(short_text(tick.label, most_signs), type_size::small) / 2, middle = tick.at * room;
    if (middle - half < until + 5) return true;
    until = middle + half;
  }
  return false;
}

}  // namespace

PlotFrame::PlotFrame(const Plot& plot, double left, double top) : plot_(plot), left_(left), top_(top) {
  beside_ = widest(plot.y.ticks), below_ = widest(plot.x.ticks);
  x0 = left + 12 + (plot.y.label.empty() ? 0 : 17) + beside_ + 8;
  x1 = std::max(x0 + 40, left + plot.width - plot.right);
  upright_ = crowded(plot.x.ticks, x1 - x0);
  y0 = top + 12 + (plot.title.empty() ? 0 : 17) + (plot.subtitle.empty() ? 0 : 15) + 6 + plot.above;
  y1 = std::max(y0 + 40, top + plot.height - 12 - (upright_ ? below_ + 8 : 17) - (plot.x.label.empty() ? 0 : 17));
}

void PlotFrame::draw(Canvas& canvas) const {
  double y = top_ + 12 + 9;
  if (!plot_.title.empty()) canvas.write({left_ + 12, y}, plot_.title, {type_size::large, ink, Anchor::start, true, false}), y += 15;
  if (!plot_.subtitle.empty()) canvas.write({left_ + 12, y + 1}, plot_.subtitle, {type_size::small, grey, Anchor::start, false, false});
  canvas.line({{x0, y1}, {x1, y1}}, ink, 0.9);
  canvas.line({{x0, y0}, {x0, y1}}, ink, 0.9);
  for (const auto& tick : plot_.x.ticks) {
    Point p = at(tick.at, 0);
    if (plot_.x.lines) canvas.line({{p.x, y0}, {p.x, y1}}, {235, 235, 235}, 0.6);
    canvas.line({{p.x, y1}, {p.x, y1 + 3.5}}, ink, 0.9);
    std::string label = short_text(tick.label, most_signs);
    if (upright_) canvas.write({p.x + 3.5, y1 + 7}, label, {type_size::small, ink, Anchor::end, false, true});
    else canvas.write({p.x, y1 + 14}, label, {type_size::small, ink, Anchor::middle, false, false});
  }
  for (const auto& tick : plot_.y.ticks) {
    Point p = at(0, tick.at);
    if (plot_.y.lines) canvas.line({{x0, p.y}, {x1, p.y}}, {235, 235, 235}, 0.6);
    canvas.line({{x0 - 3.5, p.y}, {x0, p.y}}, ink, 0.9);
    canvas.write({x0 - 7, p.y + 3.4}, short_text(tick.label, most_signs), {type_size::small, ink, Anchor::end, false, false});
  }
  if (!plot_.x.label.empty()) canvas.write({(x0 + x1) / 2, y1 + (upright_ ? below_ + 22 : 31)}, plot_.x.label, {type_size::normal, ink, Anchor::middle, false, false});
  if (!plot_.y.label.empty()) canvas.write({x0 - beside_ - 17, (y0 + y1) / 2}, plot_.y.label, {type_size::normal, ink, Anchor::middle, false, true});
}

std::vector<AxisTick> number_ticks(double low, double high, int count) {
  std::vector<AxisTick> result;
  Ticks ticks = make_ticks(low, high, count, false);
  for (size_t i = 0; i < ticks.at.size(); ++i) result.push_back({(ticks.at[i] - low) / (high - low), ticks.labels[i]});
  return result;
}

void draw_color_bar(Canvas& canvas, Point top_left, double length, double low, double high, const std::string& label) {
  constexpr int pieces = 48;
  for (int i = 0; i < pieces; ++i) canvas.rectangle(top_left.x, top_left.y + length * (pieces - 1 - i) / pieces, 10, length / pieces + 0.3, sequential_color((i + 0.5) / pieces), 1);
  double width = 0;
  for (const auto& tick : number_ticks(low, high, 4)) {
    double y = top_left.y + length * (1 - tick.at);
    canvas.line({{top_left.x + 10, y}, {top_left.x + 13, y}}, ink, 0.8);
    canvas.write({top_left.x + 16, y + 3.2}, tick.label, {type_size::small, ink, Anchor::start, false, false});
    width = std::max(width, text_width(tick.label, type_size::small));
  }
  canvas.write({top_left.x + 16 + width + 13, top_left.y + length / 2}, label, {type_size::normal, ink, Anchor::middle, false, true});
}

}  // namespace tomograd
