// Changes by channel dropout over those by training: on the line both say the same.
#include <algorithm>
#include <array>
#include <cmath>

#include "report/chart_parts.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

constexpr double side = 440, plot = 330;         // of the picture, and of the area of its dots at least; points
constexpr double size = 9, radius = 3.2;         // of a name, and of a dot

struct Area {
  double left, right, low, high;
  bool touches(const Area& o) const { return left < o.right && o.left < right && low < o.high && o.low < high; }
};

// Where a name may stand so that it lies on no dot and on no other name: its centre and baseline, from the dot.
class Names {
 public:
  explicit Names(std::vector<Point> dots) : dots_(std::move(dots)) {
    for (const auto& dot : dots_) taken_.push_back({dot.x - radius, dot.x + radius, dot.y - radius, dot.y + radius});
  }

  // false = there is no room. Points; y grows upwards.
  bool place(size_t of, const std::string& name, Point* at) {
    const double half = text_width(name, size) / 2 + 2, rise = 0.7 * size + 2, gap = radius + 3;
    const std::array<Point, 6> places = {Point{half + gap, -0.35 * size}, {-half - gap, -0.35 * size}, {0, gap}, {0, -gap - 0.7 * size}, {half, gap + size}, {-half, -gap - 1.7 * size}};
    for (const Point& shift : places) {
      Point tried{dots_[of].x + shift.x, dots_[of].y + shift.y};
      Area box{tried.x - half, tried.x + half, tried.y - 0.2 * size, tried.y + rise};
      if (box.left < 0 || box.right > plot || box.low < 0 || box.high > plot) continue;
      if (std::any_of(taken_.begin(), taken_.end(), [&](const Area& other) { return box.touches(other); })) continue;
      taken_.push_back(box);
      *at = tried;
      return true;
    }
    return false;
  }

 private:
  std::vector<Point> dots_;
  std::vector<Area> taken_;
};

const ChannelReport& named(const std::vector<ChannelReport>& channels, const std::string& name) {
  return *std::find_if(channels.begin(), channels.end(), [&](const auto& channel) { return channel.name == name; });
}

}  // namespace

void add_dropout_chart(std::vector<ReportChart>& charts, const ReportData& report) {
  if (!report.dropout || report.dropout->compared.empty()) return;
  const DropoutReport& dropout = *report.dropout;
  Layer dots;
  dots.size = radius;
  double low = 0, high = 0;
  for (const auto& name : dropout.compared) {
    dots.x.push_back(named(report.channels, name).change.estimate), dots.y.push_back(named(dropout.channels, name).change.estimate);
    low = std::min({low, dots.x.back(), dots.y.back()}), high = std::max({high, dots.x.back(), dots.y.back()});
  }
  double room = std::max(0.12 * (high - low), 1e-6);
  low -= room, high += room;
  const double scale = (high - low) / plot;      // change per point

  std::vector<Point> places;
  for (size_t i = 0; i < dots.x.size(); ++i) places.push_back({(dots.x[i] - low) / scale, (dots.y[i] - low) / scale});
  Names names(places);
  Layer notes, line;
  notes.mark = Mark::notes, notes.color = ink;
  size_t unnamed = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    Point at;
    std::string name = short_text(dropout.compared[i], 18);
    if (!names.place(i, name, &at)) {
      ++unnamed;
      continue;
    }
    notes.x.push_back(low + at.x * scale), notes.y.push_back(low + at.y * scale), notes.text.push_back(name);
  }
  line.mark = Mark::line, line.x = {low, high}, line.y = {low, high}, line.color = grey, line.size = 1, line.dash = 4;

  Chart chart;
  chart.title = "Channel dropout against leave-one-out";
  chart.x.label = metric_label(report) + " change, trained without the channel", chart.y.label = metric_label(report) + " change, channel dropout";
  chart.x.low = chart.y.low = low, chart.x.high = chart.y.high = high;
  chart.width = side, chart.height = side;
  chart.layers = {line, dots, notes};
  std::string caption = "One dot per channel; on the dashed line one training with channel dropout says what a training without the channel says. Kendall's tau-b " + signed_text(dropout.agreement.tau, 2) +
                        ", Pearson " + signed_text(dropout.agreement.pearson, 2) + ".";
  if (unnamed > 0) caption += text(" ", unnamed, unnamed == 1 ? " name has" : " names have", " no room; the table has all.");
  charts.push_back(finished("dropout_agreement", chart.title, caption, *figure(chart)));
}

}  // namespace tomograd
