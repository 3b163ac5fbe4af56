#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "pictures/axis.h"
#include "pictures/chart.h"
#include "pictures/type_size.h"

namespace tomograd {

Color sequential_color(double share) {
  share = std::clamp(share, 0.0, 1.0);
  constexpr Color dark{0, 60, 104};
  return share < 0.6 ? mix({247, 250, 252}, okabe_ito::blue, share / 0.6) : mix(okabe_ito::blue, dark, (share - 0.6) / 0.4);
}

Color diverging_color(double share) {
  share = std::clamp(share, -1.0, 1.0);
  return mix({247, 247, 247}, share < 0 ? okabe_ito::blue : okabe_ito::vermillion, std::abs(share));
}

namespace {

using namespace type_size;

class HeatFigure : public Figure {
 public:
  explicit HeatFigure(HeatMatrix matrix) : m_(std::move(matrix)) {
    if (m_.values.size() != m_.rows.size() * m_.columns.size())
      fail_failure(text("a heat matrix of ", m_.rows.size(), " x ", m_.columns.size(), " cells has ", m_.values.size(), " values"));
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (double v : m_.values)
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    if (!std::isfinite(low)) low = 0, high = 1;
    if (std::isfinite(m_.low)) low = m_.low;
    if (std::isfinite(m_.high)) high = m_.high;
    if (m_.diverging) high = std::max({std::abs(low), std::abs(high), 1e-12}), low = -high;
    if (high <= low) high = low + 1;
    low_ = low, high_ = high;
    for (const auto& row : m_.rows) row_width_ = std::max(row_width_, text_width(row, small));
    for (const auto& column : m_.columns) column_width_ = std::max(column_width_, text_width(column, small));
    upright_ = column_width_ > m_.cell_width - 4;
    left_ = 12 + (m_.y_label.empty() ? 0 : 17) + row_width_ + 7;
    top_ = 12 + (m_.title.empty() ? 0 : 17) + (m_.subtitle.empty() ? 0 : 15) + 6 + (upright_ ? column_width_ + 8 : 16) + (m_.x_label.empty() ? 0 : 17);
  }

  double width() const override {
    double plot = left_ + m_.cell_width * double(m_.columns.size()) + 16 + 10 + 8 + 44 + (m_.value_label.empty() ? 0 : 16);
    return std::max({plot, text_width(m_.title, large) + 24, text_width(m_.subtitle, small) + 24});
  }
  double height() const override { return std::max(top_ + m_.cell_height * double(m_.rows.size()), top_ + 90) + 14; }

  void draw(Canvas& canvas, double left, double top) const override {
    double x0 = left + left_, y0 = top + top_, w = m_.cell_width, h = m_.cell_height;
    double y = top + 12 + 9;
    if (!m_.title.empty()) canvas.write({left + 12, y}, m_.title, {large, ink, Anchor::start, true, false}), y += 15;
    if (!m_.subtitle.empty()) canvas.write({left + 12, y + 1}, m_.subtitle, {small, grey, Anchor::start, false, false});
    for (size_t c = 0; c < m_.columns.size(); ++c) {
      double x = x0 + (double(c) + 0.5) * w;
      if (upright_) canvas.write({x + 3.5, y0 - 6}, m_.columns[c], {small, ink, Anchor::start, false, true});
      else canvas.write({x, y0 - 6}, m_.columns[c], {small, ink, Anchor::middle, false, false});
    }
    double middle = x0 + double(m_.columns.size()) * w / 2;
    if (!m_.x_label.empty()) canvas.write({middle, y0 - 6 - (upright_ ? column_width_ + 8 : 16)}, m_.x_label, {normal, ink, Anchor::middle, false, false});
    if (!m_.y_label.empty())
      canvas.write({x0 - row_width_ - 16, y0 + double(m_.rows.size()) * h / 2}, m_.y_label, {normal, ink, Anchor::middle, false, true});
    for (size_t r = 0; r < m_.rows.size(); ++r) {
      canvas.write({x0 - 7, y0 + (double(r) + 0.5) * h + 3.4}, m_.rows[r], {small, ink, Anchor::end, false, false});
      for (size_t c = 0; c < m_.columns.size(); ++c) draw_cell(canvas, x0 + double(c) * w, y0 + double(r) * h, m_.values[r * m_.columns.size() + c]);
    }
    draw_bar(canvas, x0 + double(m_.columns.size()) * w + 16, y0, std::max(76.0, std::min(180.0, double(m_.rows.size()) * h)));
  }

 private:
  Color color_of(double v) const { return m_.diverging ? diverging_color(v / high_) : sequential_color((v - low_) / (high_ - low_)); }

  void draw_cell(Canvas& canvas, double x, double y, double v) const {
    double w = m_.cell_width, h = m_.cell_height;
    if (!std::isfinite(v)) {
      canvas.rectangle(x + 0.5, y + 0.5, w - 1, h - 1, {225, 225, 225}, 1);
      canvas.line({{x + 3, y + h - 3}, {x + w - 3, y + 3}}, {170, 170, 170}, 0.8);
      return;
    }
    Color color = color_of(v);
    canvas.rectangle(x + 0.5, y + 0.5, w - 1, h - 1, color, 1);
    std::string number = tick_text(v, (high_ - low_) > 20 ? 1 : (high_ - low_) > 2 ? 0.1 : 0.01);
    if (!m_.numbers || text_width(number, 8.5) > w - 4 || h < 11) return;
    double light = 0.299 * color.r + 0.587 * color.g + 0.114 * color.b;
    canvas.write({x + w / 2, y + h / 2 + 3.1}, number, {8.5, light < 140 ? paper : ink, Anchor::middle, false, false});
  }

  void draw_bar(Canvas& canvas, double x, double y, double length) const {
    for (int i = 0; i < 64; ++i) canvas.rectangle(x, y + length * (63 - i) / 64, 10, length / 64 + 0.3, color_of(low_ + (high_ - low_) * (i + 0.5) / 64), 1);
    Ticks ticks = make_ticks(low_, high_, 4, false);
    for (size_t i = 0; i < ticks.at.size(); ++i) {
      double at = y + length * (1 - (ticks.at[i] - low_) / (high_ - low_));
      canvas.line({{x + 10, at}, {x + 13, at}}, ink, 0.8);
      canvas.write({x + 16, at + 3.2}, ticks.labels[i], {small, ink, Anchor::start, false, false});
    }
    double widest = 0;
    for (const auto& label : ticks.labels) widest = std::max(widest, text_width(label, small));
    if (!m_.value_label.empty()) canvas.write({x + 16 + widest + 14, y + length / 2}, m_.value_label, {normal, ink, Anchor::middle, false, true});
  }

  HeatMatrix m_;
  double low_ = 0, high_ = 1, row_width_ = 0, column_width_ = 0, left_ = 0, top_ = 0;
  bool upright_ = false;
};

}  // namespace

std::unique_ptr<Figure> figure(HeatMatrix matrix) { return std::make_unique<HeatFigure>(std::move(matrix)); }

}  // namespace tomograd
